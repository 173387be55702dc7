import CNATS
import Glibc
import NimmerPlatform
import Synchronization

/// All that nats.c's threads may touch of ours: flags, a list of errors, and a descriptor that wakes the loop.
///
/// The contract of `natsOptions_SetEventLoop` (nats.h, adapters/libuv.h): *attach* is called by the thread that connects;
/// *read* and *write* by any thread that publishes, times out or closes, with the connection's lock held, so they must not
/// call back into nats.c; *detach* once for every attach, as the last of them. Each attach therefore retains this object
/// and its detach releases it.
final class LoopWakeUp: Sendable {
    /// Nil for one of a connection, which wakes its loop's.
    private let wakeUp: WakeUp?
    private let loop: LoopWakeUp?
    private let loopThread = Atomic<UInt>(0)
    private let socketValue = Atomic<Int32>(-1)
    private let writes = Atomic<Bool>(false)
    private let reports = Mutex<[Report]>([])
    private let hasReports = Atomic<Bool>(false)
    private let cutHeaders = Atomic<UInt64>(0)

    /// An error that nats.c reports outside any call.
    struct Report: Sendable {
        var status: natsStatus
        var text: String
    }

    init() {
        loop = nil
        do throws(SystemCallError) { wakeUp = try WakeUp() } catch {
            preconditionFailure("cannot open a descriptor for the loop: \(error)")
        }
    }

    /// One for a connection: with a socket and errors of its own, so that two connections may stand beside each other.
    init(of loop: LoopWakeUp) {
        self.loop = loop
        wakeUp = nil
    }

    /// Polls readable when the loop is to wake; -1 for one of a connection.
    var descriptor: Int32 { wakeUp?.descriptor ?? -1 }
    /// The socket to poll; -1 without one.
    var socket: Int32 { socketValue.load(ordering: .acquiring) }
    /// Indicates whether bytes wait to be written.
    var wantsWrite: Bool { writes.load(ordering: .acquiring) }

    /// Called by the loop's thread, before anything else.
    func isLoop() { loopThread.store(UInt(pthread_self()), ordering: .relaxed) }

    /// Indicates whether the caller is the loop's thread.
    var isOnLoop: Bool { loopThread.load(ordering: .relaxed) == UInt(pthread_self()) }

    /// Wakes the loop; cheap when it is awake already or is the caller.
    func raise() {
        if let loop { return loop.raise() }
        if !isOnLoop { wakeUp?.raise() }
    }

    /// Called by the loop when the descriptor is readable, before it checks for work.
    func lower() { wakeUp?.lower() }

    func attach(_ socket: Int32) {
        writes.store(false, ordering: .releasing)
        socketValue.store(socket, ordering: .releasing)
        raise()
    }

    func detach() {
        socketValue.store(-1, ordering: .releasing)
        writes.store(false, ordering: .releasing)
        raise()
    }

    func reading(_ isWanted: Bool) {
        if !isWanted { socketValue.store(-1, ordering: .releasing) }
        raise()
    }

    func writing(_ isWanted: Bool) {
        writes.store(isWanted, ordering: .releasing)
        if isWanted { raise() }
    }

    func report(_ status: natsStatus, _ text: String) {
        reports.withLock { reports in
            // A fence is waited for.
            if reports.count < 1024 || text.hasPrefix(NATSConnection.fence) {
                reports.append(Report(status: status, text: text))
            }
        }
        hasReports.store(true, ordering: .releasing)
        raise()
    }

    /// A message came with too many headers.
    func hasCutHeaders() { cutHeaders.add(1, ordering: .relaxed) }

    /// Takes the number of such messages since the last look.
    func takeCutHeaders() -> UInt64 {
        guard cutHeaders.load(ordering: .relaxed) > 0 else { return 0 }
        return cutHeaders.exchange(0, ordering: .relaxed)
    }

    func takeReports() -> [Report] {
        guard hasReports.exchange(false, ordering: .acquiringAndReleasing) else { return [] }
        return reports.withLock { reports in
            defer { reports = [] }
            return reports
        }
    }
}
