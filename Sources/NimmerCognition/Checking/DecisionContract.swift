import NimmerWave

/// Answers that a mind may give to one request: the actions to choose from and the commands that are allowed, as the schema that
/// goes to the server and as the check of what comes back (the same schema, by our own check).
public struct DecisionContract: Sendable, Hashable {
    /// Commands that a decision may hold.
    public static let maximumCommands = 8
    /// Characters that a reason may have.
    public static let maximumReason = 240

    /// The actions to choose from.
    public let actions: [String]
    /// The commands that may be asked for.
    public let catalogue: CommandCatalogue
    /// Indicates whether the request follows from an opening, which a mind may hold for a false alarm.
    public let isOfOpening: Bool

    /// The contract of a request: its suggested actions, or `observe` where there are none.
    public init(_ request: CognitiveRequest, catalogue: CommandCatalogue) {
        var actions: [String] = []
        for suggestion in request.suggestedActions where !actions.contains(suggestion.action) {
            actions.append(suggestion.action)
        }
        if !actions.contains("observe") { actions.append("observe") }
        self.actions = actions
        self.catalogue = catalogue
        isOfOpening = request.input.escalation != nil
    }

    /// The JSON Schema of an answer. All of its properties are required, as servers that hold strictly to a schema demand.
    public var schema: JSON { schema(requiresFalseAlarm: true) }

    /// - Parameter requiresFalseAlarm: false in the check of what comes back: a mind that has nothing to call a false alarm need not state it.
    private func schema(requiresFalseAlarm: Bool) -> JSON {
        var properties: JSONObject = [
            "reason": [
                "type": "string", "maxLength": .number(Double(Self.maximumReason)),
                "description": "why, in one short sentence",
            ],
            "action": ["type": "string", "enum": .array(actions.map { .string($0) })],
            "confidence": ["type": "number", "minimum": 0, "maximum": 1],
            "unsure": ["type": "boolean"],
        ]
        if isOfOpening { properties["false_alarm"] = ["type": "boolean"] }
        if !catalogue.entries.isEmpty {
            properties["commands"] = [
                "type": "array", "maxItems": .number(Double(Self.maximumCommands)),
                "items": ["anyOf": .array(catalogue.entries.map(Self.schema))],
            ]
        }
        let required = properties.keys.filter { requiresFalseAlarm || $0 != "false_alarm" }.map { JSON.string($0) }
        return [
            "type": "object", "properties": .object(properties), "required": .array(required),
            "additionalProperties": false,
        ]
    }

    private static func schema(of entry: CommandCatalogue.Entry) -> JSON {
        [
            "type": "object",
            "properties": [
                "target": ["type": "string", "const": .string(entry.target)],
                "command": ["type": "string", "const": .string(entry.command)], "payload": entry.payload,
            ],
            "required": ["target", "command", "payload"], "additionalProperties": false,
        ]
    }

    /// Reads an answer.
    ///
    /// Nothing but its bytes makes it valid: not the server's word that it kept to the schema, not its reason for stopping.
    ///
    /// - Parameters:
    ///   - answer: its bytes.
    ///   - tokensRanOut: how many tokens the answer could have, where the server reports that these ran out.
    public func check(_ answer: [UInt8], tokensRanOut: Int?) -> AnswerVerdict {
        let verdict = check(answer)
        guard let tokensRanOut, case .invalid(let problems) = verdict else { return verdict }
        let first =
            "the answer was cut off after \(tokensRanOut) tokens (max_tokens)"
            + (answer.isEmpty ? ", none of which was part of the answer: the model thought until they ran out" : "")
        return .cutOff(tokens: tokensRanOut, [first] + (answer.isEmpty ? [] : problems))
    }

    /// Reads an answer that is whole.
    ///
    /// Nothing but its bytes counts: not the server's word that it kept to the schema.
    public func check(_ answer: [UInt8]) -> AnswerVerdict {
        let value: JSON
        do throws(Refusal) {
            value = try JSON(parsing: answer)
        } catch {
            return .invalid(["the answer must be one JSON object and nothing else: \(error.message)"])
        }
        var problems = SchemaCheck.problems(of: value, against: schema(requiresFalseAlarm: false))
        guard problems.isEmpty, let action = value["action"]?.string, let confidence = value["confidence"]?.double,
            let isUnsure = value["unsure"]?.bool
        else { return .invalid(problems) }
        let commands = (value["commands"]?.array ?? []).map { item in
            DownstreamCommand(
                target: item["target"]?.string ?? "", command: item["command"]?.string ?? "",
                payload: item["payload"] ?? [:])
        }
        for (index, command) in commands.enumerated() {
            problems += catalogue.problems(of: command)
            if commands[..<index].contains(command) { problems.append("commands[\(index)] repeats an earlier command") }
        }
        guard problems.isEmpty else { return .invalid(Array(problems.prefix(SchemaCheck.namedProblems))) }
        return .valid(
            Decision(
                action: action, reason: value["reason"]?.string ?? "", confidence: confidence, isUnsure: isUnsure,
                isFalseAlarm: value["false_alarm"]?.bool ?? false, commands: commands))
    }
}

/// Decision of a mind, after the check.
public struct Decision: Sendable, Hashable {
    /// One of the contract's actions.
    public var action: String
    /// Reason, as the mind's text.
    public var reason: String
    /// Confidence of the mind, 0…1.
    public var confidence: Double
    /// Indicates whether the mind is unsure: then the next mind is asked.
    public var isUnsure: Bool
    /// Indicates whether the mind holds the opening for a false alarm.
    public var isFalseAlarm: Bool
    /// Allowed commands with payloads that fit their schemas.
    public var commands: [DownstreamCommand]

    /// Creates a decision.
    public init(
        action: String, reason: String, confidence: Double, isUnsure: Bool, isFalseAlarm: Bool = false,
        commands: [DownstreamCommand] = []
    ) {
        self.isFalseAlarm = isFalseAlarm
        self.action = action
        self.reason = reason
        self.confidence = confidence
        self.isUnsure = isUnsure
        self.commands = commands
    }
}

/// Verdict of the boundary on an answer.
public enum AnswerVerdict: Sendable, Hashable {
    /// It keeps to its contract.
    case valid(Decision)
    /// It does not, and why; it is kept, named `invalid`, and never acted on.
    case invalid([String])
    /// Its tokens ran out before it was whole, as happens to models that think: how many it had, and what is wrong.
    case cutOff(tokens: Int, [String])
}
