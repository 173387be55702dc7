import NimmerSystem
import NimmerWave

/// Assignment of requests to minds and times, as a value: no clock, no bus, no server (architecture.md, rule 1).
///
/// A request that arrives waits (those of one region merged into the newest) until the first mind of the list that its circuit
/// breaker lets through has a place and a budget; the surest go first. The mind's answer is judged outside and passed to
/// ``finished(_:_:at:)``: a valid answer is the decision; an invalid one is asked for once more with its problems named; after
/// that, after a failure, and after an answer that calls itself unsure, the next mind is asked; when none is left, the
/// deterministic boundary answers. Every request that was taken leaves exactly once, as ``SchedulerAction/respond(_:merged:)``,
/// among the merged of another, or as ``SchedulerAction/giveBack(_:)``.
public struct Scheduler: Sendable {
    /// A question in the hands of a mind.
    struct Running: Sendable {
        var entry: WaitingRequest
        var mind: Int
        var repairs: Int
        var deadline: Timestamp
    }

    /// A budget that the regions of a pattern share.
    struct RegionBudgetState: Sendable {
        var region: String
        var pattern: SubjectPattern
        var budget: Budget
    }

    /// Requests in progress at most, merged ones included; what comes beyond is given back to the stream.
    public static let capacity = 4_096

    /// The time that it schedules in; all its arguments and results are of this clock, except the times in messages.
    /// Who runs it live feeds it with readings.
    public var clock = LiveClock()
    var mindStates: [MindState]
    var regionBudgets: [RegionBudgetState]
    var waiting: [WaitingRequest] = []
    var running: [MessageID: Running] = [:]
    /// Counters since the start.
    public internal(set) var counters = SchedulerCounters()
    private let queue: Int
    private let reflexes: [(pattern: SubjectPattern, reflex: BridgeSettings.Reflex)]
    let mode: CommandMode
    let confirmWithin: Double

    /// A scheduler at rest.
    public init(_ settings: BridgeSettings) {
        mindStates = settings.minds.map(MindState.init)
        regionBudgets = settings.regionBudgets.compactMap { item in
            (try? SubjectPattern(item.region)).map {
                RegionBudgetState(region: item.region, pattern: $0, budget: Budget(item.budget))
            }
        }
        reflexes = settings.events.compactMap { event in
            guard let reflex = event.reflex, let pattern = try? SubjectPattern(event.region) else { return nil }
            return (pattern, reflex)
        }
        queue = settings.queue
        mode = settings.commands
        confirmWithin = Double(settings.confirmWithinMS)
    }

    /// Requests in progress, merged ones included.
    public var held: Int {
        waiting.reduce(running.values.reduce(0) { $0 + 1 + $1.entry.merged.count }) { $0 + 1 + $1.merged.count }
    }

    /// A request came. One that is in progress already (delivered again) changes nothing.
    public mutating func arrive(_ request: CognitiveRequest, at now: Timestamp) -> [SchedulerAction] {
        let id = request.requestID
        guard !holds(id) else { return [] }
        counters.taken += 1
        var entry = WaitingRequest(request, expiresAt: clock.process(request.expiresAt), at: now)
        if entry.expiresAt <= now { return [expire(entry, at: now)] }
        if let reflex = reflex(of: entry) { return act(reflex, entry, at: now) }
        guard held < Self.capacity else { return [giveBack(id)] }
        if let key = entry.mergeKey,
            let older = waiting.firstIndex(where: { $0.mergeKey == key && $0.asked.isEmpty })
        {
            entry.take(waiting.remove(at: older))
            counters.merged += 1
        }
        waiting.append(entry)
        var actions = dispatch(at: now)
        // What a mind was asked already stays, beyond the bound, too: given back it would come again, and be asked again.
        while waiting.count > queue,
            let least = waiting.indices.filter({ waiting[$0].asked.isEmpty })
                .min(by: { Self.before(waiting[$1], waiting[$0]) })
        {
            let dropped = waiting.remove(at: least)
            counters.merged -= dropped.merged.count
            actions += ([dropped.id] + dropped.merged).map { giveBack($0) }
        }
        return actions
    }

