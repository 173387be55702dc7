import NimmerWave

/// A circuit breaker before a mind, as a value: time is an argument.
///
/// *Closed*: questions pass; so many failures in a row open it. *Open*: none passes until the pause is over. *Half open*: one
/// question passes to see; success closes it, failure opens it again with a pause twice as long, up to sixteen times the first.
public struct Breaker: Sendable, Hashable {
    private let threshold: Int
    private let basePause: Double
    private var failures = 0
    private var openUntil: Timestamp?
    private var isProbing = false
    private var doublings = 0
    private var restUntil: Timestamp?

    /// A closed breaker.
    ///
    /// - Parameters:
    ///   - failures: failures in a row that open it, at least 1.
    ///   - pauseMilliseconds: how long it then stays open.
    public init(failures: Int, pauseMilliseconds: Double) {
        threshold = max(1, failures)
        basePause = pauseMilliseconds
    }

    /// Returns the state.
    public func state(at now: Timestamp) -> BreakerState {
        guard let openUntil else { return .closed }
        return isProbing || now >= openUntil ? .halfOpen : .open
    }

    /// Answer to a question.
    public enum Answer: Sendable, Hashable {
        /// It may pass.
        case pass
        /// The mind asked to be left alone for a while, and is well otherwise.
        case wait(until: Timestamp)
        /// The mind is not available.
        case refuse
    }

    /// Returns whether a question may pass.
    public func answer(at now: Timestamp) -> Answer {
        switch state(at: now) {
        case .closed: restUntil.map { now < $0 ? .wait(until: $0) : .pass } ?? .pass
        case .open: .refuse
        case .halfOpen: isProbing ? .refuse : .pass
        }
    }

    /// A question passes.
    public mutating func begin(at now: Timestamp) {
        if openUntil != nil { isProbing = true }
    }

    /// The mind answered, whatever it reported.
    public mutating func succeed() {
        failures = 0
        openUntil = nil
        isProbing = false
        doublings = 0
        restUntil = nil
    }

    /// The mind gave no answer.
    ///
    /// - Parameter retryAfter: how long its server asked to be left alone, in milliseconds.
    public mutating func fail(at now: Timestamp, retryAfter: Double? = nil) {
        failures += 1
        if isProbing {
            doublings = min(4, doublings + 1)
        } else if failures < threshold || openUntil != nil {
            if let retryAfter { restUntil = now.advanced(milliseconds: min(retryAfter, 3_600_000)) }
            return
        }
        isProbing = false
        let pause = basePause * Double(1 << doublings)
        openUntil = now.advanced(milliseconds: max(pause, min(retryAfter ?? 0, 3_600_000)))
    }

    /// The question was taken back; nothing was learned.
    public mutating func cancel() { isProbing = false }

    /// Time at which it will answer differently by itself; nil: not by time alone.
    public func nextChange(after now: Timestamp) -> Timestamp? {
        [openUntil, restUntil].compactMap { $0 }.filter { $0 > now }.min()
    }
}
