import NimmerBus
import NimmerWave
import Synchronization

/// A subscription over all connections of a bus: it outlives each of them.
final class NATSSubscription: Subscription {
    let pattern: SubjectPattern
    let queue: Token?
    let handler: DeliveryHandler
    let limit: Int
    /// Called on "no responders" to what was published with this subscription as reply.
    let onNoResponders: (@Sendable () -> Void)?
    private let leave: @Sendable (NATSSubscription) -> Void
    private let receivedCount = Atomic<UInt64>(0)
    private let lostCount = Atomic<UInt64>(0)
    private let stage = Atomic<Stage>(.live)
    private let changed: @Sendable () -> Void
    /// The life of a subscription, in this order.
    private enum Stage: UInt8, AtomicRepresentable {
        case live
        /// The subscription ends at the server, while what it sent is still handled.
        case draining
        case ended
    }

    private let endings = Mutex<[@Sendable () -> Void]>([])

    init(
        pattern: SubjectPattern, queue: Token?, limit: Int, handler: @escaping DeliveryHandler,
        onNoResponders: (@Sendable () -> Void)? = nil, changed: @escaping @Sendable () -> Void,
        leave: @escaping @Sendable (NATSSubscription) -> Void
    ) {
        self.pattern = pattern
        self.queue = queue
        self.limit = limit
        self.onNoResponders = onNoResponders
        self.handler = handler
        self.changed = changed
        self.leave = leave
    }

    var received: UInt64 { receivedCount.load(ordering: .relaxed) }
    var lost: UInt64 { lostCount.load(ordering: .relaxed) }
    var hasEnded: Bool { stage.load(ordering: .relaxed) == .ended }

    func count(received: Int) { receivedCount.add(UInt64(received), ordering: .relaxed) }
    func count(lost: UInt64) { lostCount.add(lost, ordering: .relaxed) }

    func cancel() {
        guard stage.exchange(.ended, ordering: .acquiringAndReleasing) != .ended else { return }
        leave(self)
        let callbacks = endings.withLock { endings in
            defer { endings = [] }
            return endings
        }
        for callback in callbacks { callback() }
    }

    /// Indicates whether the subscription ends at the server, while what it sent is still handled.
    var isDraining: Bool { stage.load(ordering: .acquiring) == .draining }

    func drain(timeout: Duration) async {
        let isFirst = stage.compareExchange(expected: .live, desired: .draining, ordering: .acquiringAndReleasing)
            .exchanged
        guard isFirst else { return }
        changed()
        let (endings, end) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        onEnd { end.finish() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await _ in endings {} }
            group.addTask { try? await Task.sleep(for: timeout) }
            await group.next()
            group.cancelAll()
        }
        cancel()
    }

    func onEnd(_ body: @escaping @Sendable () -> Void) {
        let isOver = endings.withLock { endings in
            if !hasEnded { endings.append(body) }
            return hasEnded
        }
        if isOver { body() }
    }
}
