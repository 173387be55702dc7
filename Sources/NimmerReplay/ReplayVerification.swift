import NimmerWave

/// Truth about openings out of a column of the recording (trust.md, Replay and restart).
package struct ReplayVerification: Sendable {
    /// Time from an opening to its outcome, in milliseconds.
    package var after: Double
    /// Time after the last true row in which an opening is `partial`, in milliseconds.
    package var grace: Double

    /// Outcomes that became known.
    package private(set) var counts: [VerificationResult: Int] = [:]

    private struct Pending: Sendable {
        let at: Timestamp
        let opening: MessageID
        let gate: GateID
        let result: VerificationResult
    }

    private var pending: [Pending] = []
    private var truth = Truth.unknown
    private var lastTrue: Timestamp?

    /// Truth that a row holds about openings at its time.
    package enum Truth: Sendable, Equatable {
        /// There is, or is not, what the system looks for.
        case state(Bool)
        /// The outcome itself.
        case outcome(VerificationResult)
        /// Nothing: openings get no outcome.
        case unknown

        /// The meaning of a text: a number (0 is false), a word for true or false, an outcome, or nothing.
        package init(_ text: String) {
            let text = text.lowercased()
            if let outcome = VerificationResult(rawValue: text) {
                self = .outcome(outcome)
            } else if let number = Double(text.replacing(",", with: ".")), number.isFinite {
                self = .state(number != 0)
            } else {
                self =
                    switch text {
                    case "true", "t", "yes", "y", "on": .state(true)
                    case "false", "f", "no", "n", "off": .state(false)
                    default: .unknown
                    }
            }
        }
    }

    /// - Parameters:
    ///   - after: in milliseconds, at least 0.
    ///   - grace: in milliseconds, at least 0.
    package init(after: Double, grace: Double) {
        (self.after, self.grace) = (after, grace)
    }

    /// Takes the text in the column of the row that comes next.
    ///
    /// - Parameter at: its time.
    mutating func take(_ text: String, at: Timestamp) {
        truth = Truth(text)
        if truth == .state(true) { lastTrue = at }
    }

    /// An opening happened: its outcome becomes known later.
    mutating func opened(_ id: MessageID, _ gate: GateID, at: Timestamp) {
        let result: VerificationResult
        switch truth {
        case .unknown: return
        case .outcome(let outcome): result = outcome
        case .state(true): result = .confirmed
        case .state(false):
            let isInGrace = grace > 0 && (lastTrue.map { at.milliseconds(since: $0) <= grace } ?? false)
            result = isInGrace ? .partial : .failed
        }
        pending.append(Pending(at: at.advanced(milliseconds: after), opening: id, gate: gate, result: result))
    }

    /// Removes and returns the outcomes that are known by a moment, in their order.
    mutating func due(by moment: Timestamp) -> [(opening: MessageID, gate: GateID, result: VerificationResult)] {
        let count = pending.prefix { $0.at <= moment }.count
        guard count > 0 else { return [] }
        let due = pending.prefix(count).map { ($0.opening, $0.gate, $0.result) }
        pending.removeFirst(count)
        for outcome in due { counts[outcome.2, default: 0] += 1 }
        return due
    }

    /// The time of the next outcome; nil while none is awaited.
    var next: Timestamp? { pending.first?.at }
}