    /// Time passed: what expired is answered so, what may go now goes.
    public mutating func tick(at now: Timestamp) -> [SchedulerAction] {
        var actions: [SchedulerAction] = []
        for entry in waiting where entry.expiresAt <= now {
            actions.append(expire(entry, at: now))
        }
        waiting.removeAll { $0.expiresAt <= now }
        return actions + dispatch(at: now)
    }

    /// Time at which ``tick(at:)`` next has something to do.
    public func nextWake(after now: Timestamp) -> Timestamp? {
        guard !waiting.isEmpty else { return nil }
        var moments = waiting.map(\.expiresAt) + waiting.compactMap(\.askUntil)
        for mindState in mindStates {
            if let change = mindState.breaker.nextChange(after: now) { moments.append(change) }
            if let change = mindState.budget.nextChange(after: now) { moments.append(change) }
        }
        for regionBudget in regionBudgets {
            if let change = regionBudget.budget.nextChange(after: now) { moments.append(change) }
        }
        return moments.min()
    }

    /// A mind has answered, or has not.
    ///
    /// - Parameter id: the request; one that is not in a mind's hands changes nothing.
    public mutating func finished(_ id: MessageID, _ outcome: AskOutcome, at now: Timestamp) -> [SchedulerAction] {
        guard var hand = running.removeValue(forKey: id) else { return [] }
        let index = hand.mind
        let asked = account(outcome, hand, at: now)
        hand.entry.asked.append(asked)
        switch outcome {
        case .answered(.valid(let decision), _, let model, _):
            let by = mindStates[index].mind(model: model)
            let isUnsure = decision.isUnsure || decision.confidence < mindStates[index].settings.sureFrom
            if !isUnsure { return release(index, [conclude(hand.entry, decision, by, at: now)], at: now) }
            if decision.confidence >= hand.entry.unsure?.decision.confidence ?? -1 {
                hand.entry.unsure = (decision, by)
            }
        case .answered(.invalid(let problems), _, _, _), .answered(.cutOff(_, let problems), _, _, _):
            let more = outcome.wasCutOff ? mindStates[index].settings.mostTokens : nil
            // More of them may cost more than is left; without more the same would come again.
            let isOfUse = more.map { $0 > mindStates[index].settings.maxTokens } ?? true
            if hand.repairs == 0, isOfUse, mayAskOn(hand.entry, at: now), shortage(index, hand.entry, at: now) == nil {
                hand.repairs = 1
                hand.deadline = deadline(index, hand.entry, at: now)
                running[id] = hand
                mindStates[index].asked += 1
                return [
                    .ask(
                        Ask(
                            request: hand.entry.request, mind: index, repair: problems, maximumTokens: more,
                            recall: hand.entry.recall, deadline: hand.deadline))
                ]
            }
        case .failed: break
        }
        hand.entry.tried.insert(index)
        waiting.append(hand.entry)
        return release(index, [], at: now)
    }

    private mutating func release(
        _ index: Int, _ actions: [SchedulerAction], at now: Timestamp
    ) -> [SchedulerAction] {
        mindStates[index].running -= 1
        return actions + dispatch(at: now)
    }

    /// Gives waiting requests to minds, the surest first.
    private mutating func dispatch(at now: Timestamp) -> [SchedulerAction] {
        var actions: [SchedulerAction] = []
        waiting.sort(by: Self.before)
        var left: [WaitingRequest] = []
        for var entry in waiting {
            if entry.askUntil != nil, !mayAskOn(entry, at: now) {
                actions.append(fallBack(entry, at: now))
                continue
            }
            guard let index = mindStates.indices.first(where: { isAvailable($0, to: entry, at: now) }) else {
                actions.append(fallBack(entry, at: now))
                continue
            }
            if let reason = obstacle(index, entry, at: now) {
                entry.waitingFor = reason
                left.append(entry)
                continue
            }
            actions.append(ask(index, &entry, at: now))
        }
        waiting = left
        return actions
    }

