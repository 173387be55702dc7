import Glibc
import NimmerPlatform

/// A file that is read to its end again and again while it grows: one of those that a path has led to. It stays open, so that what is appended
/// to it after it was renamed is read too.
final class FollowedFile {
    private let descriptor: Int32
    private let identity: (device: dev_t, number: ino_t)
    private let isRegular: Bool
    private var offset: off_t = 0
    private var lines = LineSplitter()
    /// The last bytes before the offset: while they stand there, the file has not been cut and written again.
    private var tail: [UInt8] = []
    private var lastChange = timespec()
    private var lastLook = timespec()
    private var skipsRest = false

    /// As many bytes of the tail distinguish one file of readings from another.
    private static let remembered = 256

    /// Opens the file that a path leads to now, at its start.
    init(path: String) throws(SystemCallError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCallError("cannot read \(path)") }
        let status = Self.status(of: descriptor)
        identity = (status?.st_dev ?? 0, status?.st_ino ?? 0)
        isRegular = status.map { $0.st_mode & S_IFMT == S_IFREG } ?? false
    }

    deinit { close(descriptor) }

    /// Indicates whether it holds anything.
    var hasBytes: Bool { (Self.status(of: descriptor)?.st_size ?? 0) > 0 }

    /// Returns whether a path leads to this file.
    func isSame(as status: stat) -> Bool { status.st_dev == identity.device && status.st_ino == identity.number }

    /// Leaves out what it holds so far, and the rest of a line that has begun.
    func skipToEnd() {
        offset = max(0, lseek(descriptor, 0, SEEK_END))
        tail = bytes(of: descriptor, endingAt: offset, count: Self.remembered)
        skipsRest = tail.last.map { $0 != 0x0a } ?? false
    }

    /// Gives the lines up to its end. One that was cut short, also when it has grown again since, is read from its start: what stood in it
    /// before comes first, out of the copy that was made of it (copytruncate), where there is one.
    ///
    /// - Parameter path: its path, beside which a copy of it may lie.
    /// - Throws: a `SystemCallError`, or what `take` throws.
    func drain(path: String, _ take: ([UInt8]) throws -> Void) throws {
        if isRegular, let status = Self.status(of: descriptor) {
            let isUntouched = status.st_size == offset && status.st_mtim == lastChange
            lastChange = status.st_mtim
            if isUntouched { return look() }
            if status.st_size < offset || bytes(of: descriptor, endingAt: offset, count: tail.count) != tail {
                try takeRest(ofCopyBeside: path, take)
                if let rest = finish() { try take(rest) }
                offset = lseek(descriptor, 0, SEEK_SET)
                tail = []
            }
        }
        while let chunk = try Self.chunk(descriptor) { try self.take(chunk, take) }
        look()
    }

    /// The last line, when it has no end; nil if absent.
    func finish() -> [UInt8]? {
        defer { skipsRest = false }
        guard let rest = lines.finish(), !skipsRest else { return nil }
        return rest
    }

    private func look() { clock_gettime(CLOCK_REALTIME, &lastLook) }

    private func take(_ chunk: ArraySlice<UInt8>, _ take: ([UInt8]) throws -> Void) throws {
        offset += off_t(chunk.count)
        tail = Array((tail + chunk.suffix(Self.remembered)).suffix(Self.remembered))
        for line in lines.take(chunk) {
            if skipsRest { skipsRest = false } else { try take(line) }
        }
    }

    /// Gives what was written between the last look and the cut, which only the copy holds: the file of the same folder, and of a name that
    /// continues this one's, which was made since, and has these very bytes before the offset; the newest of several.
    private func takeRest(ofCopyBeside path: String, _ take: ([UInt8]) throws -> Void) throws {
        guard !tail.isEmpty else { return }
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[...$0]) } ?? "./"
        let name = slash.map { path[path.index(after: $0)...] } ?? path[...]
        var newest: (file: Int32, at: timespec)?
        defer { if let newest { close(newest.file) } }
        for other in SmallFile.names(in: folder) where other.hasPrefix(name) && other.utf8.count > name.utf8.count {
            // Nothing that could keep it waiting, such as a pipe.
            let copy = open(folder + other, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard copy >= 0 else { continue }
            guard let status = Self.status(of: copy), status.st_mode & S_IFMT == S_IFREG, status.st_size > offset,
                !isSame(as: status), status.st_ctim.tv_sec >= lastLook.tv_sec - 1,
                newest.map({ $0.at < status.st_ctim }) ?? true,
                bytes(of: copy, endingAt: offset, count: tail.count) == tail, lseek(copy, offset, SEEK_SET) == offset
            else {
                close(copy)
                continue
            }
            if let newest { close(newest.file) }
            newest = (copy, status.st_ctim)
        }
        guard let newest else { return }
        while let chunk = try Self.chunk(newest.file) { try self.take(chunk, take) }
    }

    private func bytes(of file: Int32, endingAt end: off_t, count: Int) -> [UInt8] {
        let count = Int(min(off_t(count), end))
        var bytes = [UInt8](repeating: 0, count: count)
        let read = pread(file, &bytes, count, end - off_t(count))
        return read == count ? bytes : []
    }

    private static func status(of file: Int32) -> stat? {
        var status = stat()
        return fstat(file, &status) == 0 ? status : nil
    }

    private static func chunk(_ descriptor: Int32) throws(SystemCallError) -> ArraySlice<UInt8>? {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &bytes, bytes.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemCallError("cannot read") }
            return count == 0 ? nil : bytes[..<count]
        }
    }
}

private func == (a: timespec, b: timespec) -> Bool { (a.tv_sec, a.tv_nsec) == (b.tv_sec, b.tv_nsec) }
private func < (a: timespec, b: timespec) -> Bool { (a.tv_sec, a.tv_nsec) < (b.tv_sec, b.tv_nsec) }
