import NimmerWave

// Rows that are exported for training, out of the store in memory.

extension MemoryContents {
    func trainingExamples(_ query: TrainingQuery, after start: (Timestamp, MessageID)?) -> [TrainingExample] {
        let fromTransitions = transitions.values.filter { $0.environment == query.environment }.map { row in
            TrainingExample(row.message, outcome: outcome(of: row.message.header.messageID, in: row.environment))
        }
        let fromCorrelations = correlations.values.filter { $0.environment == query.environment }.map { row in
            let gate = gates[GateKey(environment: row.environment, gateID: row.message.body.gateID)]
            return TrainingExample(
                row.message, outcome: outcome(for: row), region: gate?.region.text ?? row.message.body.gateID.text)
        }
        return (fromTransitions + fromCorrelations).filter { query.matches($0, after: start) }
            .sorted { ($0.windowEnd, $0.id) < ($1.windowEnd, $1.id) }
            .prefix(query.limit).map { $0 }
    }

    func answers(_ query: TrainingQuery, after start: (Timestamp, MessageID)?) -> [AnsweredRequest] {
        let all = requests.values.compactMap { row -> AnsweredRequest? in
            let request = row.message
            guard row.environment == query.environment, let response = responses[request.body.requestID]?.message,
                response.body.outcome == .answered, let collapse = collapses[request.body.collapseID]?.message.body,
                let outcome = lastOutcome(of: collapse.transitionID, in: row.environment)?.body
            else { return nil }
            return AnsweredRequest(
                request: request, response: response, gateID: collapse.gateID, region: collapse.region,
                opening: collapse.transitionID, result: outcome.result, decidedAt: outcome.at)
        }
        return all.filter { query.matches($0, after: start) }
            .sorted { ($0.askedAt, $0.request.body.requestID) < ($1.askedAt, $1.request.body.requestID) }
            .prefix(query.limit).map { $0 }
    }

    /// The outcome of an opening that labels it: of several the last, unless it was taken back. Opinions of minds, which have a weight, label nothing.
    private func lastOutcome(of opening: MessageID, in environment: Environment) -> Envelope<AcceptedOutcome>? {
        let last = accepted.values.filter {
            $0.environment == environment && $0.message.body.opening == opening && $0.message.body.effect != .reset
                && $0.message.body.weight == nil
        }.max {
            ($0.message.body.at, $0.message.header.messageID) < ($1.message.body.at, $1.message.header.messageID)
        }?.message
        return last?.body.effect == .withdrawal ? nil : last
    }

    private func outcome(of opening: MessageID, in environment: Environment) -> VerificationResult? {
        lastOutcome(of: opening, in: environment)?.body.result
    }

    private func outcome(for row: Remembered<CorrelationEvent>) -> VerificationResult? {
        let body = row.message.body
        return transitions.values
            .filter {
                $0.environment == row.environment && $0.message.body.gateID == body.gateID
                    && $0.message.body.at >= body.windowStart && $0.message.body.at <= body.windowEnd
            }
            .compactMap { lastOutcome(of: $0.message.header.messageID, in: row.environment)?.body }
            .max { $0.at < $1.at }?.result
    }
}

extension TrainingQuery {
    /// Returns whether an example belongs to the answer.
    func matches(_ example: TrainingExample, after start: (Timestamp, MessageID)?) -> Bool {
        if let since, example.windowEnd < since { return false }
        if let until, example.windowEnd >= until { return false }
        if labelledOnly, example.label == nil { return false }
        if let region, !region.matches(example.region) { return false }
        if let start { return (example.windowEnd, example.id) > start }
        return true
    }
}

extension TrainingQuery {
    /// Returns whether an answer belongs to the answers.
    func matches(_ answer: AnsweredRequest, after start: (Timestamp, MessageID)?) -> Bool {
        if let since, answer.askedAt < since { return false }
        if let until, answer.askedAt >= until { return false }
        if let region, !region.matches(answer.region.text) { return false }
        if let start { return (answer.askedAt, answer.request.body.requestID) > start }
        return true
    }
}

extension TrainingExample {
    init(_ message: Envelope<GateTransition>, outcome: VerificationResult?) {
        let body = message.body
        let result =
            switch body.toState {
            case .open: "opened"
            case .closed: "closed"
            case .stable: "released"
            }
        let word = outcome?.rawValue
        self.init(
            kind: .transition, id: message.header.messageID, gateID: body.gateID, region: body.region.text,
            garden: message.header.source.garden,
            windowStart: body.at, windowEnd: body.at, signals: body.json["trigger_signals"] ?? [],
            correlation: body.correlationScore, result: result, outcome: word, label: word)
    }

    init(_ message: Envelope<CorrelationEvent>, outcome: VerificationResult?, region: String) {
        let body = message.body
        let word = outcome?.rawValue
        self.init(
            kind: .correlation, id: message.header.messageID, gateID: body.gateID, region: region,
            garden: message.header.source.garden,
            windowStart: body.windowStart, windowEnd: body.windowEnd, signals: body.json["signals_in_window"] ?? [],
            correlationMatrix: body.json["correlation_matrix"], correlation: body.aggregateCorrelation,
            result: body.result.rawValue, outcome: word, label: body.trainingLabel ?? word)
    }
}
