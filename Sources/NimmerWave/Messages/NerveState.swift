/// A nerve changed its state (protocol.md, Subjects).
public struct NerveState: MessageBody {
    /// The nerve.
    public var nerve: Token
    /// The state before.
    public var fromState: String
    /// The state after.
    public var toState: String
    /// Why.
    public var reason: String
    /// Energy spent, in LF.
    public var lifeforceCost: Double
    /// When.
    public var at: Timestamp
    /// What it decided on.
    public var details: JSON?

    /// A message body of its parts.
    public init(
        nerve: Token, fromState: String, toState: String, reason: String = "", lifeforceCost: Double = 0, at: Timestamp,
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
        .optional("reason", .text(512), "Why."),
        .optional("lifeforce_cost", .notNegative, "Energy spent, in LF."),
        .required("at", .time, "When."),
        .optional("details", .opaque, "What it decided on."),
    ]

    public init(_ fields: FieldReader) {
        nerve = fields.token("nerve")
        fromState = fields.text("from_state")
        toState = fields.text("to_state")
        reason = fields.text("reason")
        lifeforceCost = fields.number("lifeforce_cost")
        at = fields.time("at")
        details = fields.has("details") ? fields.any("details") ?? [:] : nil
    }

    public var json: JSON {
        var object: JSONObject = [
            "nerve": .string(nerve.text),
            "from_state": .string(fromState),
            "to_state": .string(toState),
            "reason": .string(reason),
            "lifeforce_cost": .number(lifeforceCost),
            "at": .string(at.rfc3339),
        ]
        object["details"] = details.map { $0 }
        return .object(object)
    }
}
