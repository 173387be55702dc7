import Glibc
import NimmerPlatform
import Synchronization

/// Makes what was written to a file durable within a bounded time, on a thread of its own: `fdatasync` may take as long as the disk
/// likes, and no caller waits for it.
final class Syncer: Sendable {
    private let wakeUp: WakeUp?
    private let descriptor: Int32
    private let milliseconds: UInt32
    private let isEnding = Atomic<Bool>(false)
    private let failure = Mutex<String?>(nil)
    /// Raised when the thread has ended; nil if absent.
    private let ended: WakeUp?

    /// - Parameter descriptor: stays open until ``stop()`` has returned.
    init(_ descriptor: Int32, milliseconds: Int) {
        self.descriptor = descriptor
        self.milliseconds = UInt32(clamping: milliseconds)
        wakeUp = try? WakeUp()
        ended = wakeUp == nil ? nil : try? WakeUp()
        guard let wakeUp, let ended else {
            failure.withLock { $0 = "no descriptor to make the journal durable" }
            return
        }
        do throws(SystemCallError) {
            try OwnThread.start("journal") {
                self.run(wakeUp)
                ended.raise()
            }
        } catch {
            failure.withLock { $0 = "no thread to make the journal durable" }
            ended.raise()
        }
    }

    /// Reason why the last attempt failed; nil when it did not.
    var trouble: String? { failure.withLock { $0 } }

    /// Something was written.
    func wake() { wakeUp?.raise() }

    /// Ends the thread, and returns when it has ended: what was written is durable by then. Called once.
    func stop() {
        isEnding.store(true, ordering: .sequentiallyConsistent)
        wakeUp?.raise()
        ended?.wait()
    }

    private func run(_ wakeUp: WakeUp) {
        while true {
            wakeUp.wait()
            if !isEnding.load(ordering: .sequentiallyConsistent) { usleep(milliseconds * 1000) }
            // What was written during the pause is part of this; what is written from now on wakes again.
            wakeUp.lower()
            let isDone = fdatasync(descriptor) == 0
            let reason = isDone ? nil : errorText(errno)
            failure.withLock { $0 = reason.map { "the journal cannot be made durable: \($0)" } }
            if isEnding.load(ordering: .sequentiallyConsistent) { return }
        }
    }
}
