import Glibc
import MotorCell
import NimmerPlatform
import NimmerWave
import Synchronization

/// A program of this machine: its own process group, so that ending it ends its children too.
///
/// One thread of its own starts it, waits for its end and reaps it: a start can take as long as the file system that the program is
/// on, and no signal reaches a process that took over its number.
public final class Program: MotorProgram {
    /// Stage of the program, which decides what may be done to it.
    private enum Stage {
        /// Not started; asked to end already or not.
        case waiting(end: Int32?)
        /// The system starts it; the signal is sent as soon as it runs.
        case starting(end: Int32?)
        /// It runs under this process identifier, which is that of its group.
        case running(pid: Int32)
        /// It ended, or could not be started.
        case over(Outcome)
    }

    private typealias Outcome = Result<Int, Refusal>
    private typealias Waiters = [CheckedContinuation<Outcome, Never>]

    private struct State {
        var stage = Stage.waiting(end: nil)
        var waiters: Waiters = []
        /// The caller of ``Program/start()``, until the program runs or does not.
        var starter: Waiters.Element?
    }

    /// Starts a program and returns its process identifier; blocks.
    typealias Spawn = @Sendable (ChildCommand) throws(ChildError) -> Int32

    private let arguments: [String]
    private let spawner: Spawn
    private let state = Mutex(State())

    /// The variables that a program gets, where the cell has them. None of the system's: they name its key, its servers and its
    /// passwords, and what a program needs beyond these stands in its arguments (`/usr/bin/env NAME=value …`).
    static let variables = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"]

    public convenience init(_ arguments: [String]) {
        self.init(arguments) { command throws(ChildError) in try ChildSpawn.start(command) }
    }

    init(_ arguments: [String], spawner: @escaping Spawn) {
        self.arguments = arguments
        self.spawner = spawner
    }

    /// Its process identifier; nil unless it runs.
    public var pid: Int32? {
        state.withLock { if case .running(let pid) = $0.stage { pid } else { nil } }
    }

    /// Starts it with an empty standard input, none of the cell's files and few of its variables; its output goes where the cell's
    /// goes.
    public func start() async throws(Refusal) {
        let started = await withCheckedContinuation { (continuation: CheckedContinuation<Outcome, Never>) in
            let end = state.withLock { state in
                let end: Int32? = if case .waiting(let end) = state.stage { end } else { nil }
                state.stage = .starting(end: end)
                state.starter = continuation
                return end
            }
            // Asked to end before it began: it never runs.
            if let end { return conclude(.success(128 + Int(end))) }
            do throws(SystemCallError) {
                try OwnThread.start("program") { [self] in
                    do throws(Refusal) { conclude(.success(Int(reap(try spawn())))) } catch {
                        conclude(.failure(error))
                    }
                }
            } catch {
                conclude(.failure(Refusal(.value, "\(arguments.first ?? "") cannot be started: \(error)")))
            }
        }
        _ = try started.get()
    }

    public func end(forGood: Bool) {
        let signal = forGood ? SIGKILL : SIGTERM
        let (waiters, starter) = state.withLock { state -> (Waiters, Waiters.Element?) in
            switch state.stage {
            case .waiting: state.stage = .waiting(end: signal)
            case .starting: state.stage = .starting(end: signal)
            case .running(let pid):
                kill(-pid, signal)
                return ([], nil)
            case .over: return ([], nil)
            }
            // Neither a start that hangs nor one that never comes holds up the one that waits.
            guard forGood else { return ([], nil) }
            defer { (state.waiters, state.starter) = ([], nil) }
            return (state.waiters, state.starter)
        }
        for waiter in waiters { waiter.resume(returning: .success(128 + Int(signal))) }
        starter?.resume(
            returning: .failure(Refusal(.value, "\(arguments.first ?? "") was stopped before it ran")))
    }

    public func wait() async throws(Refusal) -> Int {
        let outcome = await withCheckedContinuation { (continuation: CheckedContinuation<Outcome, Never>) in
            let outcome = state.withLock { state -> Outcome? in
                switch state.stage {
                case .over(let outcome): return outcome
                case .waiting(end: SIGKILL), .starting(end: SIGKILL): return .success(128 + Int(SIGKILL))
                case .waiting, .starting, .running:
                    state.waiters.append(continuation)
                    return nil
                }
            }
            if let outcome { continuation.resume(returning: outcome) }
        }
        return try outcome.get()
    }

    /// On the program's thread.
    private func spawn() throws(Refusal) -> Int32 {
        guard let path = arguments.first else { throw Refusal(.missing, "a command must name a program") }
        let known = ChildCommand.inheritedEnvironment.filter { Self.variables.contains($0.key) }
        let command = ChildCommand(
            path, Array(arguments.dropFirst()), environment: known, signalWhenParentDies: nil)
        let pid: Int32
        do throws(ChildError) {
            pid = try spawner(command)
        } catch { throw Refusal(.value, "\(path) cannot be started: \(error.reason.lowercased())") }
        let starter = state.withLock { state in
            // Asked to end while the system started it.
            if case .starting(let end?) = state.stage { kill(-pid, end) }
            state.stage = .running(pid: pid)
            defer { state.starter = nil }
            return state.starter
        }
        starter?.resume(returning: .success(0))
        return pid
    }

    /// Waits for its end, and takes it out of the system's table once no thread signals it any more.
    private func reap(_ pid: Int32) -> Int32 {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
        return state.withLock { state in
            let exit = ChildExit.reaping(pid)
            state.stage = .over(.success(Int(exit.status)))
            return exit.status
        }
    }

    private func conclude(_ outcome: Outcome) {
        let waiters = state.withLock { state in
            state.stage = .over(outcome)
            defer { (state.waiters, state.starter) = ([], nil) }
            return state.waiters + [state.starter].compactMap { $0 }
        }
        for waiter in waiters { waiter.resume(returning: outcome) }
    }
}
