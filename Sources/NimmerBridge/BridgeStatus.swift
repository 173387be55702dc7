import NimmerCognition
import NimmerProcess
import NimmerSystem
import NimmerWave
import Synchronization

// What the bridge reports about itself.

extension BridgeProcess {
    /// Current answerer, for a person.
    var boundary: String {
        if let whyByRule { return "the deterministic boundary: \(whyByRule)" }
        return scheduler.withLock { $0.availableMinds(at: $0.clock.read(.now())) }.joined(separator: ", ")
    }

    /// Reason why the deterministic boundary answers; nil when a mind does.
    private var whyByRule: String? {
        if settings.minds.isEmpty { return "no mind is configured" }
        return scheduler.withLock { $0.availableMinds(at: $0.clock.read(.now())) }.isEmpty
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
            "cut_off": .number(Double(scheduled.cutOff)),
            "repeated": .number(Double(answers.withLock { $0.repeated })),
            "rejected": .number(Double(own.rejected)),
            "waiting": .number(Double(waiting)), "asking": .number(Double(asking)),
            "acts_open": .number(Double(acts.open)), "suspects": .number(Double(suspects.suspected)),
            "set_aside": .number(Double(suspects.setAside)), "unacknowledged": .number(Double(stores.waiting)),
            "recall": recalling.json,
            "degraded": stores.trouble.map { .string("streams do not take answers: \($0)") } ?? .null,
        ]
    }

    /// Writes the metrics of the bridge for `/metrics`.
    func measure(into page: inout MetricsPage) {
        let own = counters.withLock { $0 }
        let scheduled = scheduler.withLock { $0.counters }
        page.counter("nimmer_questions_total", "Questions taken from the stream.", scheduled.taken)
        page.counter("nimmer_answers_total", "Questions answered.", own.answered)
        page.counter("nimmer_answers_by_mind_total", "Questions that a mind answered.", scheduled.byMind)
        page.counter("nimmer_answers_by_rule_total", "Questions that the boundary answered by rule.", scheduled.byRule)
        page.counter("nimmer_answers_invalid_total", "Answers of minds that were refused.", scheduled.invalid)
        page.counter(
            "nimmer_answers_cut_off_total", "Answers of minds whose tokens ran out before they were whole.",
            scheduled.cutOff)
        page.counter("nimmer_questions_merged_total", "Questions merged into newer ones.", scheduled.merged)
        page.counter("nimmer_questions_expired_total", "Questions that came too late to be asked.", scheduled.expired)
        page.counter(
            "nimmer_questions_repeated_total", "Questions that came again.",
            answers.withLock { $0.repeated })
        page.counter("nimmer_rejected_total", "Messages refused because they could not be understood.", rejects.count)
        page.counter(
            "nimmer_set_aside_total", "Messages set aside, since the process ended by them.", suspects.setAside)
        stores.measure(into: &page)
        recalling.measure(into: &page)
        let now = scheduler.withLock { $0.clock.read(.now()) }
        for mind in scheduler.withLock({ $0.accounts(at: now) }) { measure(mind, at: now, into: &page) }
        for (mind, load) in zip(settings.minds, loads) {
            page.gauge(
                "nimmer_mind_loading_seconds",
                "How long a question has been left with the mind, so that it loads its model.",
                (load.loadingMilliseconds ?? 0) / 1000, ["mind": mind.name])
        }
    }

    private func measure(_ mind: MindAccount, at now: Timestamp, into page: inout MetricsPage) {
        let of: KeyValuePairs = ["mind": mind.name]
        page.gauge("nimmer_mind_available", "Whether the mind would be asked now.", mind.isAvailable ? 1 : 0, of)
        page.counter("nimmer_mind_calls_total", "Questions put to the mind.", mind.asked, of)
        page.counter("nimmer_mind_answers_total", "Answers of the mind.", mind.answered, of)
        page.counter("nimmer_mind_refusals_total", "Answers of the mind that were refused.", mind.refused, of)
        page.counter("nimmer_mind_failures_total", "Questions that failed at the mind's server.", mind.failed, of)
        page.counter("nimmer_mind_tokens_total", "Tokens read and written by the mind.", mind.spent.tokens, of)
        page.counter("nimmer_mind_lifeforce_total", "Lifeforce that the mind cost.", mind.spent.lifeforce, of)
        let limits = mind.budget.limits
        let periods = [
            ("minute", mind.budget.spentThisMinute(at: now), limits.lfPerMinute, limits.tokensPerMinute),
            ("day", mind.budget.spentToday(at: now), limits.lfPerDay, limits.tokensPerDay),
        ]
        for (period, spent, lifeforce, tokens) in periods {
            for (unit, value, limit) in [
                ("lifeforce", spent.lifeforce, lifeforce), ("tokens", Double(spent.tokens), tokens.map(Double.init)),
            ] {
                let of: KeyValuePairs = ["mind": mind.name, "period": period, "unit": unit]
                page.gauge("nimmer_mind_budget_spent", "Spent within the minute or the day (UTC).", value, of)
                guard let limit else { continue }
                page.gauge("nimmer_mind_budget_limit", "What may be spent in that time; absent: no bound.", limit, of)
            }
        }
    }
}
