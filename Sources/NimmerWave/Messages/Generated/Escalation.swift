// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// The terms on which an opening goes up to a mind; an opening without them does not (protocol.md, GateTransition).
public struct Escalation: MessageRecord, FieldValue {
    /// What kind of event it is (at most 128 bytes).
    public var eventType: String
    /// What could be done (at most 64).
    public var suggestedActions: [SuggestedAction]
    /// What may be spent, in LF (at least 0).
    public var processingBudgetLF: Double
    /// How long an answer may take (1…86400000).
    public var responseTimeoutMilliseconds: Int
    /// When an answer is of no use any more.
    public var expiresAt: Timestamp
    /// Whether the gate is a reflex; default false.
    public var isReflex: Bool

    /// A record of these values.
    public init(
        eventType: String,
        suggestedActions: [SuggestedAction] = [],
        processingBudgetLF: Double,
        responseTimeoutMilliseconds: Int,
        expiresAt: Timestamp,
        isReflex: Bool = false
    ) {
        self.eventType = eventType
        self.suggestedActions = suggestedActions
        self.processingBudgetLF = processingBudgetLF
        self.responseTimeoutMilliseconds = responseTimeoutMilliseconds
        self.expiresAt = expiresAt
        self.isReflex = isReflex
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("event_type", .name(128), "What kind of event it is."),
        .optional("suggested_actions", .list(.record(SuggestedAction.fields), 64), "What could be done."),
        .required("processing_budget_lf", .notNegative, "What may be spent, in LF."),
        .required("response_timeout_ms", .whole(1...86400000), "How long an answer may take."),
        .required("expires_at", .time, "When an answer is of no use any more."),
        .optional("reflex", .truth, "Whether the gate is a reflex; default false."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        eventType = try fields.required(0)
        suggestedActions = try fields.optional(1) ?? []
        processingBudgetLF = try fields.required(2)
        responseTimeoutMilliseconds = try fields.required(3)
        expiresAt = try fields.required(4)
        isReflex = try fields.optional(5) ?? false
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("event_type", eventType)
            out.member("suggested_actions", list: suggestedActions) { $0.write(&$1) }
            out.member("processing_budget_lf", processingBudgetLF)
            out.member("response_timeout_ms", Double(responseTimeoutMilliseconds))
            out.member("expires_at", expiresAt)
            if isReflex != false { out.member("reflex", isReflex) }
        }
    }
}
