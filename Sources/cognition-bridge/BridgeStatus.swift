import NimmerCell
import NimmerCognition
import NimmerSystem
import NimmerWave
import Synchronization

// What the bridge tells about itself.

extension BridgeProcess {
    /// Who answers, for a person.
    var boundary: String {
        if let whyByRule { return "the deterministic boundary: \(whyByRule)" }
        return scheduler.withLock { $0.availableMinds(at: .now()) }.joined(separator: ", ")
    }

    /// Why the deterministic boundary answers; nil when a mind does.
    private var whyByRule: String? {
        if settings.minds.isEmpty { return "no mind is configured" }
        return scheduler.withLock { $0.availableMinds(at: .now()) }.isEmpty
            ? "no mind is available, their circuit breakers are open" : nil
    }

    /// For `$SRV.STATS`, `nimmer status` and the command `status`.
    var status: JSON {
        let own = counters.withLock { $0 }
        let (scheduled, waiting, asking) = scheduler.withLock {
            ($0.counters, $0.waitingRequests, $0.askingRequests)
        }
        let why = whyByRule
        return [
            "boundary": .string(why == nil ? "model" : "deterministic"), "why": why.map { .string($0) } ?? .null,
            "minds": .array(settings.minds.map { .string($0.name) }), "commands": .string(settings.commands.rawValue),
            "taken": .number(Double(scheduled.taken)), "answered": .number(Double(own.answered)),
            "by_mind": .number(Double(scheduled.byMind)), "by_rule": .number(Double(scheduled.byRule)),
            "merged": .number(Double(scheduled.merged)), "expired": .number(Double(scheduled.expired)),
            "given_back": .number(Double(scheduled.givenBack)), "invalid": .number(Double(scheduled.invalid)),
            "repeated": .number(Double(own.repeated)), "rejected": .number(Double(own.rejected)),
            "waiting": .number(Double(waiting)), "asking": .number(Double(asking)),
            "acts_open": .number(Double(acts.open)),
        ]
    }

    /// What the bridge tells on `/metrics`.
    func measure(into page: inout MetricsPage) {
        let own = counters.withLock { $0 }
        let scheduled = scheduler.withLock { $0.counters }
        page.counter("nimmer_questions_total", "Questions taken from the stream.", scheduled.taken)
        page.counter("nimmer_answers_total", "Questions answered.", own.answered)
        page.counter("nimmer_answers_by_mind_total", "Questions that a mind answered.", scheduled.byMind)
        page.counter("nimmer_answers_by_rule_total", "Questions that the boundary answered by rule.", scheduled.byRule)
        page.counter("nimmer_answers_invalid_total", "Answers of minds that were refused.", scheduled.invalid)
        page.counter("nimmer_questions_merged_total", "Questions merged into newer ones.", scheduled.merged)
        page.counter("nimmer_questions_expired_total", "Questions that came too late to be asked.", scheduled.expired)
        page.counter("nimmer_questions_repeated_total", "Questions that were answered before.", own.repeated)
        page.counter("nimmer_rejected_total", "Messages refused because they could not be understood.", rejects.count)
    }
}
