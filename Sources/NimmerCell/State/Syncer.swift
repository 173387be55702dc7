import Glibc
import Synchronization

/// Makes what was written to a file durable within a bounded time, on a thread of its own: `fdatasync` may take as long as the disk
/// likes, and nobody waits for it.
final class Syncer: Sendable {
    /// The two ends of a pipe: what is written to the second wakes the thread that reads the first.
    private let ends: (sleep: Int32, wake: Int32)
    private let isEnding = Atomic<Bool>(false)
    private let failure = Mutex<String?>(nil)
    private let isAwake = Atomic<Bool>(false)

    /// - Parameter descriptor: stays open until ``stop()`` has returned.
    init(_ descriptor: Int32, milliseconds: Int) {
        var pair: [Int32] = [-1, -1]
        if pipe(&pair) != 0 { pair = [-1, -1] }
        for end in pair { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        ends = (pair[0], pair[1])
        let own = dup(descriptor)
        // Released by the thread's first line, or below when there is no thread.
        let box = Unmanaged.passRetained(Work(syncer: self, descriptor: own, milliseconds: milliseconds))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        if status == 0 {
            pthread_detach(thread)
        } else {
            box.release()
            failure.withLock { $0 = "no thread to make the journal durable" }
        }
    }

    /// Why the last attempt failed; nil when it did not.
    var trouble: String? { failure.withLock { $0 } }

    /// Something was written.
    func wake() {
        guard !isAwake.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var byte: UInt8 = 1
        _ = write(ends.wake, &byte, 1)
    }

    /// Ends the thread.
    func stop() {
        isEnding.store(true, ordering: .releasing)
        isAwake.store(false, ordering: .releasing)
        wake()
    }

    private final class Work: Sendable {
        let syncer: Syncer
        let descriptor: Int32
        let milliseconds: Int

        init(syncer: Syncer, descriptor: Int32, milliseconds: Int) {
            self.syncer = syncer
            self.descriptor = descriptor
            self.milliseconds = milliseconds
        }

        func run() {
            while !syncer.isEnding.load(ordering: .acquiring) {
                var byte: UInt8 = 0
                guard read(syncer.ends.sleep, &byte, 1) == 1 else { break }
                if !syncer.isEnding.load(ordering: .acquiring) { usleep(UInt32(milliseconds) * 1000) }
                // Before the disk is asked: what is written from now on wakes again.
                syncer.isAwake.store(false, ordering: .sequentiallyConsistent)
                let isDone = fdatasync(descriptor) == 0
                let reason = isDone ? nil : String(cString: strerror(errno))
                syncer.failure.withLock { $0 = reason.map { "the journal cannot be made durable: \($0)" } }
            }
            close(descriptor)
            close(syncer.ends.sleep)
            close(syncer.ends.wake)
        }
    }
}
