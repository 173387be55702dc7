import NimmerBus
import NimmerWave
import Synchronization

/// A subscription over all connections of a bus: it outlives each of them.
final class NATSSubscription: Subscription {
    let pattern: SubjectPattern
    let queue: Token?
    let handler: DeliveryHandler
    let limit: Int
    /// Called when the server says that nobody serves what was published with this subscription as reply.
    let onNoResponders: (@Sendable () -> Void)?
    private let leave: @Sendable (NATSSubscription) -> Void
    private let receivedCount = Atomic<UInt64>(0)
    private let lostCount = Atomic<UInt64>(0)
    private let ended = Atomic<Bool>(false)
    private let endings = Mutex<[@Sendable () -> Void]>([])

    init(
        pattern: SubjectPattern, queue: Token?, limit: Int, handler: @escaping DeliveryHandler,
        onNoResponders: (@Sendable () -> Void)? = nil, leave: @escaping @Sendable (NATSSubscription) -> Void
    ) {
        self.pattern = pattern
        self.queue = queue
        self.limit = limit
        self.onNoResponders = onNoResponders
        self.handler = handler
        self.leave = leave
    }

    var received: UInt64 { receivedCount.load(ordering: .relaxed) }
    var lost: UInt64 { lostCount.load(ordering: .relaxed) }
    var hasEnded: Bool { ended.load(ordering: .relaxed) }

    func count(received: Int) { receivedCount.add(UInt64(received), ordering: .relaxed) }
    func count(lost: UInt64) { lostCount.add(lost, ordering: .relaxed) }

    func cancel() {
        guard !ended.exchange(true, ordering: .acquiringAndReleasing) else { return }
        leave(self)
        let callbacks = endings.withLock { endings in
            defer { endings = [] }
            return endings
        }
        for callback in callbacks { callback() }
    }

    func onEnd(_ body: @escaping @Sendable () -> Void) {
        let isOver = endings.withLock { endings in
            if !hasEnded { endings.append(body) }
            return hasEnded
        }
        if isOver { body() }
    }
}
