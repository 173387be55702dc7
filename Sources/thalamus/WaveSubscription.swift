import NimmerBus
import NimmerWave
import Synchronization

/// The subscription to all waves: of those who share the regions in their queue group; of one alone without any, except while it
/// holds a sender back. A queue group is joined for no longer than it is needed, since a connection that has died without a word is a
/// member of it until the server notices, and gets its share of everybody's waves.
final class WaveSubscription: Sendable {
    private struct State {
        var current: any Subscription
        /// The waves that earlier ones have lost.
        var lost: UInt64 = 0
    }

    private let shared: Token?
    private let subscribe: @Sendable (Token?) async throws(BusError) -> any Subscription
    private let state: Mutex<State>

    /// Subscribes.
    ///
    /// - Parameters:
    ///   - shared: the group of those who share the regions.
    ///   - subscribe: makes a subscription in a group.
    init(
        sharedBy shared: Token? = nil,
        _ subscribe: @escaping @Sendable (Token?) async throws(BusError) -> any Subscription
    ) async throws(BusError) {
        self.shared = shared
        self.subscribe = subscribe
        state = Mutex(State(current: try await subscribe(shared)))
    }

    /// How many waves were dropped because they were not judged fast enough.
    var lost: UInt64 { state.withLock { $0.lost + $0.current.lost } }

    /// Joins a group, and returns its name.
    func join() async throws(BusError) -> Token {
        if let shared { return shared }
        let group = Token.unique()
        try await replace(group)
        return group
    }

    /// Leaves the group, where it is not a lasting one.
    func leave() async throws(BusError) {
        if shared == nil { try await replace(nil) }
    }

    /// Waves come twice for a moment, which adds nothing to a gate, rather than not at all.
    private func replace(_ group: Token?) async throws(BusError) {
        let next = try await subscribe(group)
        let earlier = state.withLock { state in
            defer { state.current = next }
            state.lost += state.current.lost
            return state.current
        }
        earlier.cancel()
    }

    func cancel() { state.withLock { $0.current }.cancel() }
}
