/// Pause before the next attempt: twice as long after each failure, up to a bound. It never gives up.
package struct RetryPause: Equatable, Sendable {
    /// The pause after a first failure.
    package let first: Duration
    /// The longest pause.
    package let longest: Duration
    private var current: Duration

    package init(first: Duration, longest: Duration) {
        self.first = first
        self.longest = longest
        current = first
    }

    /// The pause after a failure; the next one is longer.
    package mutating func next() -> Duration {
        defer { current = min(current * 2, longest) }
        return current
    }

    /// An attempt has succeeded: the next failure is a first one.
    package mutating func reset() { current = first }
}
