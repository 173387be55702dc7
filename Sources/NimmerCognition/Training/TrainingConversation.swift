import NimmerWave

/// A request to a mind and its answer as a conversation, for fine-tuning the structured boundary: exactly the texts and the schema that the
/// boundary sends, and exactly the answer that it accepts.
public struct TrainingConversation: Sendable, Hashable {
    /// Judgement of an answer by the outcome of its opening.
    public enum Judgement: Sendable, Hashable {
        /// Reality bears it out.
        case good
        /// Reality contradicts it.
        case bad
    }

    /// Reason why an answer is not an example.
    public enum Unusable: Error, Sendable, Hashable {
        /// The deterministic boundary decided, or a reflex.
        case byRule
        /// The mind called itself unsure, or its reason was not kept.
        case unsure
        /// The outcome is partial, which judges nothing.
        case partial
        /// The schema of today would refuse it: what was wrong first.
        case refused(String)
    }

    /// Kind of request: those of one kind can be compared.
    public struct Kind: Sendable, Hashable {
        /// The region.
        public var region: String
        /// Kind of event.
        public var eventType: String
        /// Domain.
        public var domain: String
        /// The actions to choose from, by name.
        public var actions: [String]
    }

    /// The request's id.
    public let request: MessageID
    /// Time at which it was made.
    public let askedAt: Timestamp
    /// Kind of request.
    public let kind: Kind
    /// System text.
    public let system: String
    /// User text.
    public let user: String
    /// The answer: one JSON object.
    public let answer: String
    /// The action that it chose.
    public let action: String
    /// Indicates whether it called the opening a false alarm.
    public let isFalseAlarm: Bool
    /// The JSON Schema of an answer.
    public let schema: JSON
    /// The outcome of the opening.
    public let result: VerificationResult
    /// Judgement of the answer by that outcome.
    public let judgement: Judgement

    /// Makes the conversation of an answered request.
    ///
    /// - Parameters:
    ///   - region: that of the opening.
    ///   - result: the accepted outcome of the opening.
    ///   - about: the system file's text for every mind.
    ///   - catalogue: the commands that may be asked for; others that an answer held are left out of it.
    ///   - promptBytes: bytes that both texts may have together.
    /// - Throws: why the answer is not an example.
    public init(
        _ request: Envelope<CognitiveRequest>, _ response: CognitiveResponse, region: Region,
        result: VerificationResult, about: String = "", catalogue: CommandCatalogue = CommandCatalogue(),
        promptBytes: Int = 8_192
    ) throws(Unusable) {
        guard response.boundary == .model, let record = response.record, !record.isReflex else { throw .byRule }
        guard !record.isUnsure, let reason = record.reason, let confidence = record.confidence else { throw .unsure }
        guard let judgement = Self.judgement(isFalseAlarm: record.isFalseAlarm, result) else { throw .partial }
        let contract = DecisionContract(request.body, catalogue: catalogue)
        var object: JSONObject = [
            "reason": .string(reason), "action": .string(response.decision), "confidence": .number(confidence),
            "unsure": false,
        ]
        if contract.isOfOpening || record.isFalseAlarm { object["false_alarm"] = .bool(record.isFalseAlarm) }
        if !catalogue.entries.isEmpty {
            let known = response.downstreamCommands.filter { command in
                catalogue.entries.contains { $0.target == command.target && $0.command == command.command }
            }
            object["commands"] = .array(
                known.map {
                    [
                        "target": .string($0.target), "command": .string($0.command), "payload": $0.payload.resolved,
                    ]
                })
        }
        let answer = JSON.object(object)
        switch contract.check(answer.bytes) {
        case .valid: break
        case .invalid(let problems), .cutOff(_, let problems): throw .refused(problems.first ?? "no reason given")
        }
        let prompt = Prompt(
            request.body, contract: contract, about: about, maximumBytes: promptBytes, at: request.header.timestamp)
        self.request = request.body.requestID
        askedAt = request.header.timestamp
        kind = Kind(
            region: region.text, eventType: request.body.eventType, domain: request.body.domain.text,
            actions: contract.actions.sorted())
        system = prompt.system
        user = prompt.user
        self.answer = answer.text
        action = response.decision
        isFalseAlarm = record.isFalseAlarm
        schema = contract.schema
        self.result = result
        self.judgement = judgement
    }

    /// Judgement of an answer: one that calls the opening a false alarm is right where it failed, every other where it was confirmed; nil for
    /// a partial outcome.
    public static func judgement(isFalseAlarm: Bool, _ result: VerificationResult) -> Judgement? {
        switch result {
        case .confirmed: isFalseAlarm ? .bad : .good
        case .failed: isFalseAlarm ? .good : .bad
        case .partial: nil
        }
    }

    /// The conversation as one line of the chat form. The schema is a text: trainers read columns, and the schemas of requests differ.
    public var json: JSON {
        [
            "messages": .array(question + [Self.message("assistant", answer)]), "schema": .string(schema.text),
            "request": .string(request.text), "asked_at": .string(askedAt.rfc3339), "region": .string(kind.region),
            "outcome": .string(result.rawValue),
        ]
    }

    /// The messages before the answer.
    var question: [JSON] { [Self.message("system", system), Self.message("user", user)] }

    static func message(_ role: String, _ content: String) -> JSON {
        ["role": .string(role), "content": .string(content)]
    }
}
