import Glibc
import NimmerOutput
import NimmerWave
import Synchronization

/// Writes a backup: into a draft beside the file, which only its owner may read, and which takes the file's name when everything is
/// on the disk. Callable from any thread.
package final class BackupWriter: Sendable {
    private struct State {
        let path: String
        var descriptor: Int32
        var buffer: [UInt8] = []
        var bytes = 0
        var end = BackupContents.End()
        var table: String?
        var stream: String?
        var rows: [UInt8] = []
        var rowCount = 0
        var failure: Failure?
    }

    /// Rows are gathered to about this many bytes a record.
    private static let rowsBytes = 256 << 10
    private static let bufferBytes = 1 << 20

    package let path: String
    private let draft: String
    private let state: Mutex<State>

    /// - Throws: ``Failure`` where a file of that name is there, or cannot be made.
    package init(_ path: String) throws(Failure) {
        self.path = path
        draft = "\(path).\(getpid()).new"
        guard !FileText.exists(path) else {
            throw Failure(.usage, "\(path) exists already", remedy: "name another file with --out")
        }
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("cannot write", path) }
        state = Mutex(State(path: path, descriptor: descriptor))
    }

    // What was not finished is not a backup.
    deinit { discard() }

    /// Bytes so far.
    package var bytes: Int { state.withLock { $0.bytes } }
    /// Rows and messages so far.
    package var counts: (rows: Int, messages: Int) {
        state.withLock { ($0.end.rows.values.reduce(0, +) + $0.rowCount, $0.end.messages.values.reduce(0, +)) }
    }
    /// Reason why nothing more is taken; nil while it is.
    package var failure: Failure? { state.withLock { $0.failure } }

    package func head(_ head: BackupContents.Head) throws(Failure) { try put(.backup, head.json.bytes) }

    package func database(_ json: JSON) throws(Failure) { try put(.database, json.bytes) }

    /// A table begins.
    package func table(_ name: String, _ json: JSON) throws(Failure) {
        try locked { (state) throws(Failure) in
            try Self.flushRows(&state)
            state.table = name
            state.end.rows[name] = 0
            try Self.put(BackupRecord(kind: .table, body: json.bytes), &state)
        }
    }

    /// A row of the table that began last.
    package func row(_ row: UnsafeRawBufferPointer) throws(Failure) {
        try locked { (state) throws(Failure) in
            state.rows.append(contentsOf: row)
            state.rowCount += 1
            if state.rows.count >= Self.rowsBytes { try Self.flushRows(&state) }
        }
    }

    /// A stream begins.
    package func stream(_ stream: BackupContents.Stream) throws(Failure) {
        try locked { (state) throws(Failure) in
            try Self.flushRows(&state)
            state.stream = stream.name
            state.end.messages[stream.name] = 0
            try Self.put(BackupRecord(kind: .stream, body: stream.json.bytes), &state)
        }
    }

    /// A message of the stream that began last.
    package func message(_ message: BackupMessage) throws(Failure) {
        try locked { (state) throws(Failure) in
            if let stream = state.stream {
                state.end.messages[stream, default: 0] += 1
                state.end.last[stream] = max(state.end.last[stream] ?? 0, message.sequence)
            }
            try Self.put(BackupRecord(kind: .message, body: message.body), &state)
        }
    }

    /// Ends the file, waits until the disk has it, and gives it its name.
    ///
    /// - Parameters:
    ///   - last: the last sequence that each stream has given.
    ///   - ways: how it may take its name.
    /// - Throws: ``Failure``; where only the name could not be given, it names where the data is.
    package func finish(
        last: [String: UInt64], naming ways: [NewFileName.Way] = NewFileName.Way.allCases
    ) throws(Failure) -> BackupContents.End {
        let end = try locked { (state) throws(Failure) -> BackupContents.End in
            try Self.flushRows(&state)
            state.end.last.merge(last) { max($0, $1) }
            let end = state.end
            try Self.put(BackupRecord(kind: .end, body: end.json.bytes), &state)
            try Self.flush(&state)
            guard fsync(state.descriptor) == 0 else { throw Self.failure("cannot write", path) }
            close(state.descriptor)
            state.descriptor = -1
            if let error = NewFileName.take(path, for: draft, by: ways) {
                throw Failure(
                    .unavailable, "cannot name \(path): \(String(cString: strerror(error)))",
                    remedy: "the backup is whole, and is \(draft): give it another name")
            }
            return end
        }
        let folder = open(
            path.lastIndex(of: "/").map { String(path[...$0]) } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
        return end
    }

    /// Removes what is written so far and accepts nothing more; a finished file stays.
    package func discard() {
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            close(state.descriptor)
            state.descriptor = -1
            unlink(draft)
            state.failure = state.failure ?? Failure(.temporary, "writing \(path) was abandoned")
        }
    }

    private func put(_ kind: BackupRecord.Kind, _ body: [UInt8]) throws(Failure) {
        try locked { (state) throws(Failure) in try Self.put(BackupRecord(kind: kind, body: body), &state) }
    }

    private func locked<Result: Sendable>(_ body: (inout State) throws(Failure) -> Result) throws(Failure) -> Result {
        try state.withLock { (state) throws(Failure) in
            if let failure = state.failure { throw failure }
            do throws(Failure) { return try body(&state) } catch {
                state.failure = error
                throw error
            }
        }
    }

    private static func put(_ record: BackupRecord, _ state: inout State) throws(Failure) {
        let line = Array((record.line + "\n").utf8)
        state.end.checksum = CRC32.of(line[...], after: state.end.checksum)
        state.buffer += line
        state.buffer += record.body
        state.buffer.append(0x0a)
        state.bytes += line.count + record.body.count + 1
        if state.buffer.count >= bufferBytes { try flush(&state) }
    }

    private static func flushRows(_ state: inout State) throws(Failure) {
        guard let table = state.table, !state.rows.isEmpty else { return }
        state.end.rows[table, default: 0] += state.rowCount
        let rows = state.rows
        state.rows.removeAll(keepingCapacity: true)
        state.rowCount = 0
        try put(BackupRecord(kind: .rows, body: rows), &state)
    }

    private static func flush(_ state: inout State) throws(Failure) {
        var written = 0
        while written < state.buffer.count {
            let count = state.buffer.withUnsafeBytes { bytes in
                Glibc.write(state.descriptor, bytes.baseAddress! + written, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("cannot write", state.path) }
            written += count
        }
        state.buffer.removeAll(keepingCapacity: true)
    }

    private static func failure(_ what: String, _ path: String) -> Failure {
        Failure(.unavailable, "\(what) \(path): \(String(cString: strerror(errno)))")
    }
}
