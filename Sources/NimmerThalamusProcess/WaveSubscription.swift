import NimmerBus
import NimmerWave
import Synchronization

/// The subscription to all waves. Thalami that share the regions are in the queue group of those who live; one alone is in none, except
/// while it holds a sender back. A queue group is joined for no longer than it is needed: a connection that has died silently
/// stays a member until the server notices, and takes its share of all waves.
final class WaveSubscription: Sendable {
    private struct State {
        var current: any Subscription
        var group: Token?
        /// The waves that earlier ones have lost.
        var lost: UInt64 = 0
        var isCancelled = false
    }

    private let isShared: Bool
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
        isShared = shared != nil
        self.subscribe = subscribe
        state = Mutex(State(current: try await subscribe(shared), group: shared))
    }

    /// Number of waves that were dropped because they were not judged fast enough.
    var lost: UInt64 { state.withLock { $0.lost + $0.current.lost } }

    /// The group in which waves are heard now.
    var group: Token? { state.withLock { $0.group } }

    /// Joins a group without one, and returns its name.
    func join() async throws(BusError) -> Token {
        if let group { return group }
        let group = Token.unique()
        try await replace(group)
        return group
    }

    /// Leaves the group, where it is not that of those who share the regions.
    func leave() async throws(BusError) {
        if !isShared, group != nil { try await replace(nil) }
    }

    /// Goes over to another group of those who share the regions.
    func share(as group: Token) async throws(BusError) {
        if isShared, group != self.group { try await replace(group) }
    }

    /// Waves come twice for a moment, which adds nothing to a gate, rather than not at all.
    private func replace(_ group: Token?) async throws(BusError) {
        guard !state.withLock({ $0.isCancelled }) else { return }
        let next = try await subscribe(group)
        let spent = state.withLock { state in
            // Nothing is heard any more after the end, which may have come meanwhile.
            guard !state.isCancelled else { return next }
            defer {
                state.current = next
                state.group = group
            }
            state.lost += state.current.lost
            return state.current
        }
        spent.cancel()
    }

    /// Ends it; it is not made again after that.
    func cancel() {
        let current = state.withLock { state in
            state.isCancelled = true
            return state.current
        }
        current.cancel()
    }
}
