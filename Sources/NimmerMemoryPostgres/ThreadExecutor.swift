import Glibc
import NimmerPlatform
import Synchronization

/// A thread of its own for an actor whose calls block: libpq waits in `poll`, and the cooperative pool must not.
///
/// The thread starts with the executor and ends when the last reference goes; jobs already queued are run first.
final class ThreadExecutor: SerialExecutor {
    /// The thread's name in process listings; at most 15 bytes.
    static let threadName = "postgres client"
    private let queue = Queue()

    /// Starts the thread.
    init() {
        do throws(SystemCallError) {
            try OwnThread.start(Self.threadName, stack: nil) { [queue] in
                while let entry = queue.pop() { entry.job.runSynchronously(on: entry.executor) }
            }
        } catch { preconditionFailure("\(error)") }
    }

    deinit {
        queue.push(.end)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        queue.push(.run(Entry(job: UnownedJob(job), executor: asUnownedSerialExecutor())))
    }

    /// A job and the executor that it belongs to; a queued job keeps its actor, and so its executor, alive.
    private struct Entry: Sendable {
        let job: UnownedJob
        let executor: UnownedSerialExecutor
    }

    private enum Item: Sendable {
        case run(Entry)
        /// The executor is gone.
        case end
    }

    private final class Queue: Sendable {
        private let items = Mutex<[Item]>([])
        private let wakeUp: WakeUp

        init() {
            do throws(SystemCallError) { wakeUp = try WakeUp() } catch { preconditionFailure("\(error)") }
        }

        func push(_ item: Item) {
            items.withLock { $0.append(item) }
            wakeUp.raise()
        }

        /// The next job, waiting for one; nil when the executor is gone.
        func pop() -> Entry? {
            while true {
                switch items.withLock({ items in items.isEmpty ? Item?.none : items.removeFirst() }) {
                case .run(let entry): return entry
                case .end: return nil
                case nil: wakeUp.wait()
                }
            }
        }
    }
}
