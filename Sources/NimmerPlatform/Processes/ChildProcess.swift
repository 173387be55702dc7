import Glibc
import Synchronization

/// Exit of a process.
public enum ChildExit: Hashable, Sendable, CustomStringConvertible {
    /// By itself, with this status.
    case exited(Int32)
    /// By this signal.
    case signaled(Int32)

    /// Waits for the end of a child of this process and reaps it; blocks. One that was reaped elsewhere is unknown, and must not look
    /// like a success.
    package static func reaping(_ pid: Int32) -> ChildExit {
        OwnChildren.reap(pid) {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 {
                guard errno == EINTR else { return .exited(255) }
            }
            return ChildExit(waited: status)
        }
    }

    /// The exit in a status of `waitpid` or `pclose`.
    package init(waited status: Int32) {
        let signal = status & 0x7F
        self = signal == 0 ? .exited((status >> 8) & 0xFF) : .signaled(signal)
    }

    /// Indicates whether it ended by itself with status 0.
    public var isSuccess: Bool { self == .exited(0) }

    /// The status as a shell shows it: 128 and the number of the signal where one ended it.
    public var status: Int32 {
        switch self {
        case .exited(let status): status
        case .signaled(let signal): 128 + signal
        }
    }

    public var description: String {
        switch self {
        case .exited(let status): "exit status \(status)"
        case .signaled(let signal): "signal \(signal) (\(String(cString: strsignal(signal))))"
        }
    }
}

/// One line that a child wrote, without its line end; longer ones than 64 KiB come in parts.
public struct OutputLine: Hashable, Sendable {
    /// Stream that it came over.
    public enum Stream: Sendable { case output, error }

    public let stream: Stream
    public let text: String

    /// A line.
    package init(stream: Stream, text: String) {
        self.stream = stream
        self.text = text
    }

    init(stream: Stream, bytes: [UInt8]) {
        self.init(stream: stream, text: String(decoding: bytes, as: UTF8.self))
    }
}

/// A long-lived child in a process group of its own, watched by one thread.
///
/// That thread starts it, reads its lines, waits for its end, sees to the rest of its group and reaps it, so nothing
/// of it blocks the cooperative pool, no zombie stays, and a signal never reaches a process that took over its
/// number. The child inherits no file descriptor but the standard three; its input is empty.
public final class ChildProcess: Sendable {
    /// Destination of the child's output.
    public enum Output: Sendable {
        /// Each line goes to the handler, on the watching thread and in order per stream; while the handler blocks,
        /// so does the child once its pipe is full.
        case lines(@Sendable (OutputLine) -> Void)
        /// As ``lines(_:)``, except for its errors, which go where the parent's go.
        case outputLines(@Sendable (OutputLine) -> Void)
        /// The parent's own output and error.
        case inherited
        /// Nowhere.
        case discarded
    }

    /// Identity of the process, for state files.
    public let identity: ProcessIdentity
    let state: ChildState

    /// The process number, which is also that of its group.
    public var pid: Int32 { identity.pid }

    /// Starts a child; returns once it runs the program.
    ///
    /// - Throws: a ``ChildError`` that names the program and what the system refused.
    public static func spawn(_ command: ChildCommand, output: Output = .inherited) async throws(ChildError)
        -> ChildProcess
    {
        guard let path = Executables.find(command.executable) else {
            throw ChildError(.missingExecutable, "'\(command.executable)' is not an executable file, nor one in PATH")
        }
        let state = try ChildState()
        let started: Result<ProcessIdentity, ChildError> = await withCheckedContinuation { continuation in
            do throws(SystemCallError) {
                // The starting thread watches to the end: the kernel takes its end for the parent's death.
                try OwnThread.start("child") {
                    do throws(ChildError) {
                        var (identity, loop) = try ChildLoop.start(command, path: path, output: output, state: state)
                        continuation.resume(returning: .success(identity))
                        loop.run()
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            } catch {
                continuation.resume(returning: .failure(ChildError(.spawn, error.description)))
            }
        }
        return ChildProcess(identity: try started.get(), state: state)
    }

    /// Runs a short program to its end and gives what it wrote.
    ///
    /// - Throws: a ``ChildError`` when it cannot be started.
    public static func run(_ command: ChildCommand, limit: Duration = .seconds(60)) async throws(ChildError)
        -> (status: ChildExit, lines: [OutputLine])
    {
        let collected = LineBox()
        let child = try await spawn(command, output: .lines { collected.append($0) })
        child.state.killAfter(limit)
        let status = await child.waitForExit()
        return (status, collected.all)
    }

    private init(identity: ProcessIdentity, state: ChildState) {
        self.identity = identity
        self.state = state
    }

    /// Exit status; nil while it runs.
    public var exitStatus: ChildExit? { state.exitStatus }

    /// Waits until the child has ended, its lines were handed over and its group is gone. Not cut short by
    /// cancellation.
    public func waitForExit() async -> ChildExit {
        await withCheckedContinuation { state.whenEnded($0) }
    }

    /// Sends a signal to the whole group, or to the child alone.
    ///
    /// - Returns: false when the child has ended.
    @discardableResult
    public func send(_ signal: Int32, toGroup: Bool = true) -> Bool {
        state.send(signal, toGroup: toGroup)
    }

    /// Ends the child: the signal to its group now, SIGKILL to the group after the grace; returns when all is gone.
    /// Not cut short by cancellation.
    @discardableResult
    public func terminate(signal: Int32 = SIGTERM, grace: Duration = .seconds(5)) async -> ChildExit {
        state.killAfter(grace)
        state.send(signal, toGroup: true)
        return await waitForExit()
    }
}

/// Lines kept in order, from any thread.
package final class LineBox: Sendable {
    private let limit: Int
    private let lines = Mutex<[OutputLine]>([])

    /// Keeps the last `limit` lines.
    package init(limit: Int = .max) { self.limit = limit }

    package func append(_ line: OutputLine) {
        lines.withLock {
            $0.append(line)
            if $0.count > limit { $0.removeFirst($0.count - limit) }
        }
    }

    package var all: [OutputLine] { lines.withLock { $0 } }
    package var texts: [String] { lines.withLock { $0.map(\.text) } }
}
