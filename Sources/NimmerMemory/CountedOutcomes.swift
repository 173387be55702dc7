import NimmerWave

/// The outcome that counts of each opening, by what the thalamus accepted last (memory.md, Totals).
struct CountedOutcomes {
    /// An outcome that counts.
    struct Outcome {
        let result: VerificationResult
        /// Energy that it gave back, in LF; nil while its transition is not known.
        var earned: Double?
    }

    private var outcomes: [MessageID: Outcome] = [:]
    /// The last message of each opening: they may come in any order.
    private var last: [MessageID: (at: Timestamp, id: MessageID)] = [:]

    /// The result that counts for an opening.
    func result(of opening: MessageID) -> VerificationResult? { outcomes[opening]?.result }

    /// Takes what the thalamus accepted.
    ///
    /// - Parameter cost: what the opening cost, in LF; nil while that is not known.
    /// - Returns: what counted before and counts now; nil where that stays as it is.
    mutating func take(
        _ message: Envelope<AcceptedOutcome>, cost: Double?
    ) -> (before: Outcome?, after: Outcome?)? {
        let body = message.body
        let place = (body.at, message.header.messageID)
        guard body.effect != .reset, last[body.opening].map({ ($0.at, $0.id) < place }) ?? true else { return nil }
        last[body.opening] = place
        let before = outcomes[body.opening]
        let counts = body.effect != .withdrawal && body.weight != 0
        outcomes[body.opening] =
            counts ? Outcome(result: body.result, earned: cost.map { $0 * body.result.lifeforceShare }) : nil
        return (before, outcomes[body.opening])
    }

    /// The transition of an opening becomes known.
    ///
    /// - Returns: the energy that its outcome gives back now, in LF.
    mutating func pay(_ opening: MessageID, _ cost: Double) -> Double {
        guard let outcome = outcomes[opening], outcome.earned == nil else { return 0 }
        let earned = cost * outcome.result.lifeforceShare
        outcomes[opening]?.earned = earned
        return earned
    }
}

extension VerificationResult {
    /// The share of a transition's cost that it gives back.
    var lifeforceShare: Double {
        switch self {
        case .confirmed: 1
        case .partial: 0.5
        case .failed: 0
        }
    }
}
