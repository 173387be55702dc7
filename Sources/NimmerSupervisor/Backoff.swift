import NimmerPlatform

/// Delay before a process that ended is started again: a ``RetryPause`` that a long run resets,
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
    private var pause = RetryPause(first: .milliseconds(first), longest: .milliseconds(longest))

    package init() {}

    /// Indicates whether failures have gone on for so long that an operator should be notified once more.
    package var isSlow: Bool { failures >= 6 }

    /// Counts a failure after `uptime` milliseconds; returns the milliseconds to wait.
    package mutating func failed(after uptime: Double, jitter: inout SplitMix) -> Double {
        if uptime >= Self.healthy {
            failures = 0
            pause.reset()
        }
        failures += 1
        return pause.next() / .milliseconds(1) * (0.8 + 0.4 * jitter.unit())
    }
}
