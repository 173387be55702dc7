import NimmerWave

/// Bound on how often something is reported: at most once in a stretch of time, by the moments that are handed in.
public struct RateBound: Sendable, Hashable {
    /// Shortest time between two reports, in milliseconds; at least 0.
    public var milliseconds: Double
    private var last: Timestamp?

    /// A bound under which nothing was reported yet.
    public init(milliseconds: Double) { self.milliseconds = milliseconds }

    /// Returns whether a report is let through; it counts as made then. After a moment that lies before the last report the time counts from
    /// there, so that a clock which is set back cannot silence it for longer than the bound.
    public mutating func admits(at moment: Timestamp) -> Bool {
        if let last {
            let passed = moment.milliseconds(since: last)
            if passed < milliseconds {
                if passed < 0 { self.last = moment }
                return false
            }
        }
        last = moment
        return true
    }
}
