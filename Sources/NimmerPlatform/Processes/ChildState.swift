import Glibc
import Synchronization

/// State that the watching thread of a child and its callers share.
final class ChildState: Sendable {
    private struct Fields {
        /// Set from the start until the child is reaped: only then do the numbers certainly mean this child and its
        /// group.
        var pid: Int32?
        var exit: ChildExit?
        var waiters: [CheckedContinuation<ChildExit, Never>] = []
        var killAt: ContinuousClock.Instant?
    }

    private let fields = Mutex(Fields())
    /// Wakes the watching thread when a deadline was set.
    let wake: WakeUp

    init() throws(ChildError) {
        do throws(SystemCallError) { wake = try WakeUp() } catch { throw ChildError(.spawn, error.description) }
    }

    var exitStatus: ChildExit? { fields.withLock { $0.exit } }

    func begin(pid: Int32) { fields.withLock { $0.pid = pid } }

    func whenEnded(_ waiter: CheckedContinuation<ChildExit, Never>) {
        let exit = fields.withLock { fields in
            if fields.exit == nil { fields.waiters.append(waiter) }
            return fields.exit
        }
        if let exit { waiter.resume(returning: exit) }
    }

    @discardableResult
    func send(_ signal: Int32, toGroup: Bool) -> Bool {
        fields.withLock { fields in
            guard let pid = fields.pid else { return false }
            return kill(toGroup ? -pid : pid, signal) == 0
        }
    }

    /// Has the group killed after this time, unless an earlier end was set.
    func killAfter(_ grace: Duration) {
        let end = ContinuousClock.now + grace
        fields.withLock { $0.killAt = min($0.killAt ?? end, end) }
        wake.raise()
    }

    /// The time at which the group is to be killed; taken once.
    func deadline(at now: ContinuousClock.Instant) -> (isDue: Bool, remaining: Duration?) {
        fields.withLock { fields in
            guard let end = fields.killAt else { return (false, nil) }
            guard end <= now else { return (false, end - now) }
            fields.killAt = nil
            return (true, nil)
        }
    }

    /// Reaps the ended child; from here on its number may be another process's.
    func reap() -> ChildExit {
        fields.withLock { fields in
            guard let pid = fields.pid else { return .exited(0) }
            fields.pid = nil
            return ChildExit.reaping(pid)
        }
    }

    func finish(_ exit: ChildExit) {
        let waiters = fields.withLock { fields in
            fields.exit = exit
            defer { fields.waiters = [] }
            return fields.waiters
        }
        for waiter in waiters { waiter.resume(returning: exit) }
    }
}
