/// A wave that was a witness when a gate changed its state.
public struct TriggerSignal: Hashable, Sendable, DirectlyWritten {
    /// The sender: the cell or nerve of the subject.
    public var source: String
    /// What made the witness independent.
    public var origin: Token
    /// How sure it was.
    public var confidence: Double
    /// `1` asserts, `-1` denies.
    public var polarity: Int
    /// When the gate used it.
    public var timestamp: Timestamp
    /// What its wave added to the potential.
    public var push: Double

    /// One of its parts.
    public init(
        source: String, origin: Token, confidence: Double, polarity: Int, timestamp: Timestamp, push: Double
    ) {
        self.source = source
        self.origin = origin
        self.confidence = confidence
        self.polarity = polarity
        self.timestamp = timestamp
        self.push = push
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("source", .name(128), "The sender: the cell or nerve of the subject."),
        .required("origin", .token, "What made the witness independent."),
        .required("confidence", .fraction, "How sure it was."),
        .required("polarity", .polarity, "Asserts (1) or denies (-1)."),
        .required("timestamp", .time, "When the gate used it."),
        .required("push", .finite, "What its wave added to the potential."),
    ]

    init(_ fields: FieldReader) {
        source = fields.text("source")
        origin = fields.token("origin")
        confidence = fields.number("confidence")
        polarity = fields.whole("polarity")
        timestamp = fields.time("timestamp")
        push = fields.number("push")
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("source", source)
            out.member("origin", origin.text)
            out.member("confidence", confidence)
            out.member("polarity", Double(polarity))
            out.member("timestamp", timestamp)
            out.member("push", push)
        }
    }
}

/// A gate changed its state (protocol.md, GateTransition; gates.md).
public struct GateTransition: MessageBody, DirectlyWritten {
    /// The gate.
    public var gateID: GateID
    /// What the gate is about.
    public var domain: Token
    /// The semantic region that the gate guards.
    public var region: Region
    /// The state before.
    public var fromState: GateState
    /// The state after, one step away.
    public var toState: GateState
    /// The potential at the change, -1 to 1.
    public var stateValue: Double
    /// Trust earned by verified openings.
    public var weight: Double
    /// The origin whose wave opened the gate, where trust is earned; nil otherwise.
    public var opener: Token?
    /// The opener's trust at the change, 0…1; nil where trust is declared.
    public var trust: Double?
    /// The support of the wave that tipped it; 0 for a release.
    public var correlationScore: Double
    /// The witnesses at the change.
    public var triggerSignals: [TriggerSignal]
    /// The tier that the opening is routed to.
    public var routedToTier: Int
    /// Energy spent by the witnesses, in LF.
    public var lifeforceCost: Double
    /// The exact time of the change.
    public var at: Timestamp
    /// The collapse of an opening; nil for other transitions, and for openings as 2.0 wrote them.
    public var collapse: OpeningCollapse?
    /// The terms on which an opening goes up; nil where it does not.
    public var escalation: Escalation?

    /// A message body of its parts.
    public init(
        gateID: GateID, domain: Token, region: Region, fromState: GateState, toState: GateState, stateValue: Double,
        weight: Double, opener: Token? = nil, trust: Double? = nil, correlationScore: Double = 0,
        triggerSignals: [TriggerSignal] = [], routedToTier: Int = 1, lifeforceCost: Double = 0, at: Timestamp,
        collapse: OpeningCollapse? = nil, escalation: Escalation? = nil
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
        self.collapse = collapse
        self.escalation = escalation
    }

    /// Whether it opens its gate.
    public var isOpening: Bool { fromState == .stable && toState == .open }

    public static let type = MessageType.gateTransition
    public static let meaning = "A gate changed its state."
    public static let fields: [Field] = [
        .required("gate_id", .token, "The gate."),
        .required("domain", .token, "What the gate is about."),
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
        .optional("lifeforce_cost", .notNegative, "Energy spent by the witnesses, in LF."),
        .required("at", .time, "The exact time of the change."),
        .optional(
            "collapse", .record(OpeningCollapse.fields),
            "The collapse of an opening: the witnesses' contents, once. Absent in other transitions, and where 2.0 wrote them."
        ),
        .optional(
            "escalation", .record(Escalation.fields),
            "The terms on which an opening goes up; the boundary derives its request from these. Absent where it does not."
        ),
    ]

    public init(_ fields: FieldReader) {
        gateID = fields.gate("gate_id")
        domain = fields.token("domain")
        region = fields.region("region")
        fromState = fields.state("from_state")
        toState = fields.state("to_state")
        stateValue = fields.number("state_value")
        weight = fields.number("weight")
        opener = fields.has("opener") ? fields.token("opener") : nil
        trust = fields.numberIfPresent("trust")
        correlationScore = fields.number("correlation_score")
        triggerSignals = fields.records("trigger_signals").map(TriggerSignal.init)
        routedToTier = fields.has("routed_to_tier") ? fields.whole("routed_to_tier") : 1
        lifeforceCost = fields.number("lifeforce_cost")
        at = fields.time("at")
        collapse = fields.has("collapse") ? OpeningCollapse(fields.record("collapse")) : nil
        escalation = fields.has("escalation") ? Escalation(fields.record("escalation")) : nil
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
            if let collapse { out.member("collapse") { collapse.write(&$0) } }
            if let escalation { out.member("escalation") { escalation.write(&$0) } }
        }
    }
}
