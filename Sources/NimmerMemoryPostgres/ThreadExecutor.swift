import Glibc
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
        let box = Unmanaged.passRetained(queue)
        var thread = pthread_t()
        let status = pthread_create(&thread, nil, { ThreadExecutor.loop($0) }, box.toOpaque())
        precondition(status == 0, "no thread can be started: errno \(status)")
        pthread_detach(thread)
    }

    deinit {
        queue.push(nil)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        queue.push(Entry(job: UnownedJob(job), executor: asUnownedSerialExecutor()))
    }

    private static func loop(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let argument else { return nil }
        // Balances passRetained in init.
        let queue = Unmanaged<Queue>.fromOpaque(argument).takeRetainedValue()
        if let file = fopen("/proc/thread-self/comm", "we") {
            fputs(threadName, file)
            fclose(file)
        }
        while let entry = queue.pop() {
            entry.job.runSynchronously(on: entry.executor)
        }
        return nil
    }

    /// A job and the executor that it belongs to; a queued job keeps its actor, and so its executor, alive.
    private struct Entry: Sendable {
        let job: UnownedJob
        let executor: UnownedSerialExecutor
    }

    private final class Queue: @unchecked Sendable {  // the semaphore is made for sharing; the entries are in a Mutex
        private let entries = Mutex<[Entry?]>([])
        private let ready = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

        init() {
            sem_init(ready, 0, 0)
        }

        deinit {
            sem_destroy(ready)
            ready.deallocate()
        }

        func push(_ entry: Entry?) {
            entries.withLock { $0.append(entry) }
            sem_post(ready)
        }

        func pop() -> Entry? {
            while sem_wait(ready) != 0 {}
            return entries.withLock { $0.removeFirst() }
        }
    }
}
