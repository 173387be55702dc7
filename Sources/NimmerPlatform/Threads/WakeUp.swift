import CPlatform
import Glibc
import Synchronization

/// Wakes a thread that waits in `poll`, or for nothing else.
///
/// Any thread raises it; the thread that waits lowers it before it checks for work, so that what comes meanwhile wakes it
/// again. A raise that was not heard yet costs no call of the system.
package final class WakeUp: Sendable {
    /// Polls readable while raised.
    package let descriptor: Int32
    private let isRaised = Atomic(false)

    /// - Throws: a ``SystemCallError`` when the process has no more descriptors.
    package init() throws(SystemCallError) {
        descriptor = nimmer_eventfd()
        guard descriptor >= 0 else { throw SystemCallError("cannot make an eventfd") }
    }

    deinit { close(descriptor) }

    /// Wakes the thread, now or when it next waits.
    package func raise() {
        if isRaised.exchange(true, ordering: .acquiringAndReleasing) { return }
        var one: UInt64 = 1
        _ = write(descriptor, &one, 8)
    }

    /// Called by the thread that was woken, before it checks for work.
    package func lower() {
        var count: UInt64 = 0
        _ = read(descriptor, &count, 8)
        isRaised.store(false, ordering: .sequentiallyConsistent)
    }

    /// Blocks until it is raised, and lowers it.
    package func wait() {
        var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&polled, 1, -1) < 0, errno == EINTR {}
        lower()
    }
}
