import NimmerSystem
import NimmerWave

// How requests leave the scheduler: the responses.

extension Scheduler {
    /// A mind decided.
    mutating func conclude(
        _ entry: WaitingRequest, _ decision: Decision, _ mind: Mind, at now: Timestamp
    ) -> SchedulerAction {
        counters.byMind += 1
        // A mind that calls itself unsure may decide when there is no better one, but it commands nothing.
        let isUnsure = entry.asked.last?.verdict != "valid"
        let commands = isUnsure ? [] : decision.commands
        var record = record(entry, commands: commands, at: now)
        record.reason = Prompt.cut(decision.reason, 1024)
        record.confidence = decision.confidence
        record.isUnsure = isUnsure
        record.isFalseAlarm = decision.isFalseAlarm && !isUnsure
        return respond(
            entry, decision.action, record, commands: commands, mind: mind, boundary: .model, outcome: .answered,
            at: now)
    }

    /// No mind is left, or none may be asked in time: the surest of the unsure, or the deterministic boundary.
    mutating func fallBack(_ entry: WaitingRequest, at now: Timestamp) -> SchedulerAction {
        if entry.expiresAt <= now { return expire(entry, at: now) }
        if let (decision, mind) = entry.unsure { return conclude(entry, decision, mind, at: now) }
        counters.byRule += 1
        var record = record(entry, commands: [], at: now)
        record.why = why(entry, at: now)
        let action = DeterministicBoundary.decide(entry.request, &record)
        return respond(entry, action, record, boundary: .deterministic, outcome: .answered, at: now)
    }

    private func why(_ entry: WaitingRequest, at now: Timestamp) -> String {
        if mindStates.isEmpty { return "no mind is configured" }
        if entry.asked.isEmpty { return "no mind is available: the circuit breakers are open" }
        if entry.spent >= entry.request.processingBudgetLF { return "the request's budget is spent" }
        if let until = entry.askUntil, now >= until { return "no valid answer came in time" }
        return "no mind gave a valid answer"
    }

    /// Its time is over (protocol.md: "an expired one is answered `expired`, never dropped").
    mutating func expire(_ entry: WaitingRequest, at now: Timestamp) -> SchedulerAction {
        counters.expired += 1
        var record = record(entry, commands: [], at: now)
        record.expiredAt = entry.request.expiresAt
        record.seenAt = clock.wall(now)
        if !entry.waitingFor.isEmpty { record.waitedFor = Prompt.cut(entry.waitingFor, 1024) }
        return respond(entry, "expired", record, boundary: .deterministic, outcome: .expired, at: now)
    }

    /// A reflex acts at once, by rule; minds are informed afterwards, by a request of its own that names what was done.
    mutating func act(
        _ reflex: BridgeSettings.Reflex, _ entry: WaitingRequest, at now: Timestamp
    ) -> [SchedulerAction] {
        counters.byRule += 1
        counters.reflexes += 1
        var record = record(entry, commands: reflex.commands, at: now)
        record.isReflex = true
        let response = respond(
            entry, reflex.action, record, commands: reflex.commands, boundary: .deterministic, outcome: .answered,
            at: now)
        return [response] + informing(reflex, entry.request, entry.input).map { .inform($0, after: entry.id) }
    }

    /// Returns the requests that inform minds of a reflex's answer, one at most: for a request that comes again after its
    /// answer, since the bridge that answered may have died before.
    public func informing(of request: CognitiveRequest, at now: Timestamp) -> [CognitiveRequest] {
        let expiresAt = clock.process(request.expiresAt)
        guard expiresAt > now else { return [] }
        let entry = WaitingRequest(request, expiresAt: expiresAt, at: now)
        return reflex(of: entry).map { informing($0, request, entry.input) } ?? []
    }

    private func informing(
        _ reflex: BridgeSettings.Reflex, _ request: CognitiveRequest, _ input: EscalationInput?
    ) -> [CognitiveRequest] {
        guard !mindStates.isEmpty, var input else { return [] }
        input.isReflex = false
        input.doneByReflex = ReflexAction(action: reflex.action, commands: reflex.commands)
        var informed = request
        informed.requestID = .informed(request.requestID)
        informed.structuredInput = .raw(input.bytes)
        return [informed]
    }

    /// The answer to a request that was merged into a newer one.
    public static func merged(_ request: MessageID, into newer: MessageID) -> CognitiveResponse {
        CognitiveResponse(
            requestID: request, decision: "merged", result: DecisionRecord(mergedInto: newer).json, outcome: .merged)
    }

    private func record(_ entry: WaitingRequest, commands: [DownstreamCommand], at now: Timestamp) -> DecisionRecord {
        var record = DecisionRecord(eventType: entry.request.eventType, region: entry.region, asked: entry.asked)
        record.recalled = Array(entry.recalled.prefix(Recall.maximumItems))
        if !entry.merged.isEmpty { record.merged = entry.merged.count }
        if !commands.isEmpty {
            record.commands = mode
            let until = mode == .confirm ? now.advanced(milliseconds: confirmWithin) : entry.expiresAt
            if mode != .dryRun { record.commandsUntil = clock.wall(until) }
        }
        return record
    }

    private func respond(
        _ entry: WaitingRequest, _ decision: String, _ record: DecisionRecord, commands: [DownstreamCommand] = [],
        mind: Mind? = nil, boundary: Boundary, outcome: ResponseOutcome, at now: Timestamp
    ) -> SchedulerAction {
        var record = record
        var response = CognitiveResponse(
            requestID: entry.id, decision: Prompt.cut(decision, 1024), result: .raw(record.bytes),
            downstreamCommands: commands, mind: mind, boundary: boundary, lifeforceSpent: entry.spent,
            processingTimeMilliseconds: max(0, now.milliseconds(since: entry.since)), outcome: outcome)
        // A message has at most 64 KiB: what repeats the request goes first, then what was refused.
        for leaveOut in [{ $0.inputs = nil }, { $0.asked = [] }] as [(inout DecisionRecord) -> Void]
        where response.bytes.count > 60_000 {
            leaveOut(&record)
            response.result = .raw(record.bytes)
        }
        return .respond(response, merged: entry.merged)
    }
}
