import NimmerSystem
import NimmerWave

// How requests leave the scheduler: the responses.

extension Scheduler {
    /// A mind decided.
    mutating func conclude(
        _ entry: WaitingRequest, _ decision: Decision, _ mind: Mind, at now: Timestamp
    ) -> SchedulerAction {
        counters.byMind += 1
        // A mind that calls itself unsure may decide for want of a better one, but it commands nothing.
        let isUnsure = entry.asked.last?.verdict != "valid"
        let commands = isUnsure ? [] : decision.commands
        var result = record(entry, commands: commands, at: now)
        result["reason"] = .string(Prompt.cut(decision.reason, 1024))
        result["confidence"] = .number(decision.confidence)
        if isUnsure { result["unsure"] = true }
        return respond(
            entry, decision.action, result, commands: commands, mind: mind, boundary: .model, outcome: .answered,
            at: now)
    }

    /// No mind is left, or none may be asked in time: the surest of the unsure, or the deterministic boundary.
    mutating func fallBack(_ entry: WaitingRequest, at now: Timestamp) -> SchedulerAction {
        if entry.expiresAt <= now { return expire(entry, at: now) }
        if let (decision, mind) = entry.unsure { return conclude(entry, decision, mind, at: now) }
        counters.byRule += 1
        let rule = DeterministicBoundary.decision(entry.request)
        var result = record(entry, commands: [], at: now)
        result["why"] = .string(why(entry, at: now))
        for member in rule.result { result[member.key] = member.value }
        return respond(entry, rule.action, result, boundary: .deterministic, outcome: .answered, at: now)
    }

    private func why(_ entry: WaitingRequest, at now: Timestamp) -> String {
        if desks.isEmpty { return "no mind is configured" }
        if entry.asked.isEmpty { return "no mind is available: the circuit breakers are open" }
        if entry.spent >= entry.request.processingBudgetLF { return "the request's budget is spent" }
        if let until = entry.askUntil, now >= until { return "no valid answer came in time" }
        return "no mind gave a valid answer"
    }

    /// Its time is over (protocol.md: "an expired one is answered `expired`, never dropped").
    mutating func expire(_ entry: WaitingRequest, at now: Timestamp) -> SchedulerAction {
        counters.expired += 1
        var result = record(entry, commands: [], at: now)
        result["expired_at"] = .string(entry.request.expiresAt.rfc3339)
        result["seen_at"] = .string(clock.wall(now).rfc3339)
        if !entry.waitingFor.isEmpty { result["waited_for"] = .string(entry.waitingFor) }
        return respond(entry, "expired", result, boundary: .deterministic, outcome: .expired, at: now)
    }

    /// A reflex acts at once, by rule; minds are told after, with a request of its own that names what was done.
    mutating func act(
        _ reflex: BridgeSettings.Reflex, _ entry: WaitingRequest, at now: Timestamp
    ) -> [SchedulerAction] {
        counters.byRule += 1
        counters.reflexes += 1
        var result = record(entry, commands: reflex.commands, at: now)
        result["reflex"] = true
        let response = respond(
            entry, reflex.action, result, commands: reflex.commands, boundary: .deterministic, outcome: .answered,
            at: now)
        return [response] + told(reflex, entry.request).map { .tell($0, after: entry.id) }
    }

    /// What minds are to be told about a request that a reflex answered, one at most: for a request that comes again after its
    /// answer, since whoever answered may have died before it told them.
    public func telling(of request: CognitiveRequest, at now: Timestamp) -> [CognitiveRequest] {
        let expiresAt = clock.process(request.expiresAt)
        guard expiresAt > now else { return [] }
        return reflex(of: request, region: WaitingRequest(request, expiresAt: expiresAt, at: now).region).map {
            told($0, request)
        } ?? []
    }

    private func told(_ reflex: BridgeSettings.Reflex, _ request: CognitiveRequest) -> [CognitiveRequest] {
        guard !desks.isEmpty else { return [] }
        var input = request.structuredInput.resolved.object ?? [:]
        input["reflex"] = nil
        input["done_by_reflex"] = ["action": .string(reflex.action), "commands": .array(reflex.commands.map(\.json))]
        var told = request
        told.requestID = Self.told(request.requestID)
        told.structuredInput = .object(input)
        return [told]
    }

    /// The id of the request that tells minds what a reflex did.
    public static func told(_ request: MessageID) -> MessageID { .named("told/\(request.text)") }

    /// The answer to a request that was merged into a newer one.
    public static func merged(_ request: MessageID, into newer: MessageID) -> CognitiveResponse {
        CognitiveResponse(
            requestID: request, decision: "merged", result: ["merged_into": .string(newer.text)], outcome: .merged)
    }

    private func record(_ entry: WaitingRequest, commands: [DownstreamCommand], at now: Timestamp) -> JSONObject {
        var result: JSONObject = [
            "event_type": .string(entry.request.eventType), "region": .string(entry.region),
        ]
        if !entry.asked.isEmpty { result["asked"] = .array(entry.asked.map(\.json)) }
        if !entry.merged.isEmpty { result["merged"] = .number(Double(entry.merged.count)) }
        if !commands.isEmpty {
            result["commands"] = .string(mode.rawValue)
            let until = mode == .confirm ? now.advanced(milliseconds: confirmWithin) : entry.expiresAt
            if mode != .dryRun { result["commands_until"] = .string(clock.wall(until).rfc3339) }
        }
        return result
    }

    private func respond(
        _ entry: WaitingRequest, _ decision: String, _ result: JSONObject, commands: [DownstreamCommand] = [],
        mind: Mind? = nil, boundary: Boundary, outcome: ResponseOutcome, at now: Timestamp
    ) -> SchedulerAction {
        var response = CognitiveResponse(
            requestID: entry.id, decision: Prompt.cut(decision, 1024), result: .object(result),
            downstreamCommands: commands, mind: mind, boundary: boundary, lifeforceSpent: entry.spent,
            processingTimeMilliseconds: max(0, now.milliseconds(since: entry.since)), outcome: outcome)
        // A message has at most 64 KiB: what repeats the request goes first, then what was refused.
        for key in ["inputs", "asked"] where response.json.bytes.count > 60_000 {
            var smaller = response.result.object ?? [:]
            smaller[key] = nil
            response.result = .object(smaller)
        }
        return .respond(response, merged: entry.merged)
    }
}
