// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// A nerve changed its state (protocol.md, Subjects).
public struct NerveState: MessageBody {
    /// The nerve.
    public var nerve: Token
    /// The state before (at most 64 bytes).
    public var fromState: String
    /// The state after (at most 64 bytes).
    public var toState: String
    /// Reason (at most 512 bytes).
    public var reason: String
    /// Energy spent, in LF (at least 0).
    public var lifeforceCost: Double
    /// Time.
    public var at: Timestamp
    /// Details of the decision.
    public var details: JSON?

    /// A body of these values.
    public init(
        nerve: Token,
        fromState: String,
        toState: String,
        reason: String = "",
        lifeforceCost: Double = 0,
        at: Timestamp,
        details: JSON? = nil
    ) {
        self.nerve = nerve
        self.fromState = fromState
        self.toState = toState
        self.reason = reason
        self.lifeforceCost = lifeforceCost
        self.at = at
        self.details = details
    }

    public static let type = MessageType.nerveState
    public static let meaning = "A nerve changed the state of its behaviour."
    public static let fields: [Field] = [
        .required("nerve", .token, "The nerve."),
        .required("from_state", .name(64), "The state before."),
        .required("to_state", .name(64), "The state after."),
        .optional("reason", .text(512), "Reason."),
        .optional("lifeforce_cost", .energy, "Energy spent, in LF."),
        .required("at", .time, "Time."),
        .optional("details", .opaque, "Details of the decision."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        nerve = try fields.required(0)
        fromState = try fields.required(1)
        toState = try fields.required(2)
        reason = try fields.optional(3) ?? ""
        lifeforceCost = try fields.optional(4) ?? 0
        at = try fields.required(5)
        details = try fields.optional(6)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("nerve", nerve.text)
            out.member("from_state", fromState)
            out.member("to_state", toState)
            out.member("reason", reason)
            out.member("lifeforce_cost", lifeforceCost)
            out.member("at", at)
            if let details { out.member("details", details) }
        }
    }
}
