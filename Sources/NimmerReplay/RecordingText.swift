import Glibc
import NimmerOutput
import NimmerPlatform
import NimmerSensing
import NimmerWave

/// The text of a recording: unpacked, and as UTF-8.
package enum RecordingText {
    /// Bytes of a file, unpacked where they are packed.
    ///
    /// - Throws: ``Failure`` for an archive, and where the program is missing that unpacks them.
    package static func unpacked(_ bytes: [UInt8], _ file: String) throws(Failure) -> [UInt8] {
        var bytes = bytes
        if let packed = PackedFile(startOf: bytes) {
            bytes = try unpacked(bytes, with: packed.program, package: packed.package, file)
        }
        if bytes.starts(with: [0x50, 0x4b, 0x03, 0x04]) {
            throw Failure(
                .data,
                "\(file):1: found a zip archive (or a workbook of a spreadsheet); expected a CSV or NDJSON recording",
                remedy: "unzip it, or save the sheet as CSV")
        }
        return bytes
    }

    /// Text of a file as UTF-8, unpacked where it is packed.
    ///
    /// - Throws: ``Failure`` for bytes that are no text, and where ``unpacked(_:_:)`` does.
    package static func decoded(_ bytes: [UInt8], _ file: String, _ report: inout RecordingReport) throws(Failure)
        -> [UInt8]
    {
        let bytes = try unpacked(bytes, file)
        let encoding = TextEncoding(of: bytes)
        let text = encoding.utf8(bytes)
        try checkText(text, file)
        if encoding == .windows1252 { report.remarks.append("\(file) is no UTF-8: read as \(encoding.rawValue)") }
        return text
    }

    /// Fails where most lines hold bytes that are no text. Fewer are left out one by one.
    private static func checkText(_ text: [UInt8], _ file: String) throws(Failure) {
        guard text.contains(where: TextEncoding.isControl) else { return }
        var (lines, misfits, first) = (0, 0, 0)
        var reader = RecordedLines(text)
        while let line = reader.next() {
            let isMisfit = TextEncoding.misfit(line) != nil
            if isMisfit || line.contains(where: { $0 > 32 }) { lines += 1 }
            if isMisfit {
                misfits += 1
                if first == 0 { first = reader.number }
            }
        }
        guard misfits * 2 > lines else { return }
        throw Failure(
            .data, "\(file):\(first): found bytes that are not text; expected a CSV or NDJSON recording",
            remedy: "\(misfits) of \(NimmerOutput.count(lines, "line")) with such bytes")
    }

    /// Size to which a recording unpacks at most, in bytes: it is read whole.
    static let unpackedLimit = 2 << 30

    /// Unpacks bytes with a program: its standard input is a file that has no name which a shell could misread.
    ///
    /// - Parameter limit: number of bytes that it may unpack to.
    static func unpacked(
        _ bytes: [UInt8], with program: String, package: String, _ file: String, limit: Int = unpackedLimit
    ) throws(Failure) -> [UInt8] {
        guard let source = tmpfile() else {
            throw Failure(.unavailable, "cannot unpack \(file): \(String(cString: strerror(errno)))")
        }
        defer { fclose(source) }
        guard SmallFile.put(bytes, to: fileno(source)), lseek(fileno(source), 0, SEEK_SET) == 0 else {
            throw Failure(
                .io,
                "cannot unpack \(file): a temporary copy of it cannot be written: \(String(cString: strerror(errno)))")
        }
        guard let pipe = popen("exec \(program) -dc < /proc/self/fd/\(fileno(source)) 2> /dev/null", "re") else {
            throw Failure(
                .unavailable, "cannot start \(program) to unpack \(file): \(String(cString: strerror(errno)))")
        }
        var unpacked: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while unpacked.count <= limit {
            let count = fread(&chunk, 1, chunk.count, pipe)
            if count == 0 { break }
            unpacked += chunk[..<count]
        }
        let isTooLarge = unpacked.count > limit
        // A program that still writes is ended by its broken pipe.
        let status = pclose(pipe)
        guard !isTooLarge else {
            throw Failure(
                .data, "\(file) unpacks to more than \(limit >> 20) MiB, the most that is read",
                remedy: "unpack it and cut it into parts")
        }
        guard status >= 0 else {
            throw Failure(.unavailable, "cannot unpack \(file): \(String(cString: strerror(errno)))")
        }
        switch ChildExit(waited: status) {
        case .exited(0): return unpacked
        case .exited(127):
            throw Failure(
                .unavailable, "\(file) is packed, and there is no \(program) to unpack it",
                remedy: "apt install \(package)")
        case .exited(let status):
            throw Failure(.data, "\(file) cannot be unpacked: \(program) ended with \(status); the file may be cut")
        case .signaled(let signal):
            throw Failure(
                .unavailable,
                "\(file) cannot be unpacked: \(program) was ended by signal \(signal) (\(String(cString: strsignal(signal))))"
            )
        }
    }

    /// The lines of a recording of JSON objects; nil where it holds none. Lines that begin otherwise are counted.
    ///
    /// - Throws: ``Failure`` where the first is no JSON.
    static func objects(_ text: [UInt8], _ file: String, _ report: inout RecordingReport) throws(Failure)
        -> ObjectLines?
    {
        switch text.first(where: { $0 > 32 }) {
        case UInt8(ascii: "["):
            guard text.first(where: { $0 > 32 && $0 != UInt8(ascii: "[") }) == UInt8(ascii: "{") else { return nil }
            return members(text, file, &report)
        case UInt8(ascii: "{"): break
        default: if !isMostlyObjects(text) { return nil }
        }
        var lines: [(number: Int, content: [UInt8])] = []
        var reader = RecordedLines(text)
        while let line = reader.next() {
            let line = line.starts(with: [0xef, 0xbb, 0xbf]) ? line.dropFirst(3) : line
            guard let first = line.first(where: { $0 > 32 }), first != UInt8(ascii: "#") else { continue }
            let content = Array(line)
            if let misfit = TextEncoding.misfit(line) {
                report.refuse("\(file):\(reader.number)", found: misfit, expected: "one JSON object a line")
                continue
            }
            if lines.isEmpty, first == UInt8(ascii: "{"), (try? JSON(lenient: content))?.object == nil {
                // An object over several lines.
                if let whole = (try? JSON(lenient: text)), whole.object != nil {
                    return ObjectLines(lines: [(1, text)], isUnfinished: false)
                }
                throw Failure(
                    .data, "\(file):\(reader.number): found a line that is not JSON; expected one JSON object a line")
            }
            if first == UInt8(ascii: "{") {
                lines.append((reader.number, content))
            } else {
                report.refuseObject(file, reader.number)
            }
        }
        // openHAB writes one object with its values in an array.
        if lines.count == 1, let values = (try? JSON(lenient: lines[0].content))?["data"]?.array, values.count > 1,
            values.allSatisfy({ $0.object != nil })
        {
            return members(Array(text.drop { $0 != UInt8(ascii: "[") }), file, &report)
        }
        return ObjectLines(lines: lines, isUnfinished: reader.isUnfinished)
    }

    /// Returns whether most of the first lines are objects, behind others such as comments or what a program wrote at its start.
    private static func isMostlyObjects(_ text: [UInt8]) -> Bool {
        var (lines, objects) = (0, 0)
        for line in RecordedLines(text).prefix(50) where line.contains(where: { $0 > 32 }) {
            lines += 1
            if line.first(where: { $0 > 32 }) == UInt8(ascii: "{"), (try? JSON(lenient: Array(line)))?.object != nil {
                objects += 1
            }
        }
        return objects * 2 > lines
    }

    /// The objects of an array, or of arrays in one, each with the line in which it begins; the last may be cut.
    private static func members(_ text: [UInt8], _ file: String, _ report: inout RecordingReport) -> ObjectLines {
        var lines: [(number: Int, content: [UInt8])] = []
        var (number, depth, start, startNumber) = (1, 0, 0, 1)
        var (isInText, isEscaped, isInRest) = (false, false, false)
        for (index, byte) in text.enumerated() {
            if byte == 10 { number += 1 }
            if isInText {
                isInText = isEscaped || byte != 0x22
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
                continue
            }
            switch byte {
            case 0x22 where depth > 0: isInText = true
            case UInt8(ascii: "{"):
                if depth == 0 { (start, startNumber, isInRest) = (index, number, false) }
                depth += 1
            case UInt8(ascii: "}") where depth > 0:
                depth -= 1
                if depth == 0 { lines.append((startNumber, Array(text[start...index]))) }
            case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "]"): isInRest = false
            default:
                // Members of the array that are no objects.
                guard depth == 0, byte > 32, !isInRest else { continue }
                isInRest = true
                report.refuseObject(file, number)
            }
        }
        if depth > 0 { lines.append((startNumber, Array(text[start...]))) }
        return ObjectLines(lines: lines, isUnfinished: depth > 0, areElements: true)
    }

    /// Returns whether the first line, or most of the first lines, are messages with their subjects.
    static func isMessage(_ objects: ObjectLines) -> Bool {
        let first = objects.lines.prefix(100).map { line in
            let object = (try? JSON(lenient: line.content, keepingRaw: ["message"]))?.object
            return object?["subject"] != nil && object?["message"] != nil
        }
        return first.first == true || first.count { $0 } * 2 > first.count
    }
}

/// Lines that begin as JSON objects do, with their numbers.
struct ObjectLines {
    var lines: [(number: Int, content: [UInt8])]
    /// Indicates whether the last one has no end.
    var isUnfinished: Bool
    /// Indicates whether they were the elements of an array.
    var areElements = false
}

extension RecordingReport {
    /// Notes a line that is no object.
    mutating func refuseObject(_ file: String, _ number: Int) {
        refuse("\(file):\(number)", found: "a line that is no JSON object", expected: "one JSON object a line")
    }
}
