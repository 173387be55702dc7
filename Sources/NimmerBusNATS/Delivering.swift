import CNATS
import Glibc
import NimmerBus
import NimmerWave
import Synchronization

/// Empties the queues of subscriptions into their handlers (the hot path). Used by the loop's thread alone.
final class Delivering {
    private let bus: NATSBus
    private let current = NATSCurrentMessage()
    /// nats.c hands every destroyed message to a collector thread, with a lock and a wake-up: so they go in bursts, and a few
    /// small ones may stay until the next messages come. A burst of 64 still spends a tenth of a wave's time on wake-ups.
    private let burst: UnsafeMutablePointer<OpaquePointer?>
    private var held = 0
    private var heldBytes = 0
    private static let burstSize = 1024
    private static let burstBytes = 512 << 10
    private var messages = 0
    private var bytes = 0
    private var lastWarning: [ObjectIdentifier: ContinuousClock.Instant] = [:]

    init(_ bus: NATSBus) {
        self.bus = bus
        burst = .allocate(capacity: Self.burstSize)
        burst.initialize(repeating: nil, count: Self.burstSize)
    }

    deinit {
        releaseAll()
        burst.deallocate()
    }

    /// Calls the handlers for what is queued, at most `budget` messages of each subscription; whether some are left.
    func deliver(_ live: [LiveSubscription], budget: Int, isDraining: Bool) -> Bool {
        var isLeft = false
        var hasTime = false
        for entry in live {
            let queued = entry.queued
            if queued > 0 || isDraining {
                if !hasTime {
                    current.at = .now()
                    hasTime = true
                }
                // While draining, the last read of an empty queue is how nats.c learns that it is empty.
                deliver(entry, min(queued, budget) + (isDraining ? 1 : 0))
                if queued > budget { isLeft = true }
                checkDrops(of: entry)
            }
        }
        if messages == 0 {
            releaseAll()
        } else {
            let (messages, bytes) = (messages, bytes)
            bus.state.withLock { state in
                state.counters.messagesIn += UInt64(messages)
                state.counters.bytesIn += UInt64(bytes)
            }
            self.messages = 0
            self.bytes = 0
        }
        return isLeft
    }

    private func deliver(_ entry: LiveSubscription, _ most: Int) {
        let subscription = entry.subscription
        let handler = subscription.handler
        let (handle, current, burst) = (entry.handle, current, burst)
        let overlap = entry.overlap
        // Locals, because each access to a property of a class is checked.
        var (held, heldBytes, bytes, received, left) = (held, heldBytes, 0, 0, most)
        while left > 0, !subscription.hasEnded {
            left -= 1
            var next: OpaquePointer?
            let status = natsSubscription_NextMsg(&next, handle, 0)
            guard status == NATS_OK, let message = next, let subject = natsMsg_GetSubject(message) else {
                if status == NATS_SLOW_CONSUMER { left += 1 }
                if status == NATS_NO_RESPONDERS { subscription.onNoResponders?() }
                if status == NATS_SLOW_CONSUMER || status == NATS_NO_RESPONDERS { continue }
                break
            }
            let subjectBytes = UnsafeRawBufferPointer(start: subject, count: strlen(subject))
            let length = Int(natsMsg_GetDataLength(message))
            let payload = UnsafeRawBufferPointer(start: natsMsg_GetData(message), count: length)
            if overlap == nil || overlap?.takes(subjectBytes, natsMsg_GetReply(message), payload) == true {
                handler(subjectBytes.bytes, payload.bytes, current.hold(message))
                received += 1
                bytes += length
            }
            burst[held] = message
            held += 1
            heldBytes += length
            if held == Self.burstSize || heldBytes > Self.burstBytes {
                current.release()
                for index in 0..<held { natsMsg_Destroy(burst[index]) }
                (held, heldBytes) = (0, 0)
            }
        }
        current.release()
        self.held = held
        self.heldBytes = heldBytes
        self.bytes += bytes
        messages += received
        if received > 0 { subscription.count(received: received) }
    }

    /// Frees the messages that were delivered.
    func releaseAll() {
        for index in 0..<held { natsMsg_Destroy(burst[index]) }
        held = 0
        heldBytes = 0
    }

    /// Counts what the library dropped of a subscription, and announces it at most once a second.
    func checkDrops(of entry: LiveSubscription) {
        let dropped = entry.newlyDropped()
        guard dropped > 0 else { return }
        entry.subscription.count(lost: dropped)
        bus.state.withLock { $0.counters.lost += dropped }
        let id = ObjectIdentifier(entry.subscription)
        let now = ContinuousClock.now
        if let last = lastWarning[id], last.duration(to: now) < .seconds(1) { return }
        if lastWarning.count > 1024 { lastWarning = [:] }
        lastWarning[id] = now
        bus.feed.send(.slowConsumer(pattern: entry.subscription.pattern.text, lost: entry.subscription.lost))
    }
}
