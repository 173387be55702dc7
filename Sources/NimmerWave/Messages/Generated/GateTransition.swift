// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// A gate changed its state (protocol.md, GateTransition; gates.md).
public struct GateTransition: MessageBody {
    /// The gate.
    public var gateID: GateID
    /// Domain of the gate.
    public var domain: Token
    /// The semantic region that the gate guards.
    public var region: Region
    /// The state before.
    public var fromState: GateState
    /// The state after, one step away.
    public var toState: GateState
    /// The potential at the change, -1 to 1.
    public var stateValue: Double
    /// Trust earned by verified openings (0…1).
    public var weight: Double
    /// The origin whose wave opened the gate, where trust is earned; since 2.1.
    public var opener: Token?
    /// The opener's trust at the change; since 2.1 (0…1).
    public var trust: Double?
    /// The support of the wave that tipped it; 0 for a release (-1…1).
    public var correlationScore: Double
    /// The witnesses at the change (at most 1024).
    public var triggerSignals: [TriggerSignal]
    /// The tier that the opening is routed to (0…5).
    public var routedToTier: Int
    /// Energy spent by the witnesses, in LF (at least 0).
    public var lifeforceCost: Double
    /// The exact time of the change.
    public var at: Timestamp
    /// The members' interval that the gate's window and half-life followed at the change, in milliseconds; absent where
    /// these are fixed or none was stated; since 2.1 (above 0, at most 100000000000).
    public var intervalMilliseconds: Double?
    /// The collapse of an opening: the witnesses' contents, once. Absent in other transitions, and where 2.0 wrote
    /// them.
    public var collapse: OpeningCollapse?
    /// The terms on which an opening goes up; the boundary derives its request from these. Absent where it does not.
    public var escalation: Escalation?

    /// A body of these values.
    public init(
        gateID: GateID,
        domain: Token,
        region: Region,
        fromState: GateState,
        toState: GateState,
        stateValue: Double,
        weight: Double,
        opener: Token? = nil,
        trust: Double? = nil,
        correlationScore: Double = 0,
        triggerSignals: [TriggerSignal] = [],
        routedToTier: Int = 1,
        lifeforceCost: Double = 0,
        at: Timestamp,
        intervalMilliseconds: Double? = nil,
        collapse: OpeningCollapse? = nil,
        escalation: Escalation? = nil
    ) {
        self.gateID = gateID
        self.domain = domain
        self.region = region
        self.fromState = fromState
        self.toState = toState
        self.stateValue = stateValue
        self.weight = weight
        self.opener = opener
        self.trust = trust
        self.correlationScore = correlationScore
        self.triggerSignals = triggerSignals
        self.routedToTier = routedToTier
        self.lifeforceCost = lifeforceCost
        self.at = at
        self.intervalMilliseconds = intervalMilliseconds
        self.collapse = collapse
        self.escalation = escalation
    }

    public static let type = MessageType.gateTransition
    public static let meaning = "A gate changed its state."
    public static let fields: [Field] = [
        .required("gate_id", .token, "The gate."),
        .required("domain", .token, "Domain of the gate."),
        .required("region", .region, "The semantic region that the gate guards."),
        .required("from_state", .gateState, "The state before."),
        .required("to_state", .gateState, "The state after, one step away."),
        .required("state_value", .number(-1...1), "The potential at the change, -1 to 1."),
        .required("weight", .fraction, "Trust earned by verified openings."),
        .optional("opener", .token, "The origin whose wave opened the gate, where trust is earned; since 2.1."),
        .optional("trust", .fraction, "The opener's trust at the change; since 2.1."),
        .optional("correlation_score", .number(-1...1), "The support of the wave that tipped it; 0 for a release."),
        .optional("trigger_signals", .list(.record(TriggerSignal.fields), 1024), "The witnesses at the change."),
        .optional("routed_to_tier", .whole(0...5), "The tier that the opening is routed to."),
        .optional("lifeforce_cost", .energy, "Energy spent by the witnesses, in LF."),
        .required("at", .time, "The exact time of the change."),
        .optional("interval_ms", .positive(100000000000), "The members' interval that the gate's window and half-life followed at the change, in milliseconds; absent where these are fixed or none was stated; since 2.1."),
        .optional("collapse", .record(OpeningCollapse.fields), "The collapse of an opening: the witnesses' contents, once. Absent in other transitions, and where 2.0 wrote them."),
        .optional("escalation", .record(Escalation.fields), "The terms on which an opening goes up; the boundary derives its request from these. Absent where it does not."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        gateID = try fields.required(0)
        domain = try fields.required(1)
        region = try fields.required(2)
        fromState = try fields.required(3)
        toState = try fields.required(4)
        stateValue = try fields.required(5)
        weight = try fields.required(6)
        opener = try fields.optional(7)
        trust = try fields.optional(8)
        correlationScore = try fields.optional(9) ?? 0
        triggerSignals = try fields.optional(10) ?? []
        routedToTier = try fields.optional(11) ?? 1
        lifeforceCost = try fields.optional(12) ?? 0
        at = try fields.required(13)
        intervalMilliseconds = try fields.optional(14)
        collapse = try fields.optional(15)
        escalation = try fields.optional(16)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("gate_id", gateID.text)
            out.member("domain", domain.text)
            out.member("region", region.text)
            out.member("from_state", fromState.word)
            out.member("to_state", toState.word)
            out.member("state_value", stateValue)
            out.member("weight", weight)
            if let opener { out.member("opener", opener.text) }
            if let trust { out.member("trust", trust) }
            out.member("correlation_score", correlationScore)
            out.member("trigger_signals", list: triggerSignals) { $0.write(&$1) }
            out.member("routed_to_tier", Double(routedToTier))
            out.member("lifeforce_cost", lifeforceCost)
            out.member("at", at)
            if let intervalMilliseconds { out.member("interval_ms", intervalMilliseconds) }
            if let collapse { out.member("collapse") { collapse.write(&$0) } }
            if let escalation { out.member("escalation") { escalation.write(&$0) } }
        }
    }
}
