import NimmerPlatform
import NimmerServers
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// A process that one member of the supervisor stands for, however it came to run.
package struct Running: Sendable {
    package let identity: ProcessIdentity
    package let waitForExit: @Sendable () async -> ChildExit
    /// Sends a signal to it and to what it started; returns at once.
    package let send: @Sendable (Int32) -> Void

    package init(
        identity: ProcessIdentity, waitForExit: @escaping @Sendable () async -> ChildExit,
        send: @escaping @Sendable (Int32) -> Void
    ) {
        self.identity = identity
        self.waitForExit = waitForExit
        self.send = send
    }
}

extension Running {
    /// A program of ours; each line that it prints goes to the handler.
    package static func program(
        _ command: ChildCommand, line: @escaping @Sendable (String) -> Void
    ) async throws(ChildError) -> Running {
        let child = try await ChildProcess.spawn(command, output: .lines { line($0.text) })
        return Running(identity: child.identity, waitForExit: { await child.waitForExit() }) { child.send($0) }
    }
}

/// Acts on what ``Supervisor`` decides: starts programs, notices their end, passes signals on.
///
/// One task owns the supervisor's value; everything else reaches it as an ``Event``.
package struct SupervisorLoop {
    /// An event of the loop.
    package enum Event: Sendable {
        case started(String, Running)
        case unstartable(String, String)
        case ended(String, ChildExit)
        /// A request to end: a signal, or a reader that has gone.
        case stop
        /// A request to restart a member.
        case restart(String)
        case tick
    }

    /// Requests to the loop from outside.
    package let inbox: AsyncStream<Event>.Continuation
    private let events: AsyncStream<Event>
    private var supervisor: Supervisor
    private let starters: [String: @Sendable () async throws -> Running]
    private let notice: (Supervisor.Notice) -> Void
    private let changed: (_ living: [String: ProcessIdentity], _ supervisor: Supervisor) -> Void
    private var running: [String: Running] = [:]
    private var finished = false
    /// Tasks that wait for members, start them and look at the clock; ended with the loop.
    private let tasks = TaskOwner()

    /// - Parameters:
    ///   - starters: how each member is started; called again for each restart.
    ///   - notice: called with lines for the operator.
    ///   - changed: the processes that live now, and what is to become of the others, whenever that changes.
    package init(
        _ supervisor: Supervisor, starters: [String: @Sendable () async throws -> Running],
        notice: @escaping (Supervisor.Notice) -> Void,
        changed: @escaping (_ living: [String: ProcessIdentity], _ supervisor: Supervisor) -> Void
    ) {
        (events, inbox) = AsyncStream.makeStream()
        self.supervisor = supervisor
        self.starters = starters
        self.notice = notice
        self.changed = changed
    }

    /// Runs until everything has been stopped.
    package mutating func run() async {
        var alarm: Task<Void, Never>?
        act(on: supervisor.start())
        for await event in events {
            switch event {
            case .started(let name, let process): started(name, process)
            case .unstartable(let name, let why):
                act(on: supervisor.ended(name, .unstartable(why), at: Self.now))
            case .ended(let name, let exit):
                running[name] = nil
                act(on: supervisor.ended(name, Supervisor.Ending(exit), at: Self.now))
                changed(running.mapValues(\.identity), supervisor)
            case .stop: act(on: supervisor.stop(at: Self.now))
            case .restart(let name): act(on: supervisor.restart(name, at: Self.now))
            case .tick: act(on: supervisor.tick(at: Self.now))
            }
            if finished { break }
            alarm?.cancel()
            alarm = supervisor.nextWake.map { wake in
                let inbox = inbox
                return tasks.run {
                    let wait = max(1, wake.milliseconds(since: Self.now).rounded(.up))
                    guard (try? await Task.sleep(for: .milliseconds(saturating: wait))) != nil else { return }
                    inbox.yield(.tick)
                }
            }
        }
        inbox.finish()
        // A member that has ended is waited for no more, and none is being started.
        await tasks.end()
    }

    private static var now: SteadyTime { .now() }

    private mutating func started(_ name: String, _ process: Running) {
        running[name] = process
        let actions = supervisor.started(name, at: Self.now)
        changed(running.mapValues(\.identity), supervisor)
        let inbox = inbox
        tasks.run { inbox.yield(.ended(name, await process.waitForExit())) }
        if !actions.isEmpty { return act(on: actions) }
        // The end was asked for while it was being started.
        if case .ending(_, let killed) = supervisor.phases[name] { process.send(killed ? SIGKILL : SIGTERM) }
    }

    private mutating func act(on actions: [Supervisor.Action]) {
        for action in actions {
            switch action {
            case .spawn(let name): spawn(name)
            case .terminate(let name): running[name]?.send(SIGTERM)
            case .kill(let name): running[name]?.send(SIGKILL)
            case .notify(let text): notice(text)
            case .finished: finished = true
            }
        }
    }

    private func spawn(_ name: String) {
        guard let start = starters[name] else { return }
        let inbox = inbox
        tasks.run {
            do {
                inbox.yield(.started(name, try await start()))
            } catch {
                inbox.yield(.unstartable(name, "\(error)"))
            }
        }
    }
}

extension Supervisor.Ending {
    package init(_ exit: ChildExit) {
        switch exit {
        case .exited(let status): self = .exited(status)
        case .signaled(let signal): self = .signalled(signal)
        }
    }
}
