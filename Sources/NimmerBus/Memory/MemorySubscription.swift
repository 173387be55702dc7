import NimmerWave
import Synchronization

/// A subscription of the in-memory bus.
final class MemorySubscription: Subscription {
    let pattern: SubjectPattern
    let queue: Token?
    let handler: DeliveryHandler
    private let limit: Int
    private let feed: EventFeed
    private let leave: @Sendable (MemorySubscription) -> Void
    private let state = Mutex(State())

    private struct State {
        var received: UInt64 = 0
        var lost: UInt64 = 0
        var pending = 0
        var isHandling = false
        var isLosing = false
        var hasEnded = false
        var onEnd: [@Sendable () -> Void] = []
    }

    init(
        pattern: SubjectPattern, queue: Token?, limit: Int, handler: @escaping DeliveryHandler, feed: EventFeed,
        leave: @escaping @Sendable (MemorySubscription) -> Void
    ) {
        self.pattern = pattern
        self.queue = queue
        self.limit = limit
        self.handler = handler
        self.feed = feed
        self.leave = leave
    }

    var received: UInt64 { state.withLock { $0.received } }
    var lost: UInt64 { state.withLock { $0.lost } }

    /// Makes room for one more message; false when it is lost.
    func offer() -> Bool {
        let firstLoss: UInt64? = state.withLock { state in
            if state.pending < limit {
                state.pending += 1
                state.isLosing = false
                return nil
            }
            state.lost += 1
            defer { state.isLosing = true }
            return state.isLosing ? 0 : state.lost
        }
        guard let firstLoss else { return true }
        if firstLoss > 0 { feed.send(.slowConsumer(pattern: pattern.text, lost: firstLoss)) }
        return false
    }

    /// A message leaves the queue for the handler; false when the subscription has ended.
    func begin() -> Bool {
        state.withLock { state in
            state.pending -= 1
            guard !state.hasEnded else { return false }
            state.received += 1
            state.isHandling = true
            return true
        }
    }

    /// The handler has returned.
    func end() { state.withLock { $0.isHandling = false } }

    func cancel() {
        let callbacks: [@Sendable () -> Void]? = state.withLock { state in
            guard !state.hasEnded else { return nil }
            state.hasEnded = true
            defer { state.onEnd = [] }
            return state.onEnd
        }
        guard let callbacks else { return }
        leave(self)
        for callback in callbacks { callback() }
    }

    /// Gets nothing more, and ends when what it was given has been handled: by the thread that delivers, which may be another.
    func drain(timeout: Duration) async {
        leave(self)
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while state.withLock({ ($0.pending > 0 || $0.isHandling) && !$0.hasEnded }), ContinuousClock.now < deadline,
            !Task.isCancelled
        {
            await Task.yield()
        }
        cancel()
    }

    func onEnd(_ body: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            if !state.hasEnded { state.onEnd.append(body) }
            return state.hasEnded
        }
        if isOver { body() }
    }
}

/// Holds the message that is being delivered, for ``Arrival``.
final class CurrentMessage: ArrivalSource, Sendable {
    private let state = Mutex((serial: UInt64(0), message: BusMessage?.none))

    func hold(_ message: BusMessage) -> UInt64 {
        state.withLock { state in
            state.serial += 1
            state.message = message
            return state.serial
        }
    }

    func release() { state.withLock { $0.message = nil } }

    func reply(of serial: UInt64) -> Subject? { copy(of: serial).reply }

    func copy(of serial: UInt64) -> BusMessage {
        let held = state.withLock { $0.serial == serial ? $0.message : nil }
        guard let held else { preconditionFailure("an Arrival was used after its handler had returned") }
        return held
    }
}

/// The answers to a request, as they come.
final class Answers: Sendable {
    private let messages = Mutex<[BusMessage]>([])

    func add(_ message: BusMessage) { messages.withLock { $0.append(message) } }
    var count: Int { messages.withLock { $0.count } }
    var all: [BusMessage] { messages.withLock { $0 } }
}

extension BusError {
    /// A payload above the limit.
    package static func tooLarge(_ found: Int, _ limit: Int, _ subject: Subject) -> BusError {
        BusError(.tooLarge, "a message to \(subject) has \(found) bytes; the server takes at most \(limit)")
    }
}
