/// Something that could be done about a collapse.
public struct SuggestedAction: Hashable, Sendable {
    /// The action.
    public var action: String
    /// How apt it is.
    public var confidence: Double

    /// One of its parts.
    public init(
        action: String, confidence: Double
    ) {
        self.action = action
        self.confidence = confidence
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("action", .name(128), "The action."),
        .required("confidence", .fraction, "How apt it is."),
    ]

    init(_ fields: FieldReader) {
        action = fields.text("action")
        confidence = fields.number("confidence")
    }

    /// The part as it stands on the wire.
    public var json: JSON {
        [
            "action": .string(action),
            "confidence": .number(confidence),
        ]
    }
}

/// A question to a mind about a collapse (protocol.md, CognitiveRequest).
public struct CognitiveRequest: MessageBody {
    /// The request; named after the collapse.
    public var requestID: MessageID
    /// The collapse that it is about.
    public var collapseID: MessageID
    /// What kind of event it is.
    public var eventType: String
    /// What it is about.
    public var domain: Token
    /// The collapse's confidence.
    public var confidence: Double
    /// What is known: region, witnesses and their content.
    public var structuredInput: JSON
    /// What could be done.
    public var suggestedActions: [SuggestedAction]
    /// What may be spent, in LF.
    public var processingBudgetLF: Double
    /// How long an answer may take.
    public var responseTimeoutMilliseconds: Int
    /// When an answer is of no use any more.
    public var expiresAt: Timestamp

    /// A message body of its parts.
    public init(
        requestID: MessageID, collapseID: MessageID, eventType: String, domain: Token, confidence: Double,
        structuredInput: JSON, suggestedActions: [SuggestedAction] = [], processingBudgetLF: Double,
        responseTimeoutMilliseconds: Int, expiresAt: Timestamp
    ) {
        self.requestID = requestID
        self.collapseID = collapseID
        self.eventType = eventType
        self.domain = domain
        self.confidence = confidence
        self.structuredInput = structuredInput
        self.suggestedActions = suggestedActions
        self.processingBudgetLF = processingBudgetLF
        self.responseTimeoutMilliseconds = responseTimeoutMilliseconds
        self.expiresAt = expiresAt
    }

    public static let type = MessageType.cognitiveRequest
    public static let meaning = "A question to a mind about one collapse."
    public static let fields: [Field] = [
        .required("request_id", .uuid, "The request; named after the collapse."),
        .required("collapse_id", .uuid, "The collapse that it is about."),
        .required("event_type", .name(128), "What kind of event it is."),
        .required("domain", .token, "What it is about."),
        .required("confidence", .fraction, "The collapse's confidence."),
        .required("structured_input", .opaque, "What is known: region, witnesses and their content."),
        .optional("suggested_actions", .list(.record(SuggestedAction.fields), 64), "What could be done."),
        .required("processing_budget_lf", .notNegative, "What may be spent, in LF."),
        .required("response_timeout_ms", .whole(1...86400000), "How long an answer may take."),
        .required("expires_at", .time, "When an answer is of no use any more."),
    ]

    public init(_ fields: FieldReader) {
        requestID = fields.id("request_id")
        collapseID = fields.id("collapse_id")
        eventType = fields.text("event_type")
        domain = fields.token("domain")
        confidence = fields.number("confidence")
        structuredInput = fields.any("structured_input") ?? [:]
        suggestedActions = fields.records("suggested_actions").map(SuggestedAction.init)
        processingBudgetLF = fields.number("processing_budget_lf")
        responseTimeoutMilliseconds = fields.whole("response_timeout_ms")
        expiresAt = fields.time("expires_at")
    }

    public var json: JSON {
        [
            "request_id": .string(requestID.text),
            "collapse_id": .string(collapseID.text),
            "event_type": .string(eventType),
            "domain": .string(domain.text),
            "confidence": .number(confidence),
            "structured_input": structuredInput,
            "suggested_actions": .array(suggestedActions.map(\.json)),
            "processing_budget_lf": .number(processingBudgetLF),
            "response_timeout_ms": .number(Double(responseTimeoutMilliseconds)),
            "expires_at": .string(expiresAt.rfc3339),
        ]
    }
}

/// Who answered.
public enum Boundary: String, CaseIterable, Sendable, Hashable {
    /// A mind, through the boundary.
    case model
    /// The boundary itself, by rule.
    case deterministic
}

/// How a request ended.
public enum ResponseOutcome: String, CaseIterable, Sendable, Hashable {
    /// With an answer.
    case answered
    /// Its time was over before an answer.
    case expired
    /// It was not allowed: budget, policy or the mind refused.
    case refused
    /// It was merged into a newer request of its region, whose answer stands for both.
    case merged
    /// No mind could be reached.
    case unavailable
    /// The answer broke its schema and was not used.
    case invalid
}

/// The mind that answered.
public struct Mind: Hashable, Sendable {
    /// The model.
    public var model: String
    /// Where it runs, without credentials.
    public var server: String