    private mutating func ask(_ index: Int, _ entry: inout WaitingRequest, at now: Timestamp) -> SchedulerAction {
        entry.askUntil =
            entry.askUntil
            ?? min(
                now.advanced(milliseconds: Double(entry.request.responseTimeoutMilliseconds)), entry.expiresAt)
        let deadline = deadline(index, entry, at: now)
        mindStates[index].running += 1
        mindStates[index].asked += 1
        mindStates[index].breaker.begin(at: now)
        running[entry.id] = Running(entry: entry, mind: index, repairs: 0, deadline: deadline)
        return .ask(
            Ask(request: entry.request, mind: index, repair: [], recall: entry.recall, deadline: deadline))
    }

    /// The surer first, then the older, then by id: a total order, so that the same input gives the same output.
    private static func before(_ a: WaitingRequest, _ b: WaitingRequest) -> Bool {
        (b.priority, a.since, a.id) < (a.priority, b.since, b.id)
    }

    private func holds(_ id: MessageID) -> Bool {
        running[id] != nil || waiting.contains { $0.id == id || $0.merged.contains(id) }
            || running.values.contains { $0.entry.merged.contains(id) }
    }

    private mutating func giveBack(_ id: MessageID) -> SchedulerAction {
        counters.givenBack += 1
        return .giveBack(id)
    }

    // MARK: - Whom to ask

    private func isAvailable(_ index: Int, to entry: WaitingRequest, at now: Timestamp) -> Bool {
        !entry.tried.contains(index) && mindStates[index].breaker.answer(at: now) != .refuse
    }

    /// Returns the obstacle between a request and a mind that is available; nil if absent.
    private func obstacle(_ index: Int, _ entry: WaitingRequest, at now: Timestamp) -> String? {
        let name = mindStates[index].settings.name
        if case .wait(let until) = mindStates[index].breaker.answer(at: now) {
            return "\(name) asked to be left alone until \(clock.wall(until).rfc3339)"
        }
        if mindStates[index].running >= mindStates[index].settings.maxConcurrent { return "\(name) is busy" }
        return shortage(index, entry, at: now)
    }

    private func shortage(_ index: Int, _ entry: WaitingRequest, at now: Timestamp) -> String? {
        if let spent = mindStates[index].budget.shortage(at: now) {
            return "the budget of \(mindStates[index].settings.name) is spent: \(spent)"
        }
        if let regionBudget = regionBudgets.first(where: { $0.pattern.matches(entry.region) }),
            let spent = regionBudget.budget.shortage(at: now)
        {
            return "the budget of region \(regionBudget.region) is spent: \(spent)"
        }
        return nil
    }

    /// Returns whether asking may continue: time is left, and what the request may spend is not spent.
    private func mayAskOn(_ entry: WaitingRequest, at now: Timestamp) -> Bool {
        let until = entry.askUntil ?? entry.expiresAt
        let hasMeans = entry.asked.isEmpty || entry.spent < entry.request.processingBudgetLF
        return now < until && hasMeans
    }

    private func deadline(_ index: Int, _ entry: WaitingRequest, at now: Timestamp) -> Timestamp {
        min(
            now.advanced(milliseconds: Double(mindStates[index].settings.timeoutMS)),
            entry.askUntil ?? entry.expiresAt)
    }

