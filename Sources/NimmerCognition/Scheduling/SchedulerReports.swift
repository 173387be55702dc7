import NimmerSystem
import NimmerWave

// A scheduler's reports about its minds.

extension Scheduler {
    /// The minds that would be asked now, by name.
    public func availableMinds(at now: Timestamp) -> [String] {
        mindStates.filter { $0.breaker.answer(at: now) != .refuse }.map(\.settings.name)
    }

    /// Requests that wait for a mind, those that were merged counted once.
    public var waitingRequests: Int { waiting.count }
    /// Requests in the hands of minds.
    public var askingRequests: Int { running.count }

    /// Heartbeats of the minds (protocol.md, Heartbeat).
    public func heartbeats(at now: Timestamp) -> [Heartbeat] {
        mindStates.compactMap { mindState in
            (try? Token(mindState.settings.name)).map { name in
                Heartbeat(
                    mind: name, state: mindState.breaker.state(at: now), queue: waiting.count,
                    latencyMilliseconds: mindState.latency, tokensPerSecond: mindState.tokensPerSecond,
                    answered: mindState.answered)
            }
        }
    }

    /// Questions and costs of each mind, in the order of preference.
    public func accounts(at now: Timestamp) -> [MindAccount] {
        mindStates.map { mindState in
            MindAccount(
                name: mindState.settings.name, isAvailable: mindState.breaker.answer(at: now) != .refuse,
                asked: mindState.asked,
                answered: mindState.answered, refused: mindState.invalid, failed: mindState.failed,
                spent: mindState.spent,
                budget: mindState.budget)
        }
    }

    /// State of a mind, for `nimmer mind list`.
    public func report(on mind: String, at now: Timestamp) -> JSONObject {
        guard let mindState = mindStates.first(where: { $0.settings.name == mind }) else { return [:] }
        return [
            "state": .string(mindState.breaker.state(at: now).rawValue), "asking": .number(Double(mindState.running)),
            "asked": .number(Double(mindState.asked)), "answered": .number(Double(mindState.answered)),
            "invalid": .number(Double(mindState.invalid)), "failed": .number(Double(mindState.failed)),
            "last_failure": .string(mindState.lastFailure), "latency_ms": .number(mindState.latency.rounded()),
            "tokens_per_second": .number((mindState.tokensPerSecond * 10).rounded() / 10),
        ]
    }

    /// Spending, limits and waiting requests, for `nimmer mind budget`.
    public func budgets(at now: Timestamp) -> JSON {
        var minds = JSONObject()
        for mindState in mindStates { minds[mindState.settings.name] = mindState.budget.json(at: now) }
        var regions = JSONObject()
        for regionBudget in regionBudgets { regions[regionBudget.region] = regionBudget.budget.json(at: now) }
        let waits: [JSON] = waiting.prefix(64).map { entry in
            [
                "request_id": .string(entry.id.text), "region": .string(entry.region),
                "confidence": .number(entry.priority), "merged": .number(Double(entry.merged.count)),
                "waits_for": .string(entry.waitingFor), "expires_at": .string(clock.wall(entry.expiresAt).rfc3339),
            ]
        }
        return ["minds": .object(minds), "regions": .object(regions), "waiting": .array(waits)]
    }

    /// Counts what a question cost that was asked outside the queue.
    public mutating func account(_ outcome: AskOutcome, mind index: Int, region: String, at now: Timestamp) {
        guard mindStates.indices.contains(index) else { return }
        let usage =
            switch outcome {
            case .answered(_, let usage, _, _): usage
            case .failed(_, let usage): usage
            }
        let cost = mindStates[index].cost(usage)
        mindStates[index].spent = mindStates[index].spent + cost
        spend(cost, mind: index, region: region, at: now)
    }
}
