import Glibc
import Synchronization

/// Makes what was written to a file durable within a bounded time, on a thread of its own: `fdatasync` may take as long as the disk
/// likes, and nobody waits for it.
final class Syncer: Sendable {
    /// The two ends of a pipe: what is written to the second wakes the thread that reads the first.
    private let ends: (sleep: Int32, wake: Int32)
    private let descriptor: Int32
    private let milliseconds: UInt32
    private let isEnding = Atomic<Bool>(false)
    private let isAwake = Atomic<Bool>(false)
    private let failure = Mutex<String?>(nil)
    private let thread = Mutex<pthread_t?>(nil)

    /// - Parameter descriptor: stays open until ``stop()`` has returned.
    init(_ descriptor: Int32, milliseconds: Int) {
        var pair: [Int32] = [-1, -1]
        if pipe(&pair) != 0 { pair = [-1, -1] }
        for end in pair { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        ends = (pair[0], pair[1])
        self.descriptor = descriptor
        self.milliseconds = UInt32(clamping: milliseconds)
        // Released by the thread's first line, or below when there is no thread.
        let box = Unmanaged.passRetained(self)
        var made = pthread_t()
        let status = pthread_create(
            &made, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Syncer>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, box.toOpaque())
        if status == 0 {
            thread.withLock { $0 = made }
        } else {
            box.release()
            failure.withLock { $0 = "no thread to make the journal durable" }
        }
    }

    deinit {
        close(ends.sleep)
        close(ends.wake)
    }

    /// Why the last attempt failed; nil when it did not.
    var trouble: String? { failure.withLock { $0 } }

    /// Something was written.
    func wake() {
        guard !isAwake.exchange(true, ordering: .acquiringAndReleasing) else { return }
        var byte: UInt8 = 1
        _ = write(ends.wake, &byte, 1)
    }

    /// Ends the thread, and returns when it has ended: what was written is durable by then.
    func stop() {
        isEnding.store(true, ordering: .sequentiallyConsistent)
        var byte: UInt8 = 1
        _ = write(ends.wake, &byte, 1)
        let ending = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let ending { pthread_join(ending, nil) }
    }

    private func run() {
        while true {
            var byte: UInt8 = 0
            guard read(ends.sleep, &byte, 1) == 1 else { return }
            if !isEnding.load(ordering: .sequentiallyConsistent) { usleep(milliseconds * 1000) }
            // Before the disk is asked: what is written from now on wakes again.
            isAwake.store(false, ordering: .sequentiallyConsistent)
            let isDone = fdatasync(descriptor) == 0
            let reason = isDone ? nil : String(cString: strerror(errno))
            failure.withLock { $0 = reason.map { "the journal cannot be made durable: \($0)" } }
            if isEnding.load(ordering: .sequentiallyConsistent) { return }
        }
    }
}
