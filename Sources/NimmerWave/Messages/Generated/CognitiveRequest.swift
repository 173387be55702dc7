// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// A question to a mind about a collapse (protocol.md, CognitiveRequest).
public struct CognitiveRequest: MessageBody {
    /// The request; named after the collapse.
    public var requestID: MessageID
    /// The collapse that it is about.
    public var collapseID: MessageID
    /// Kind of event (at most 128 bytes).
    public var eventType: String
    /// Domain.
    public var domain: Token
    /// The collapse's confidence (0…1).
    public var confidence: Double
    /// Input: region, witnesses and their content.
    public var structuredInput: JSON
    /// Actions that could be taken (at most 64).
    public var suggestedActions: [SuggestedAction]
    /// Limit of the spending, in LF (at least 0).
    public var processingBudgetLF: Double
    /// Timeout of an answer, in milliseconds (1…86400000).
    public var responseTimeoutMilliseconds: Int
    /// Time at which the request expires.
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
        .required("event_type", .name(128), "Kind of event."),
        .required("domain", .token, "Domain."),
        .required("confidence", .fraction, "The collapse's confidence."),
        .required("structured_input", .opaque, "Input: region, witnesses and their content."),
        .optional("suggested_actions", .list(.record(SuggestedAction.fields), 64), "Actions that could be taken."),
        .required("processing_budget_lf", .notNegative, "Limit of the spending, in LF."),
        .required("response_timeout_ms", .whole(1...86400000), "Timeout of an answer, in milliseconds."),
        .required("expires_at", .time, "Time at which the request expires."),
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
