import Glibc
import NimmerPlatform

/// Lines on their way into a file that takes its name when all of them are written, so that a reader sees the old file or the new one,
/// never a part; a pipe or device takes them as they come.
package final class DraftedFile {
    private static let bufferBytes = 1 << 16

    /// The file, as it was named.
    package let path: String
    /// The file that is written until it is whole; nil for a pipe or device.
    private let draft: String?
    private var descriptor: Int32
    private var buffer: [UInt8] = []

    /// - Throws: ``Failure`` where the file cannot be made or written.
    package init(_ path: String) throws(Failure) {
        self.path = path
        var old = stat()
        let isThere = stat(path, &old) == 0
        if isThere, old.st_mode & S_IFMT != S_IFREG {
            draft = nil
            descriptor = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC)
        } else {
            guard !isThere || access(path, W_OK) == 0 else { throw FileText.failure("cannot write", path) }
            let name = "\(SmallFile.absolute(path) ?? path).\(getpid()).new"
            unlink(name)
            draft = name
            descriptor = open(
                name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, isThere ? old.st_mode & 0o777 : 0o644)
        }
        guard descriptor >= 0 else { throw FileText.failure("cannot write", path) }
    }

    // What was not finished is no file.
    deinit { discard() }

    /// Writes a text.
    package func write(_ text: String) throws(Failure) { try write(bytes: text.utf8) }

    /// Writes bytes.
    package func write(bytes: some Sequence<UInt8>) throws(Failure) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    /// Gives the file its name.
    package func finish() throws(Failure) {
        try flush()
        let closed = close(descriptor)
        descriptor = -1
        guard closed == 0, draft.map({ rename($0, SmallFile.absolute(path) ?? path) == 0 }) ?? true else {
            let failure = FileText.failure("cannot write", path)
            if let draft { unlink(draft) }
            throw failure
        }
    }

    /// Removes what is written so far; a finished file stays.
    package func discard() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        if let draft { unlink(draft) }
    }

    private func flush() throws(Failure) {
        guard SmallFile.put(buffer, to: descriptor) else {
            let failure = FileText.failure("cannot write", path)
            discard()
            throw failure
        }
        buffer.removeAll(keepingCapacity: true)
    }
}
