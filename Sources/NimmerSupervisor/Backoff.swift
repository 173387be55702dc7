/// Delay before a process that ended is started again: each failure in a row doubles it, up to a bound,
/// with jitter so that what fell together does not rise together.
///
/// It never gives up; it slows down.
package struct Backoff: Equatable, Sendable {
    /// Waits in milliseconds: the first, and the longest.
    package static let first = 250.0
    package static let longest = 60_000.0
    /// A process that ran this long is well again: its next failure is a first one.
    package static let healthy = 30_000.0

    /// Failures in a row.
    package private(set) var failures = 0

    package init() {}

    /// Indicates whether failures have gone on for so long that an operator should be notified once more.
    package var isSlow: Bool { failures >= 6 }

    /// Counts a failure after `uptime` milliseconds; returns the milliseconds to wait.
    package mutating func failed(after uptime: Double, jitter: inout SplitMix) -> Double {
        if uptime >= Self.healthy { failures = 0 }
        failures += 1
        let plain = min(Self.longest, Self.first * Double(UInt64(1) << UInt64(min(failures - 1, 16))))
        return plain * (0.8 + 0.4 * jitter.unit())
    }
}

/// A small generator of pseudo-random numbers with a seed, so that what uses it can be tested.
package struct SplitMix: RandomNumberGenerator, Equatable, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number in 0..<1.
    package mutating func unit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
}
