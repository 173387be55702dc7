import NimmerOutput
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// One message of a recording.
package struct RecordedMessage: Equatable, Sendable {
    package var at: Timestamp
    package var subject: String
    package var payload: [UInt8]

    package init(at: Timestamp, subject: String, payload: [UInt8]) {
        self.at = at
        self.subject = subject
        self.payload = payload
    }
}

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
    private let bytes: [UInt8]
    private var offset = 0
    /// The line of the message that came last, counted from 1.
    package private(set) var line = 0
    private var last: Timestamp?

    /// - Throws: ``Failure`` when the file cannot be read, or holds no recording.
    package init(_ path: String) throws(Failure) {
        try self.init(path, bytes: FileText.bytes(path))
    }

    package init(_ path: String, bytes: [UInt8]) throws(Failure) {
        self.path = path
        self.bytes = bytes
        var first = self
        guard try first.next() != nil else {
            throw Failure(.data, "\(path) is empty", remedy: "`nimmer wave tail --record \(path)` writes a recording")
        }
    }

    /// Returns the arrival of the first message that is yet to be read.
    ///
    /// - Throws: ``Failure`` where ``next()`` does, and at the end.
    package func start() throws(Failure) -> Timestamp {
        var reader = self
        guard let first = try reader.next() else { throw Failure(.failed, "\(path) ends here") }
        return first.at
    }

    /// The next message; nil at the end. Times never go back: one that does counts as the one before.
    ///
    /// - Throws: ``Failure`` with file, line, what was found and what was expected.
    package mutating func next() throws(Failure) -> RecordedMessage? {
        while offset < bytes.count {
            let stop = bytes[offset...].firstIndex(of: 0x0a) ?? bytes.count
            let content = bytes[offset..<stop]
            offset = min(bytes.count, stop + 1)
            line += 1
            if !content.contains(where: { $0 > 0x20 }) { continue }
            guard let json = try? JSON(parsing: Array(content), keepingRaw: ["message"]),
                let subject = json["subject"]?.string, let message = json["message"],
                let at = (json["at"]?.string).flatMap({ try? Timestamp(rfc3339: $0) })
            else {
                let found = String(decoding: content.prefix(60), as: UTF8.self)
                throw Failure(
                    .data,
                    "\(path):\(line): found \(found); expected {\"at\": …, \"subject\": …, \"message\": {…}}",
                    remedy: "recordings are made with `nimmer wave tail --record` or `nimmer replay --record`")
            }
            let moment = max(last ?? at, at)
            last = moment
            return RecordedMessage(at: moment, subject: subject, payload: message.bytes)
        }
        return nil
    }
}
