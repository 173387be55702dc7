import Glibc
import NimmerPlatform

/// The bytes of a data file in memory of the process's own that cannot be written any more (decision 0035).
///
/// The file is read once, and not mapped: a mapped file that is cut under the process ends it with SIGBUS, and one that is written to
/// changes what was checked.
final class ReadOnlyFile: @unchecked Sendable {
    /// The bytes; valid as long as the object.
    let bytes: UnsafeRawBufferPointer
    private let memory: UnsafeMutableRawPointer
    private let size: Int

    /// Reads a file of at most so many bytes.
    ///
    /// - Throws: ``DataFileError``.
    init(path: String, limit: Int) throws(DataFileError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw DataFileError(path, .unreadable(errorText(errno))) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw DataFileError(path, .unreadable(errorText(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw DataFileError(path, .unreadable("not a file")) }
        let count = Int(status.st_size)
        guard count > 0, count <= limit else {
            throw DataFileError(path, .field("size", found: "\(count)", expected: "1 to \(limit) bytes"))
        }
        let memory = try Self.memory(count, path)
        var filled = 0
        while filled < count {
            let more = read(file, memory + filled, count - filled)
            if more < 0 && errno == EINTR { continue }
            guard more > 0 else {
                let reason = more == 0 ? "it became shorter while it was read" : errorText(errno)
                munmap(memory, count)
                throw DataFileError(path, .unreadable(reason))
            }
            filled += more
        }
        mprotect(memory, count, PROT_READ)
        (self.memory, size) = (memory, count)
        bytes = UnsafeRawBufferPointer(start: memory, count: count)
    }

    /// A copy of bytes, named in errors as a path would be.
    init(copying source: [UInt8], name: String) throws(DataFileError) {
        guard !source.isEmpty else { throw DataFileError(name, .field("size", found: "0", expected: "more")) }
        let memory = try Self.memory(source.count, name)
        source.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        mprotect(memory, source.count, PROT_READ)
        (self.memory, size) = (memory, source.count)
        bytes = UnsafeRawBufferPointer(start: memory, count: source.count)
    }

    deinit { munmap(memory, size) }

    private static func memory(_ count: Int, _ path: String) throws(DataFileError) -> UnsafeMutableRawPointer {
        let memory = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { throw DataFileError(path, .unreadable(errorText(errno))) }
        return memory
    }
}

/// Reason why a data file of meanings was refused.
public struct DataFileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// A fault of a file.
    public enum Fault: Sendable, Hashable {
        /// It cannot be opened or read; the operating system's reason.
        case unreadable(String)
        /// A field has another value than expected.
        case field(String, found: String, expected: String)
    }

    /// The file.
    public let path: String
    /// The fault.
    public let fault: Fault

    init(_ path: String, _ fault: Fault) {
        self.path = path
        self.fault = fault
    }

    public var description: String {
        switch fault {
        case .unreadable(let reason): "\(path): cannot read it: \(reason)"
        case .field(let name, let found, let expected): "\(path): \(name): found \(found), expected \(expected)"
        }
    }
}
