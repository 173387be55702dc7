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

    /// Gives every line that is appended from now on, until the task is cancelled. A file that is not there yet is waited for, and read from its
    /// start. A file that was renamed (log rotation) is read to its end, an unfinished last line included, and whatever is appended to
    /// it until the new one holds something; then the new one is read from its start. So is a file that is cut short, after the rest of the
    /// copy that was made of it (copytruncate). A file that grows sends no event: it is polled ten times a second.
    ///
    /// - Throws: a `ProcessFailure` when the file is there at the start and cannot be read; `CancellationError`.
    public func follow(_ take: ([UInt8]) throws -> Void) async throws { try await follow(fromStart: false, take) }

    /// News of a file that is followed, for a log.
    package enum Notice: Sendable, Hashable {
        /// Explanation for a person; nil where there is none.
        package var reason: String? {
            switch self {
            case .opened: nil
            case .missing(let reason), .leftOut(let reason): reason
            }
        }

        /// It is open, and what is appended to it from here on will be read.
        case opened
        /// It is not there, or cannot be read, with the system's reason; it is waited for.
        case missing(String)
        /// A line of a table is no row, with what it is: such lines are left out.
        case leftOut(String)

        /// A constant message for a log.
        package var message: String {
            switch self {
            case .opened: "Follows the file"
            case .leftOut: "Lines that are no rows are left out"
            case .missing: "The file cannot be followed: waiting for it"
            }
        }
    }

    /// Follows the file as ``follow(_:)`` does.
    ///
    /// - Parameters:
    ///   - fromStart: whether to read what it holds already.
    ///   - notice: called when the file is missing for a second, and when one is opened.
    ///   - take: called with each line, without its end.
    package func follow(
        fromStart: Bool, notice: (Notice) -> Void = { _ in }, _ take: ([UInt8]) throws -> Void
    ) async throws {
        var files: [FollowedFile] = []
        var missing = 0
        var isFirst = true
        var hasNoticed = false
        while true {
            let reason = try open(&files, isFirst: isFirst, fromStart: fromStart, notice)
            if let reason {
                missing += 1
                if !hasNoticed, isFirst || missing == 10 {
                    hasNoticed = true
                    notice(.missing(reason))
                }
            } else {
                (missing, hasNoticed) = (0, false)
            }
            isFirst = false
            // Who writes has moved on once a newer file holds something; what is still to come of an older one was written before.
            while files.count > 1, files.count > 16 || files.dropFirst().contains(where: \.hasBytes) {
                try drain(files[0], take)
                if let rest = files[0].finish() { try take(rest) }
                files.removeFirst()
            }
            if let file = files.first { try drain(file, take) }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Opens the file that the path leads to, if it is another than the newest so far.
    ///
    /// - Returns: why there is none; nil when there is.
    private func open(
        _ files: inout [FollowedFile], isFirst: Bool, fromStart: Bool, _ notice: (Notice) -> Void
    ) throws -> String? {
        var current = stat()
        if stat(path, &current) == 0, files.last?.isSame(as: current) == true { return nil }
        do throws(SystemCallError) {
            let file = try FollowedFile(path: path)
            if isFirst, !fromStart { file.skipToEnd() }
            files.append(file)
            notice(.opened)
            return nil
        } catch {
            if isFirst, error.code != ENOENT { throw failure(error.code) }
            return error.reason.lowercased()
        }
    }

    private func drain(_ file: FollowedFile, _ take: ([UInt8]) throws -> Void) throws {
        do { try file.drain(path: path, take) } catch let error as SystemCallError { throw failure(error.code) }
    }

    /// Waits until the file is there and its first line has an end.
    ///
    /// - Parameter notice: called once when it has to wait.
    /// - Returns: whether it had to wait.
    /// - Throws: a `ProcessFailure` when the file is there and cannot be read; `CancellationError`.
    package func awaitFirstLine(_ notice: (Notice) -> Void = { _ in }) async throws -> Bool {
        var hasWaited = false
        while true {
            let reason: String
            do throws(SystemCallError) {
                if try SmallFile.bytes(path, limit: 65_536).contains(0x0a) { return hasWaited }
                reason = "it has no first line yet"
            } catch {
                guard error.code == ENOENT || hasWaited else { throw failure(error.code) }
                reason = error.reason.lowercased()
            }
            if !hasWaited { notice(.missing(reason)) }
            hasWaited = true
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    private func open() throws -> Int32 {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(errno) }
        var start = [UInt8](repeating: 0, count: 1024)
        start.removeLast(start.count - max(0, pread(descriptor, &start, start.count, 0)))
        if let reason = Self.refusal(of: start, path) {
            close(descriptor)
            throw ProcessFailure(.configuration, "\(path) is \(reason)")
        }
        return descriptor
    }

    /// Reason why a file that begins with these bytes cannot be read live; nil where it can.
    private static func refusal(of start: [UInt8], _ path: String) -> String? {
        if let packed = PackedFile(startOf: start) {
            return "packed (\(packed.program)); a file that is read live must be text: \(packed.program) -dk \(path)"
        }
        let encoding = TextEncoding(of: start)
        guard encoding == .utf16BigEndian || encoding == .utf16LittleEndian else { return nil }
        return "\(encoding.rawValue); a file that is read live must be UTF-8: iconv -f UTF-16 -t UTF-8"
    }

    private func next(of lines: inout LineReader) throws -> [UInt8]? {
        do throws(SystemCallError) { return try lines.next() } catch { throw failure(error.code) }
    }

    private func failure(_ code: Int32) -> ProcessFailure {
        ProcessFailure(.noInput, "cannot read \(path): \(String(cString: strerror(code)).lowercased())")
    }
}
