import Glibc
import NimmerOutput
import NimmerPlatform
import NimmerSensing
import NimmerWave

/// The text of a recording: unpacked, and as UTF-8.
enum RecordingText {
    /// Formats of packed files, by their first bytes, with the program that unpacks them.
    private static let packed: [(magic: [UInt8], program: String, package: String)] = [
        ([0x1f, 0x8b], "gzip", "gzip"), ([0x28, 0xb5, 0x2f, 0xfd], "zstd", "zstd"),
        ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "xz", "xz-utils"),
        ([0x42, 0x5a, 0x68], "bzip2", "bzip2"), ([0x04, 0x22, 0x4d, 0x18], "lz4", "lz4"),
    ]

    /// - Throws: ``Failure`` for bytes that are no text, and where the program is missing that unpacks them.
    static func decoded(_ bytes: [UInt8], _ file: String, _ report: inout RecordingReport) throws(Failure) -> [UInt8] {
        var bytes = bytes
        if let packed = packed.first(where: { bytes.starts(with: $0.magic) }) {
            bytes = try unpacked(bytes, with: packed.program, package: packed.package, file)
        }
        if bytes.starts(with: [0x50, 0x4b, 0x03, 0x04]) {
            throw Failure(
                .failed,
                "\(file):1: found a zip archive (or a workbook of a spreadsheet); expected a CSV or NDJSON recording",
                remedy: "unzip it, or save the sheet as CSV")
        }
        let encoding = TextEncoding(of: bytes)
        let text = encoding.utf8(bytes)
        // Of the control characters, text has these in a line: tabulator, form feed, carriage return.
        let start = text.prefix(4096)
        guard !start.contains(where: { $0 < 32 && ![9, 10, 12, 13].contains($0) }) else {
            throw Failure(.failed, "\(file):1: found bytes that are not text; expected a CSV or NDJSON recording")
        }
        if encoding == .windows1252 { report.remarks.append("\(file) is no UTF-8: read as \(encoding.rawValue)") }
        return text
    }

    /// Unpacks bytes with a program: its standard input is a file that has no name which a shell could misread.
    private static func unpacked(_ bytes: [UInt8], with program: String, package: String, _ file: String)
        throws(Failure) -> [UInt8]
    {
        guard let source = tmpfile(), SmallFile.put(bytes, to: fileno(source)), lseek(fileno(source), 0, SEEK_SET) == 0
        else {
            throw Failure(.unavailable, "cannot unpack \(file): \(String(cString: strerror(errno)))")
        }
        defer { fclose(source) }
        guard let pipe = popen("exec \(program) -dc < /proc/self/fd/\(fileno(source)) 2> /dev/null", "re") else {
            throw Failure(
                .unavailable, "cannot start \(program) to unpack \(file): \(String(cString: strerror(errno)))")
        }
        var unpacked: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&chunk, 1, chunk.count, pipe)
            if count == 0 { break }
            unpacked += chunk[..<count]
        }
        let status = pclose(pipe)
        guard status == 0 else {
            let code = status >> 8 & 0xff
            throw code == 127
                ? Failure(
                    .unavailable, "\(file) is packed, and there is no \(program) to unpack it",
                    remedy: "apt install \(package)")
                : Failure(.failed, "\(file) cannot be unpacked: \(program) ended with \(code); the file may be cut")
        }
        return unpacked
    }

    /// The lines of a recording of JSON objects; nil where it holds none. Lines that begin otherwise are counted.
    ///
    /// - Throws: ``Failure`` where the first is no JSON.
    static func objects(_ text: [UInt8], _ file: String, _ report: inout RecordingReport) throws(Failure)
        -> ObjectLines?
    {
        switch text.first(where: { $0 > 32 }) {
        case UInt8(ascii: "["):
            guard let array = (try? JSON(lenient: text))?.array, array.first?.object != nil else { return nil }
            return ObjectLines(lines: array.enumerated().map { ($0 + 1, $1.bytes) }, isUnfinished: false)
        case UInt8(ascii: "{"): break
        default: return nil
        }
        var lines: [(number: Int, content: [UInt8])] = []
        var reader = RecordedLines(text)
        while let line = reader.next() {
            guard let first = line.first(where: { $0 > 32 }) else { continue }
            let content = Array(line)
            if lines.isEmpty, (try? JSON(lenient: content))?.object == nil {
                // An object over several lines.
                if let whole = (try? JSON(lenient: text)), whole.object != nil {
                    return ObjectLines(lines: [(1, text)], isUnfinished: false)
                }
                throw Failure(
                    .failed, "\(file):\(reader.number): found a line that is not JSON; expected one JSON object a line")
            }
            if first == UInt8(ascii: "{") {
                lines.append((reader.number, content))
            } else {
                report.refuseObject(file, reader.number)
            }
        }
        return ObjectLines(lines: lines, isUnfinished: reader.isUnfinished)
    }

    /// Returns whether the first lines are messages with their subjects.
    static func isMessage(_ objects: ObjectLines) -> Bool {
        guard let first = objects.lines.first,
            let object = (try? JSON(lenient: first.content, keepingRaw: ["message"]))?.object
        else { return false }
        return object["subject"] != nil && object["message"] != nil
    }
}

/// Lines that begin as JSON objects do, with their numbers.
struct ObjectLines {
    var lines: [(number: Int, content: [UInt8])]
    /// Indicates whether the last one has no end.
    var isUnfinished: Bool
}

extension RecordingReport {
    /// Notes a line that is no object.
    mutating func refuseObject(_ file: String, _ number: Int) {
        refuse("\(file):\(number)", found: "a line that is no JSON object", expected: "one JSON object a line")
    }
}
