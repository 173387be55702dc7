import NimmerThalamus
import NimmerWave

// Outcomes of openings, out of a column and by rules (trust.md, Replay and restart).

extension Replay {
    /// Lets all outcomes become known that are still awaited: the recording is over.
    package mutating func end() {
        // The recording is over: nothing is heard any more.
        if let now {
            learn(rules.due(by: now))
            settle()
        }
        learn(by: Timestamp(nanoseconds: .max))
    }

    /// Outcomes that became known so far; nil where neither a column nor a rule gives any.
    package var outcomes: [VerificationResult: Int]? {
        guard let counts = verification?.counts, let ruledCounts else { return verification?.counts ?? ruledCounts }
        return counts.merging(ruledCounts, uniquingKeysWith: +)
    }

    mutating func learn(_ outcomes: [RuledOutcome]) {
        for outcome in outcomes {
            guard let now, learn(outcome.result, opening: outcome.opening, gate: outcome.gate, at: now) else {
                continue
            }
            ruledCounts?[outcome.result, default: 0] += 1
        }
    }

    /// Lets a gate learn, and cells with a budget have their share.
    ///
    /// - Returns: false where the gate did not.
    private mutating func learn(
        _ result: VerificationResult, opening: MessageID, gate: GateID, at moment: Timestamp
    ) -> Bool {
        guard let learned = thalamus.learn(result, opening: opening, gate: gate) else { return false }
        if let opener = learned.opener { feed(learned, opener, opening, result, at: moment) }
        return true
    }

    /// Lets the outcomes become known that are due; those of an instant before its waves.
    mutating func learn(by moment: Timestamp) {
        if let next = rules.next, next < moment {
            learn(rules.due(by: moment))
            settle()
        }
        guard let next = verification?.next, next <= moment, let due = verification?.due(by: moment) else { return }
        for outcome in due {
            _ = learn(outcome.result, opening: outcome.opening, gate: outcome.gate, at: min(moment, now ?? moment))
        }
        settle()
    }
}
