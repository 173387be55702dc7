import Glibc
import Synchronization

/// Takes ended processes out of the system's table that another program left behind.
///
/// In a container the first process of the namespace, number 1, becomes the parent of every process whose own parent has ended. One that it
/// never waits for stays as a zombie, until no number is left for a new process. The children that this process started itself are known
/// here (``OwnChildren``), and left to those who wait for their exit statuses.
package enum OrphanReaper {
    private static let interval: UInt32 = 1
    private static let hasStarted = Atomic(false)

    /// Starts to take care of orphans where this process is the first of its namespace; elsewhere, and again, this does nothing.
    package static func start() {
        guard getpid() == 1, !hasStarted.exchange(true, ordering: .relaxed) else { return }
        // Without a thread orphans stay; everything else works.
        try? OwnThread.start("orphans") {
            var sweep = OrphanSweep()
            while true {
                sleep(interval)
                let orphans = sweep.due(OrphanSweep.zombies(of: 1), isStarting: OwnChildren.isStarting)
                for pid in orphans { OwnChildren.reap(orphan: pid) }
            }
        }
    }
}

/// Choice of the orphans that are taken out, as a value.
///
/// Only what has been seen before: a library that starts a program waits for it sooner. While this process starts a child, its number is not
/// known yet for a moment, and more looks are needed; but not without a limit, since a start may hang on a file system.
struct OrphanSweep {
    /// Looks after which an ended process is taken out, and the same while a child is being started.
    static let (looks, looksWhileStarting) = (2, 30)

    private var seen: [Int32: Int] = [:]

    /// The orphans that are due.
    ///
    /// - Parameters:
    ///   - zombies: the ended children of this process.
    ///   - isStarting: whether a child is being started.
    mutating func due(_ zombies: [Int32], isStarting: Bool) -> [Int32] {
        seen = Dictionary(zombies.map { ($0, (seen[$0] ?? 0) + 1) }) { first, _ in first }
        let wanted = isStarting ? Self.looksWhileStarting : Self.looks
        return zombies.filter { seen[$0, default: 0] >= wanted }
    }

    /// The ended children of a process.
    static func zombies(of parent: Int32) -> [Int32] {
        SmallFile.names(in: "/proc").compactMap { Int32($0) }.filter { pid in
            guard let status = ProcessStatus(pid: pid) else { return false }
            return status.hasEnded && status.parent == parent
        }
    }
}

/// The children that this process started and has not reaped.
enum OwnChildren {
    private struct State {
        /// Count of how often each number was given: one that was reaped may be another child's before it is noted here.
        var pids: [Int32: Int] = [:]
        var starting = 0
    }

    private static let state = Mutex(State())

    /// Indicates whether a child is being started whose number is not known yet.
    static var isStarting: Bool { state.withLock { $0.starting > 0 } }

    /// Starts a child; `body` gives its number, or nil when there is none.
    static func starting(_ body: () -> Int32?) -> Int32? {
        state.withLock { $0.starting += 1 }
        let pid = body()
        state.withLock { state in
            state.starting -= 1
            if let pid { state.pids[pid, default: 0] += 1 }
        }
        return pid
    }

    /// Reaps a child; `body` waits for its end and blocks.
    static func reap(_ pid: Int32, _ body: () -> ChildExit) -> ChildExit {
        let exit = body()
        state.withLock { state in
            let left = state.pids[pid, default: 1] - 1
            state.pids[pid] = left > 0 ? left : nil
        }
        return exit
    }

    /// Reaps an ended process that is not among these.
    static func reap(orphan pid: Int32) {
        state.withLock { state in
            guard state.pids[pid] == nil else { return }
            waitpid(pid, nil, WNOHANG)
        }
    }
}
