import Synchronization

/// One feed of events, many listeners, each with a bounded buffer of its own.
package final class EventFeed: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<BusEvent>.Continuation] = [:]
        var next = 0
        var isClosed = false
    }

    private let state = Mutex(State())

    package init() {}

    /// A new listener.
    package func listen() -> AsyncStream<BusEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: BusEvent.self, bufferingPolicy: .bufferingNewest(256))
        let ticket: Int? = state.withLock { state in
            guard !state.isClosed else { return nil }
            state.next += 1
            state.listeners[state.next] = continuation
            return state.next
        }
        guard let ticket else {
            continuation.yield(.closed)
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.listeners.removeValue(forKey: ticket) }
        }
        return stream
    }

    /// Notifies every listener. After ``BusEvent/closed`` every feed ends.
    package func send(_ event: BusEvent) {
        let listeners = state.withLock { state in
            defer {
                if event == .closed {
                    state.isClosed = true
                    state.listeners = [:]
                }
            }
            return Array(state.listeners.values)
        }
        for listener in listeners {
            listener.yield(event)
            if event == .closed { listener.finish() }
        }
    }
}
