// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// The terms on which an opening goes up to a mind; an opening without them does not (protocol.md, GateTransition).
public struct Escalation: MessageRecord, FieldValue {
    /// Kind of event (at most 128 bytes).
    public var eventType: String
    /// Actions that could be taken (at most 64).
    public var suggestedActions: [SuggestedAction]
    /// Limit of the spending, in LF (at least 0).
    public var processingBudgetLF: Double
    /// Timeout of an answer, in milliseconds (1…86400000).
    public var responseTimeoutMilliseconds: Int
    /// Time at which the request expires.
    public var expiresAt: Timestamp
    /// Indicates whether the gate is a reflex; default false.
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
        .required("event_type", .name(128), "Kind of event."),
        .optional("suggested_actions", .list(.record(SuggestedAction.fields), 64), "Actions that could be taken."),
        .required("processing_budget_lf", .notNegative, "Limit of the spending, in LF."),
        .required("response_timeout_ms", .whole(1...86400000), "Timeout of an answer, in milliseconds."),
        .required("expires_at", .time, "Time at which the request expires."),
        .optional("reflex", .truth, "Indicates whether the gate is a reflex; default false."),
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
