/// Leaves out a link of a chain that has failed several times in a row (spec/iris.md, Which model answers).
///
/// After the pause one question tries it; the others leave it out until that one is answered.
struct EmbeddingBreaker: Sendable {
    /// Failures in a row that open it.
    static let failures = 3
    /// Time for which the link is left out.
    static let pause = Duration.seconds(30)

    private var failed = 0
    private var until: ContinuousClock.Instant?
    private var isTrying = false

    /// Returns whether the link may be asked now; a question that may has to report what came of it.
    mutating func mayAsk(at now: ContinuousClock.Instant) -> Bool {
        guard let until else { return true }
        guard now >= until, !isTrying else { return false }
        isTrying = true
        return true
    }

    /// The link has answered.
    mutating func succeed() { self = EmbeddingBreaker() }

    /// The link has failed.
    mutating func fail(at now: ContinuousClock.Instant) {
        isTrying = false
        failed += 1
        if failed >= Self.failures { until = now + Self.pause }
    }

    /// A question ended without showing anything about the link: it was cancelled, or had too little time.
    mutating func abandon() { isTrying = false }

    /// Time for which the link is still left out; nil: it is asked.
    func remaining(at now: ContinuousClock.Instant) -> Duration? {
        until.map { max(.zero, now.duration(to: $0)) }
    }
}
