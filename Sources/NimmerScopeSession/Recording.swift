import NimmerOutput
import NimmerReplay
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// A recording that is being written: a line a message, `{"at": …, "subject": …, "message": {…}}`, which `nimmer replay` and
/// `nimmer wave tail --from` read.
package final class RecordingWriter {
    package let path: String
    /// Messages written; what is not JSON is left out.
    package private(set) var messages = 0
    private let descriptor: Int32
    private var pending: [UInt8] = []
    private var view = WaveView()

    /// - Throws: ``Failure`` that names the file and what the system reported.
    package init(_ path: String) throws(Failure) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileText.failure("cannot write", path) }
    }

    deinit { close(descriptor) }

    /// Adds a message; it reaches the file with ``flush()``.
    package func add(subject: String, payload: [UInt8], at: Timestamp) {
        let isLine = !payload.contains(0x0a)
        var text: [UInt8]?
        if isLine, subject.hasSuffix(".wave"), (try? WaveDecoder.decode(payload.span.bytes, into: &view)) != nil {
            text = payload
        } else if let json = try? JSON(parsing: payload) {
            text = isLine ? payload : Array(json.text.utf8)
        }
        guard let text else { return }
        pending += "{\"at\":\"\(at.rfc3339)\",\"subject\":\(JSON.string(subject).text),\"message\":".utf8
        pending += text
        pending += "}\n".utf8
        messages += 1
    }

    /// Writes what was added.
    ///
    /// - Throws: ``Failure`` that names the file and what the system reported.
    package func flush() throws(Failure) {
        let failure: Failure? = pending.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let count = write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno != EINTR { return FileText.failure("cannot write", path) }
                rest = UnsafeRawBufferPointer(rebasing: rest[max(0, count)...])
            }
            return nil
        }
        pending.removeAll(keepingCapacity: true)
        if let failure { throw failure }
    }
}

/// A recording that is being read, line by line.
package struct RecordingReader {
    package let path: String
    private var lines: RecordedLines
    private var last: Timestamp?
    /// Notes for a person: how its text was read, and the last line where that is cut.
    package private(set) var notes: [String]

    /// - Throws: ``Failure`` when the file cannot be read, or holds no recording.
    package init(_ path: String) throws(Failure) {
        try self.init(path, bytes: FileText.bytes(path))
    }

    /// - Parameter bytes: the file, packed or not, in any encoding.
    /// - Throws: ``Failure`` when they hold no recording.
    package init(_ path: String, bytes: [UInt8]) throws(Failure) {
        self.path = path
        var report = RecordingReport()
        lines = RecordedLines(try RecordingText.decoded(bytes, path, &report))
        notes = report.notes
        _ = try start()
    }

    private static let remedy: TerminalText =
        "recordings are made with `nimmer wave tail --record` or `nimmer replay --record`"

    /// The line of the message that came last, counted from 1.
    package var line: Int { lines.number }

    /// Returns the arrival of the first message that is yet to be read.
    ///
    /// - Throws: ``Failure`` at the end, with the first line that is no message where there is one.
    package func start() throws(Failure) -> Timestamp {
        var reader = self
        var misfit: Failure?
        while true {
            do throws(RecordedMessage.Misfit) {
                guard let first = try reader.read() else { break }
                return first.at
            } catch { misfit = misfit ?? reader.failure(error) }
        }
        if let misfit { throw misfit }
        if let cut = reader.notes.dropFirst(notes.count).first {
            throw Failure(.data, "\(path) holds no message: \(cut)", remedy: Self.remedy)
        }
        if line > 0 { throw Failure(.failed, "\(path) ends here") }
        throw Failure(.data, "\(path) is empty", remedy: "`nimmer wave tail --record \(path)` writes a recording")
    }

    /// The next message; nil at the end, and at a last line that is cut, which ``notes`` then names. Times never go back: one that does
    /// counts as the one before.
    ///
    /// - Throws: `RecordedMessage.Misfit` for a line that is no message; the next call reads the line after it.
    package mutating func read() throws(RecordedMessage.Misfit) -> RecordedMessage? {
        while let line = lines.next() {
            do throws(RecordedMessage.Misfit) {
                guard var message = try RecordedMessage.read(line: line) else { continue }
                message.at = max(last ?? message.at, message.at)
                last = message.at
                return message
            } catch {
                guard error.kind == .notJSON, lines.isUnfinished else { throw error }
                notes.append("\(RecordingReport.cutLine): \(path):\(self.line): \(error)")
            }
        }
        return nil
    }

    /// The next message, as ``read()`` gives it.
    ///
    /// - Throws: ``Failure`` with file, line, what was found and what was expected.
    package mutating func next() throws(Failure) -> RecordedMessage? {
        do throws(RecordedMessage.Misfit) { return try read() } catch { throw failure(error) }
    }

    private func failure(_ misfit: RecordedMessage.Misfit) -> Failure {
        Failure(.data, "\(path):\(line): \(misfit)", remedy: Self.remedy)
    }
}
