/// How long to wait before a process that ended is started again: each failure in a row doubles the wait, up to a bound,
/// with jitter so that what fell together does not rise together.
///
/// It never gives up; it slows down.
struct Backoff: Equatable, Sendable {
    /// Waits in milliseconds: the first, and the longest.
    static let first = 250.0
    static let longest = 60_000.0
    /// A process that ran this long is well again: its next failure is a first one.
    static let healthy = 30_000.0

    /// Failures in a row.
    private(set) var failures = 0

    /// Whether failures have gone on for so long that a person should hear of it once more.
    var isSlow: Bool { failures >= 6 }

    /// Counts a failure after `lived` milliseconds; returns the milliseconds to wait.
    mutating func failed(after lived: Double, jitter: inout SplitMix) -> Double {
        if lived >= Self.healthy { failures = 0 }
        failures += 1
        let plain = min(Self.longest, Self.first * Double(UInt64(1) << UInt64(min(failures - 1, 16))))
        return plain * (0.8 + 0.4 * jitter.unit())
    }
}

/// A small generator of pseudo-random numbers with a seed, so that what uses it can be tested.
struct SplitMix: RandomNumberGenerator, Equatable, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number in 0..<1.
    mutating func unit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }
}
