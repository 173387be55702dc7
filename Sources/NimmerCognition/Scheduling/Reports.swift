import NimmerSystem
import NimmerWave

// What a scheduler tells about its minds.

extension Scheduler {
    /// The minds that would be asked now, by name.
    public func availableMinds(at now: Timestamp) -> [String] {
        desks.filter { $0.breaker.answer(at: now) != .refuse }.map(\.settings.name)
    }

    /// Requests that wait for a mind, those that were merged counted once.
    public var waitingRequests: Int { waiting.count }
    /// Requests in the hands of minds.
    public var askingRequests: Int { running.count }

    /// What each mind's heartbeat says (protocol.md, Heartbeat).
    public func heartbeats(at now: Timestamp) -> [Heartbeat] {
        desks.compactMap { desk in
            (try? Token(desk.settings.name)).map { name in
                Heartbeat(
                    mind: name, state: desk.breaker.state(at: now), queue: waiting.count,
                    latencyMilliseconds: desk.latency, tokensPerSecond: desk.tokensPerSecond, answered: desk.answered)
            }
        }
    }

    /// What each mind was asked and what it cost, in the order of preference.
    public func accounts(at now: Timestamp) -> [MindAccount] {
        desks.map { desk in
            MindAccount(
                name: desk.settings.name, isAvailable: desk.breaker.answer(at: now) != .refuse, asked: desk.asked,
                answered: desk.answered, refused: desk.invalid, failed: desk.failed, spent: desk.spent,
                budget: desk.budget)
        }
    }

    /// How a mind stands, for `nimmer mind list`.
    public func report(on mind: String, at now: Timestamp) -> JSONObject {
        guard let desk = desks.first(where: { $0.settings.name == mind }) else { return [:] }
        return [
            "state": .string(desk.breaker.state(at: now).rawValue), "asking": .number(Double(desk.running)),
            "asked": .number(Double(desk.asked)), "answered": .number(Double(desk.answered)),
            "invalid": .number(Double(desk.invalid)), "failed": .number(Double(desk.failed)),
            "last_failure": .string(desk.lastFailure), "latency_ms": .number(desk.latency.rounded()),
            "tokens_per_second": .number((desk.tokensPerSecond * 10).rounded() / 10),
        ]
    }

    /// What was spent, of what, and who waits for it: for `nimmer mind budget`.
    public func budgets(at now: Timestamp) -> JSON {
        var minds = JSONObject()
        for desk in desks { minds[desk.settings.name] = desk.budget.json(at: now) }
        var regions = JSONObject()
        for purse in purses { regions[purse.region] = purse.budget.json(at: now) }
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
        guard desks.indices.contains(index) else { return }
        let usage =
            switch outcome {
            case .answered(_, let usage, _, _): usage
            case .failed(_, let usage): usage
            }
        let cost = desks[index].cost(usage)
        desks[index].spent = desks[index].spent + cost
        spend(cost, mind: index, region: region, at: now)
    }
}
