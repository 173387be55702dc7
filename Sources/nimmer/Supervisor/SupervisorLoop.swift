import Dispatch
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// Acts on what ``Supervisor`` decides: one thread that starts programs, reads what they print, and notices their end.
final class SupervisorLoop {
    /// What the loop tells whoever shows or records it. Called on the loop's thread.
    struct Listener {
        var line: (_ process: String, _ text: String) -> Void
        var notice: (Supervisor.Notice) -> Void
        /// The set of living processes has changed.
        var living: ([String: ProcessIdentity]) -> Void
        /// Asked now and then: whether there is a reason to stop that is not a signal.
        var shouldStop: () -> Bool
    }

    private var supervisor: Supervisor
    private let launches: [String: Launch]
    private let listener: Listener
    private var children: [String: (child: Child, lines: LineSplitter)] = [:]
    private var endings: [String: Supervisor.Ending] = [:]
    private var finished = false

    init(_ supervisor: Supervisor, launches: [String: Launch], listener: Listener) {
        self.supervisor = supervisor
        self.launches = launches
        self.listener = listener
    }

    /// Runs until everything has been stopped by SIGINT, SIGTERM or SIGHUP. Blocks its thread.
    func run() {
        Wakeup.watch([SIGINT, SIGTERM, SIGHUP, SIGCHLD])
        act(on: supervisor.start())
        while !finished {
            wait()
            if !supervisor.isStopping, listener.shouldStop() { act(on: supervisor.stop(at: Self.now)) }
            for number in Wakeup.drain() where [SIGINT, SIGTERM, SIGHUP].contains(Int32(number)) {
                act(on: supervisor.stop(at: Self.now))
            }
            readOutput()
            reap()
            act(on: supervisor.tick(at: Self.now))
        }
    }

    /// The same on a thread of its own.
    static func run(_ make: @escaping @Sendable () -> SupervisorLoop) async {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "nimmer.supervisor").async {
                make().run()
                continuation.resume()
            }
        }
    }

    private static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    private func act(on actions: [Supervisor.Action]) {
        for action in actions {
            switch action {
            case .spawn(let name): spawn(name)
            case .terminate(let name): signal(name, SIGTERM)
            case .kill(let name): signal(name, SIGKILL)
            case .say(let notice): listener.notice(notice)
            case .finished: finished = true
            }
        }
    }

    private func spawn(_ name: String) {
        guard let launch = launches[name] else { return }
        do {
            children[name] = (try Child.start(launch), LineSplitter())
            supervisor.started(name, at: Self.now)
            listener.living(living)
        } catch {
            let ending = Supervisor.Ending.unstartable("\(launch.executable): \(error.message)")
            act(on: supervisor.ended(name, ending, at: Self.now))
        }
    }

    /// The whole process group, so that a command that a cell runs ends with its cell.
    private func signal(_ name: String, _ number: Int32) {
        guard let pid = children[name]?.child.pid else { return }
        kill(-pid, number)
    }

    private var living: [String: ProcessIdentity] {
        children.compactMapValues { ProcessIdentity(living: $0.child.pid) }
    }

    /// Until output, a signal, or the time of the next decision; at most a quarter of a second.
    private func wait() {
        var descriptors = [pollfd(fd: Wakeup.descriptor, events: Int16(POLLIN), revents: 0)]
        descriptors += children.values.filter { $0.child.output >= 0 }.map {
            pollfd(fd: $0.child.output, events: Int16(POLLIN), revents: 0)
        }
        var timeout = 250.0
        if let wake = supervisor.nextWake { timeout = min(timeout, max(0, wake.milliseconds(since: Self.now))) }
        poll(&descriptors, UInt(descriptors.count), Int32(timeout.rounded(.up)))
    }

    private func readOutput() {
        for name in children.keys { drain(name) }
    }

    /// Takes what the child has printed so far, a bounded piece of it so that no child can starve the others.
    private func drain(_ name: String) {
        guard var entry = children[name], entry.child.output >= 0 else { return }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(entry.child.output, &buffer, buffer.count)
        if count == 0 {
            close(entry.child.output)
            entry.child.output = -1
            children[name] = entry
        }
        guard count > 0 else { return }
        let lines = entry.lines.take(buffer[..<count])
        children[name] = entry
        for line in lines { listener.line(name, line) }
    }

    private func reap() {
        for (name, entry) in children {
            guard let ending = entry.child.reap() else { continue }
            drain(name)
            var lines = children[name]?.lines ?? entry.lines
            if let rest = lines.finish() { listener.line(name, rest) }
            if let output = children[name]?.child.output, output >= 0 { close(output) }
            children[name] = nil
            listener.living(living)
            act(on: supervisor.ended(name, ending, at: Self.now))
        }
    }
}
