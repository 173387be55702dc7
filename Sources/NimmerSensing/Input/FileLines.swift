import Glibc
import NimmerPlatform
import NimmerProcess
import NimmerWave

/// The lines of a file, at a pace, or as they are appended.
public struct FileLines: Sendable {
    /// The file.
    public let path: String

    /// A file's lines.
    public init(path: String) { self.path = path }

    /// Gives every line, with a pause before each but the first.
    ///
    /// - Throws: a `ProcessFailure` when the file cannot be read; `CancellationError`.
    public func read(every milliseconds: Int, _ take: ([UInt8]) throws -> Void) async throws {
        let descriptor = try open()
        defer { close(descriptor) }
        var lines = LineReader(descriptor)
        while let line = try next(of: &lines) {
            try take(line)
            try await Task.sleep(for: .milliseconds(milliseconds))
        }
    }

    /// The first lines.
    ///
    /// - Throws: a `ProcessFailure` when the file cannot be read.
    func first(_ count: Int) throws -> [[UInt8]] {
        let descriptor = try open()
        defer { close(descriptor) }
        var reader = LineReader(descriptor)
        var lines: [[UInt8]] = []
        while lines.count < count, let line = try next(of: &reader) { lines.append(line) }
        return lines
    }

    /// The first line; nil when the file is empty.
    ///
    /// - Throws: a `ProcessFailure` when the file cannot be read.
    public func first() throws -> [UInt8]? { try first(1).first }

    /// Gives every line that is appended from now on, until the task is cancelled. A file that is replaced or cut short
    /// is read again from its start. A file that grows sends no event: it is polled ten times a second.
    ///
    /// - Throws: a `ProcessFailure` when the file cannot be read at the start; `CancellationError`.
    public func follow(_ take: ([UInt8]) throws -> Void) async throws {
        var descriptor = try open()
        defer { close(descriptor) }
        var offset = lseek(descriptor, 0, SEEK_END)
        var lines = LineSplitter()
        while true {
            while let bytes = try chunk(descriptor) {
                offset += off_t(bytes.count)
                for line in lines.take(bytes) { try take(line) }
            }
            try await Task.sleep(for: .milliseconds(100))
            var known = stat()
            var current = stat()
            guard fstat(descriptor, &known) == 0, stat(path, &current) == 0 else { continue }
            if current.st_ino != known.st_ino || current.st_dev != known.st_dev || current.st_size < offset {
                guard let fresh = try? open() else { continue }
                close(descriptor)
                descriptor = fresh
                offset = 0
                lines = LineSplitter()
            }
        }
    }

    private func open() throws -> Int32 {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(errno) }
        return descriptor
    }

    private func next(of lines: inout LineReader) throws -> [UInt8]? {
        do throws(SystemCallError) { return try lines.next() } catch { throw failure(error.code) }
    }

    private func chunk(_ descriptor: Int32) throws -> ArraySlice<UInt8>? {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &bytes, bytes.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(errno) }
            return count == 0 ? nil : bytes[..<count]
        }
    }

    private func failure(_ code: Int32) -> ProcessFailure {
        ProcessFailure(.noInput, "cannot read \(path): \(String(cString: strerror(code)).lowercased())")
    }
}
