/// The record of one origin at a gate (protocol.md, AcceptedOutcome): outcomes that count for and against it, the old ones faded.
public struct OriginRecord: Hashable, Sendable {
    /// The origin.
    public var origin: Token
    /// Its confirmed outcomes, at least 0.
    public var confirmed: Double
    /// Its failed outcomes, at least 0.
    public var failed: Double

    /// A record from its parts.
    public init(origin: Token, confirmed: Double, failed: Double) {
        self.origin = origin
        self.confirmed = confirmed
        self.failed = failed
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("origin", .token, "The origin."),
        .required("ok", .notNegative, "Its confirmed outcomes, the old ones faded."),
        .required("failed", .notNegative, "Its failed outcomes, the old ones faded."),
    ]

    init(_ fields: FieldReader) {
        origin = fields.token("origin")
        confirmed = fields.number("ok")
        failed = fields.number("failed")
    }

    /// The record as it stands on the wire.
    public var json: JSON {
        ["origin": .string(origin.text), "ok": .number(confirmed), "failed": .number(failed)]
    }
}

/// An outcome that the thalamus took into its trust: a ``VerificationOutcome`` that named an opening it knows, once, from a
/// sender that may verify (protocol.md, AcceptedOutcome). A thalamus that starts folds what it finds.
public struct AcceptedOutcome: MessageBody {
    /// The gate, as in the subject.
    public var gateID: GateID
    /// The region that the gate guards.
    public var region: Region
    /// The transition that opened the gate.
    public var opening: MessageID
    /// The origin whose wave opened it.
    public var opener: Token
    /// The origins that asserted at the opening: each learns from the outcome.
    public var witnesses: [Token]
    /// The sender of the outcome: the last token of its subject, or where there are no identities, what it calls itself.
    public var sender: String
    /// Whether reality confirmed the opening.
    public var result: VerificationResult
    /// When the thalamus accepted it.
    public var at: Timestamp
    /// What the gate holds of each origin after it, so that earlier outcomes of the gate may go; nil: no snapshot.
    public var origins: [OriginRecord]?

    /// How many origins a snapshot names at most; those with the most outcomes.
    public static let maximumOrigins = 512

    /// A message body of its parts.
    public init(
        gateID: GateID, region: Region, opening: MessageID, opener: Token, witnesses: [Token], sender: String,
        result: VerificationResult, at: Timestamp, origins: [OriginRecord]? = nil
    ) {
        self.gateID = gateID
        self.region = region
        self.opening = opening
        self.opener = opener
        self.witnesses = witnesses
        self.sender = sender
        self.result = result
        self.at = at
        self.origins = origins
    }

    public static let type = MessageType.acceptedOutcome
    public static let meaning = "An outcome that the thalamus took into its trust; since 2.1."
    public static let fields: [Field] = [
        .required("gate_id", .token, "The gate, as in the subject."),
        .required("region", .region, "The region that the gate guards."),
        .required("opening", .uuid, "The transition that opened the gate."),
        .required("opener", .token, "The origin whose wave opened it."),
        .required("witnesses", .list(.token, 1024), "The origins that asserted at the opening."),
        .required("sender", .name(128), "The sender of the outcome."),
        .required(
            "result", .word(VerificationResult.allCases.map(\.rawValue)), "Whether reality confirmed the opening."),
        .required("at", .time, "When the thalamus accepted it."),
        .optional(
            "origins", .list(.record(OriginRecord.fields), maximumOrigins),
            "A snapshot: what the gate holds of each origin after it."),
    ]

    public init(_ fields: FieldReader) {
        gateID = fields.gate("gate_id")
        region = fields.region("region")
        opening = fields.id("opening")
        opener = fields.token("opener")
        witnesses = fields.list("witnesses").map { Token(trusted: $0.string ?? "") }
        sender = fields.text("sender")
        result = VerificationResult(rawValue: fields.text("result")) ?? .partial
        at = fields.time("at")
        origins = fields.has("origins") ? fields.records("origins").map(OriginRecord.init) : nil
    }

    public var json: JSON {
        var object: JSONObject = [
            "gate_id": .string(gateID.text), "region": .string(region.text), "opening": .string(opening.text),
            "opener": .string(opener.text), "witnesses": .array(witnesses.map { .string($0.text) }),
            "sender": .string(sender), "result": .string(result.rawValue), "at": .string(at.rfc3339),
        ]
        object["origins"] = origins.map { .array($0.map(\.json)) }
        return .object(object)
    }
}
