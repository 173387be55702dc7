import NimmerOutput
import NimmerWave
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The log of a `nimmer up` in its folder: what every process printed, each line with its time and the process's name between tabs. Two
/// files of 8 MiB at most.
package final class LogFile: Sendable {
    /// The most bytes of a file; then it is kept as the older one, and the older one is gone.
    package static let limit = 8 << 20

    private let path: String
    private let state: Mutex<(descriptor: Int32, bytes: Int)>

    /// The files of a place, the older first.
    package static func paths(_ place: RunFolder) -> [String] { ["\(place.path)/up.log.1", "\(place.path)/up.log"] }

    /// Opens the log of a place; what cannot be written is left out, a log does not stop a system.
    package init(_ place: RunFolder) {
        path = "\(place.path)/up.log"
        state = Mutex(Self.open(path))
    }

    deinit { state.withLock { if $0.descriptor >= 0 { close($0.descriptor) } } }

    private static func open(_ path: String) -> (descriptor: Int32, bytes: Int) {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        return (descriptor, max(0, Int(lseek(descriptor, 0, SEEK_END))))
    }

    /// Writes a line of a process.
    package func append(_ process: String, _ text: String) {
        let line = Array("\(Timestamp.now().rfc3339)\t\(process)\t\(ShownAddress.redacting(text))\n".utf8)
        state.withLock { state in
            if state.bytes + line.count > Self.limit {
                if state.descriptor >= 0 { close(state.descriptor) }
                rename(path, path + ".1")
                state = Self.open(path)
            }
            guard state.descriptor >= 0 else { return }
            state.bytes += max(0, write(state.descriptor, line, line.count))
        }
    }
}

/// One line of such a log.
package struct LoggedLine: Equatable, Sendable {
    /// Time at which it was printed.
    package var at: Timestamp
    /// Name of the process that printed it.
    package var process: String
    /// Line as it was printed, without its end.
    package var text: String

    /// Nil for text that is no line of a log, such as one that was cut off.
    package init?(_ line: some StringProtocol) {
        let parts = line.split(separator: "\t", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let at = try? Timestamp(rfc3339: String(parts[0])) else { return nil }
        self.at = at
        process = String(parts[1])
        text = String(parts[2])
    }
}