    private mutating func account(_ outcome: AskOutcome, _ hand: Running, at now: Timestamp) -> AskedMind {
        let index = hand.mind
        var asked = AskedMind(mind: Prompt.cut(mindStates[index].settings.name, 128), verdict: "")
        let usage: Usage
        switch outcome {
        case .answered(let verdict, let measured, let model, let refused):
            usage = measured
            mindStates[index].breaker.succeed()
            mindStates[index].note(usage)
            mindStates[index].answered += 1
            asked.model = Prompt.cut(model, 128)
            switch verdict {
            case .valid(let decision):
                let isUnsure = decision.isUnsure || decision.confidence < mindStates[index].settings.sureFrom
                asked.verdict = isUnsure ? "unsure" : "valid"
            case .invalid(let problems), .cutOff(_, let problems):
                counters.invalid += 1
                mindStates[index].invalid += 1
                asked.verdict = ResponseOutcome.invalid.rawValue
                if outcome.wasCutOff {
                    counters.cutOff += 1
                    asked.verdict = AskedMind.cutOff
                }
                // A problem may list every action that was expected.
                asked.problems = problems.map { Prompt.cut($0, AskedMind.problemBytes) }
                asked.refused = Prompt.cut(refused, 1024)
            }
        case .failed(let error, let measured):
            usage = measured
            asked.verdict = error.code.rawValue
            asked.problems = [Prompt.cut(error.message, 256)]
            if error.isFaultOfServer {
                mindStates[index].failed += 1
                mindStates[index].lastFailure = Prompt.cut(error.description, 256)
                mindStates[index].breaker.fail(at: now, retryAfter: error.retryAfterMilliseconds.map(Double.init))
            } else {
                mindStates[index].breaker.cancel()
            }
        }
        asked.saw = usage.saw
        asked.leftOut = usage.leftOut.map { Prompt.cut($0, 256) }
        let cost = mindStates[index].cost(usage)
        asked.completionTokens = usage.completionTokens.map { min(max(0, $0), AskedMind.mostTokens) }
        asked.milliseconds = max(0, usage.milliseconds.rounded())
        asked.lifeforce = cost.lifeforce
        asked.tokens = min(max(0, cost.tokens), AskedMind.mostTokens)
        mindStates[index].spent = mindStates[index].spent + cost
        spend(cost, mind: index, region: hand.entry.region, at: now)
        return asked
    }

    mutating func spend(_ cost: Budget.Cost, mind index: Int, region: String, at now: Timestamp) {
        mindStates[index].budget.spend(cost, at: now)
        if let regionBudget = regionBudgets.firstIndex(where: { $0.pattern.matches(region) }) {
            regionBudgets[regionBudget].budget.spend(cost, at: now)
        }
    }

    /// A mind is reminded of earlier decisions; the next mind that is asked will be of the same.
    ///
    /// - Parameters:
    ///   - id: the request; one that is not in a mind's hands changes nothing.
    ///   - recall: what was found, for the next mind.
    ///   - used: those of them that the prompt holds.
    public mutating func remind(_ id: MessageID, of recall: Recall, used: [MessageID]) {
        guard var entry = running[id]?.entry else { return }
        entry.recall = recall
        entry.recalled += used.filter { !entry.recalled.contains($0) }
        running[id]?.entry = entry
    }

    /// Counts what an earlier run spent, by its responses.
    public mutating func recall(_ response: CognitiveResponse, at moment: Timestamp) {
        guard let record = response.record else { return }
        for asked in record.asked {
            guard let index = mindStates.firstIndex(where: { $0.settings.name == asked.mind }) else { continue }
            let cost = Budget.Cost(lifeforce: asked.lifeforce, tokens: asked.tokens)
            spend(cost, mind: index, region: record.region ?? "", at: moment)
        }
    }

    /// A mind's model is loaded: it has answered a question that was given up before.
    public mutating func loaded(mind index: Int) {
        guard mindStates.indices.contains(index) else { return }
        mindStates[index].breaker.succeed()
    }

    func reflex(of entry: WaitingRequest) -> BridgeSettings.Reflex? {
        guard entry.input?.isReflex == true else { return nil }
        return reflexes.first { $0.pattern.matches(entry.region) }?.reflex
    }
}

extension AskedMind {
    /// More tokens than this are written as this many: beyond it, numbers of JSON are not exact.
    static let mostTokens = 1 << 53
    /// Bytes of a problem that are kept; those of the repair are whole.
    static let problemBytes = 4096
    /// The verdict on an answer whose tokens ran out before it was whole.
    static let cutOff = "cut_off"
}

extension AskOutcome {
    /// Indicates whether the answer's tokens ran out before it was whole.
    var wasCutOff: Bool {
        if case .answered(.cutOff, _, _, _) = self { true } else { false }
    }
}