    /// One of its parts.
    public init(
        model: String, server: String
    ) {
        self.model = model
        self.server = server
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("model", .text(128), "The model."),
        .required("server", .text(256), "Where it runs, without credentials."),
    ]

    init(_ fields: FieldReader) {
        model = fields.text("model")
        server = fields.text("server")
    }

    /// The part as it stands on the wire.
    public var json: JSON {
        [
            "model": .string(model),
            "server": .string(server),
        ]
    }
}

/// A command that a decision asks for.
public struct DownstreamCommand: Hashable, Sendable {
    /// The cell, nerve or organ.
    public var target: String
    /// The command.
    public var command: String
    /// Its arguments.
    public var payload: JSON

    /// One of its parts.
    public init(
        target: String, command: String, payload: JSON = [:]
    ) {
        self.target = target
        self.command = command
        self.payload = payload
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("target", .name(128), "The cell, nerve or organ."),
        .required("command", .name(128), "The command."),
        .optional("payload", .opaque, "Its arguments."),
    ]

    init(_ fields: FieldReader) {
        target = fields.text("target")
        command = fields.text("command")
        payload = fields.has("payload") ? fields.any("payload") ?? [:] : [:]
    }

    /// The part as it stands on the wire.
    public var json: JSON {
        [
            "target": .string(target),
            "command": .string(command),
            "payload": payload,
        ]
    }
}

/// The answer to a request: a decision (protocol.md, CognitiveResponse).
public struct CognitiveResponse: MessageBody {
    /// The request that it answers.
    public var requestID: MessageID
    /// The decision, in a word or a sentence.
    public var decision: String
    /// The structured answer.
    public var result: JSON
    /// The commands that are allowed.
    public var downstreamCommands: [DownstreamCommand]
    /// The mind that answered; absent for the deterministic boundary.
    public var mind: Mind?
    /// Who answered: a model or the deterministic boundary.
    public var boundary: Boundary
    /// What was spent, in LF.
    public var lifeforceSpent: Double
    /// How long it took.
    public var processingTimeMilliseconds: Double
    /// How the request ended.
    public var outcome: ResponseOutcome

    /// A message body of its parts.
    public init(
        requestID: MessageID, decision: String, result: JSON = .null, downstreamCommands: [DownstreamCommand] = [],
        mind: Mind? = nil, boundary: Boundary = .deterministic, lifeforceSpent: Double = 0,
        processingTimeMilliseconds: Double = 0,
        outcome: ResponseOutcome
    ) {
        self.requestID = requestID
        self.decision = decision
        self.result = result
        self.downstreamCommands = downstreamCommands
        self.mind = mind
        self.boundary = boundary
        self.lifeforceSpent = lifeforceSpent
        self.processingTimeMilliseconds = processingTimeMilliseconds
        self.outcome = outcome
    }

    public static let type = MessageType.cognitiveResponse
    public static let meaning = "The answer to a request: a decision and the commands that it asks for."
    public static let fields: [Field] = [
        .required("request_id", .uuid, "The request that it answers."),
        .required("decision", .text(1024), "The decision, in a word or a sentence."),
        .optional("result", .anything, "The structured answer."),
        .optional(
            "downstream_commands", .list(.record(DownstreamCommand.fields), 64), "The commands that are allowed."),
        .optional("mind", .record(Mind.fields), "The mind that answered; absent for the deterministic boundary."),
        .required(
            "boundary", .word(Boundary.allCases.map(\.rawValue)), "Who answered: a model or the deterministic boundary."
        ),
        .optional("lifeforce_spent", .notNegative, "What was spent, in LF."),
        .optional("processing_time_ms", .notNegative, "How long it took."),
        .required("outcome", .word(ResponseOutcome.allCases.map(\.rawValue)), "How the request ended."),
    ]

    public init(_ fields: FieldReader) {
        requestID = fields.id("request_id")
        decision = fields.text("decision")
        result = fields.has("result") ? fields.any("result") ?? .null : .null
        downstreamCommands = fields.records("downstream_commands").map(DownstreamCommand.init)
        mind = fields.has("mind") ? Mind(fields.record("mind")) : nil
        boundary = Boundary(rawValue: fields.text("boundary")) ?? .deterministic
        lifeforceSpent = fields.number("lifeforce_spent")
        processingTimeMilliseconds = fields.number("processing_time_ms")
        outcome = ResponseOutcome(rawValue: fields.text("outcome")) ?? .invalid
    }

    public var json: JSON {
        var object: JSONObject = [
            "request_id": .string(requestID.text),
            "decision": .string(decision),
            "result": result,
            "downstream_commands": .array(downstreamCommands.map(\.json)),
            "boundary": .string(boundary.rawValue),
            "lifeforce_spent": .number(lifeforceSpent),
            "processing_time_ms": .number(processingTimeMilliseconds),
            "outcome": .string(outcome.rawValue),
        ]
        object["mind"] = mind.map { $0.json }
        return .object(object)
    }
}
