import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization

/// Part of the loop that serves those who wait on the bus: its own inboxes, and the times at which waiting ends.
extension NATSBus {
    /// The one that opened the bus may continue: the first attempt has succeeded or failed.
    func hasOutcome() {
        let isFirst = state.withLock { state in
            defer { state.hadOutcome = true }
            return !state.hadOutcome
        }
        if isFirst { firstOutcome.send() }
    }

    func expireWaiting(isConnected: Bool) {
        let now = ContinuousClock.now
        inbox.expire(now, isConnected: isConnected)
        acks.expire(now, isConnected: isConnected)
        echo.expire(now, isConnected: isConnected)
    }

    /// Time at which the next wait ends.
    var nextDeadline: ContinuousClock.Instant? {
        [inbox.nextDeadline, acks.nextDeadline, echo.nextDeadline].compactMap { $0 }.min()
    }

    /// The subscriptions of the loop's own: to what streams acknowledge, and to its echoes, by which round trips are measured;
    /// the echo first, which makes it the last that is checked.
    func attachInboxes() {
        for own in [echo, acks] {
            let pattern: SubjectPattern
            do { pattern = try SubjectPattern(own.pattern) } catch { preconditionFailure("\(error)") }
            _ = try? attach(pattern, queue: nil, pending: 1 << 20) { _, _, arrival in
                own.deliver(arrival.message())
            } onNoResponders: {
                own.failWithoutResponders()
            }
        }
    }

    func isOwn(_ subscription: NATSSubscription) -> Bool {
        subscription.pattern.text == echo.pattern || subscription.pattern.text == acks.pattern
    }
}
