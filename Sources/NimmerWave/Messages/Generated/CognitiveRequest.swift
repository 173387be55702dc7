// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// A question to a mind about a collapse (protocol.md, CognitiveRequest).
public struct CognitiveRequest: MessageBody {
    /// The request; named after the collapse.
    public var requestID: MessageID
    /// The collapse that it is about.
    public var collapseID: MessageID
    /// What kind of event it is (at most 128 bytes).
    public var eventType: String
    /// What it is about.
    public var domain: Token
    /// The collapse's confidence (0…1).
    public var confidence: Double
    /// What is known: region, witnesses and their content.
    public var structuredInput: JSON
    /// What could be done (at most 64).
    public var suggestedActions: [SuggestedAction]
    /// What may be spent, in LF (at least 0).
    public var processingBudgetLF: Double
    /// How long an answer may take (1…86400000).
    public var responseTimeoutMilliseconds: Int
    /// When an answer is of no use any more.
    public var expiresAt: Timestamp

    /// A body of these values.
    public init(
        requestID: MessageID,
        collapseID: MessageID,
        eventType: String,
        domain: Token,
        confidence: Double,
        structuredInput: JSON,
        suggestedActions: [SuggestedAction] = [],
        processingBudgetLF: Double,
        responseTimeoutMilliseconds: Int,
        expiresAt: Timestamp
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

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        requestID = try fields.required(0)
        collapseID = try fields.required(1)
        eventType = try fields.required(2)
        domain = try fields.required(3)
        confidence = try fields.required(4)
        structuredInput = try fields.required(5)
        suggestedActions = try fields.optional(6) ?? []
        processingBudgetLF = try fields.required(7)
        responseTimeoutMilliseconds = try fields.required(8)
        expiresAt = try fields.required(9)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("request_id", requestID)
            out.member("collapse_id", collapseID)
            out.member("event_type", eventType)
            out.member("domain", domain.text)
            out.member("confidence", confidence)
            out.member("structured_input", structuredInput)
            out.member("suggested_actions", list: suggestedActions) { $0.write(&$1) }
            out.member("processing_budget_lf", processingBudgetLF)
            out.member("response_timeout_ms", Double(responseTimeoutMilliseconds))
            out.member("expires_at", expiresAt)
        }
    }
}
