import NimmerBus
import NimmerWave

/// The bytes that a stream reserves. A server reserves them of its `max_file_store` when the stream is made, and refuses what it has
/// not. So that the first streams leave room for the others, a client that may change streams takes a quarter of what is free at most.
enum StreamRoom {
    /// The smallest bound of a stream that wanted more, in bytes.
    static let least: Int64 = 1 << 20
    private static let step: Int64 = 4

    /// One way to make a stream.
    struct Attempt: Equatable {
        /// The `max_bytes` to make it with: only a server that has these to reserve makes it.
        let reserved: Int64
        /// The `max_bytes` to leave it with.
        let bound: Int64
    }

    /// The ways to make a stream with a bound, the best first.
    ///
    /// - Parameter leavesRoom: whether the client may cut a stream that it made larger. It then tries for four times each bound;
    ///   another client cannot know how much is free, and tries a sixteenth after each refusal.
    static func attempts(for wanted: Int64, leavesRoom: Bool) -> [Attempt] {
        var attempts: [Attempt] = []
        var bound = wanted
        while true {
            let reserved = leavesRoom ? (bound > .max / step ? .max : bound * step) : bound
            attempts.append(Attempt(reserved: reserved, bound: bound))
            guard bound > least else { break }
            bound = max(bound / (leavesRoom ? step : step * step), least)
        }
        return leavesRoom ? attempts + [Attempt(reserved: bound, bound: bound)] : attempts
    }

    /// The bound of a stream that is there already; nil: as its configuration states.
    ///
    /// - Parameters:
    ///   - present: its `max_bytes`: -1 where it has none. A bound that an operator chose, or that the server had room for, stays.
    ///   - bytes: how much it holds: nothing of it is given up for a bound that comes later.
    static func bound(of present: JSON?, holding bytes: UInt64, _ configuration: StreamConfiguration) -> Int64? {
        guard let wanted = configuration.maximumBytes else { return nil }
        if let present = present?.int, present > 0 { return Int64(present) }
        return max(wanted, Int64(clamping: bytes).addingSaturated(wanted / 16))
    }
}
