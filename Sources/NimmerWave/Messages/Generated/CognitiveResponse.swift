// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// The answer to a request: a decision (protocol.md, CognitiveResponse).
public struct CognitiveResponse: MessageBody {
    /// The request that it answers.
    public var requestID: MessageID
    /// The decision, in a word or a sentence (at most 1024 bytes).
    public var decision: String
    /// The structured answer.
    public var result: JSON
    /// The commands that are allowed (at most 64).
    public var downstreamCommands: [DownstreamCommand]
    /// The mind that answered; absent for the deterministic boundary.
    public var mind: Mind?
    /// Kind of answerer: a model or the deterministic boundary.
    public var boundary: Boundary
    /// Amount that was spent, in LF (at least 0).
    public var lifeforceSpent: Double
    /// Duration, in milliseconds (at least 0).
    public var processingTimeMilliseconds: Double
    /// Outcome of the request.
    public var outcome: ResponseOutcome

    /// A body of these values.
    public init(
        requestID: MessageID,
        decision: String,
        result: JSON = .null,
        downstreamCommands: [DownstreamCommand] = [],
        mind: Mind? = nil,
        boundary: Boundary = .deterministic,
        lifeforceSpent: Double = 0,
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
        .optional("downstream_commands", .list(.record(DownstreamCommand.fields), 64), "The commands that are allowed."),
        .optional("mind", .record(Mind.fields), "The mind that answered; absent for the deterministic boundary."),
        .required("boundary", .word(Boundary.allCases.map(\.rawValue)), "Kind of answerer: a model or the deterministic boundary."),
        .optional("lifeforce_spent", .notNegative, "Amount that was spent, in LF."),
        .optional("processing_time_ms", .notNegative, "Duration, in milliseconds."),
        .required("outcome", .word(ResponseOutcome.allCases.map(\.rawValue)), "Outcome of the request."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        requestID = try fields.required(0)
        decision = try fields.required(1)
        result = try fields.optional(2) ?? .null
        downstreamCommands = try fields.optional(3) ?? []
        mind = try fields.optional(4)
        boundary = try fields.required(5)
        lifeforceSpent = try fields.optional(6) ?? 0
        processingTimeMilliseconds = try fields.optional(7) ?? 0
        outcome = try fields.required(8)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("request_id", requestID)
            out.member("decision", decision)
            out.member("result", result)
            out.member("downstream_commands", list: downstreamCommands) { $0.write(&$1) }
            out.member("boundary", boundary.rawValue)
            out.member("lifeforce_spent", lifeforceSpent)
            out.member("processing_time_ms", processingTimeMilliseconds)
            out.member("outcome", outcome.rawValue)
            if let mind { out.member("mind") { mind.write(&$0) } }
        }
    }
}
