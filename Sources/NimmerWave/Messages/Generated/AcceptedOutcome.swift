// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// An outcome that the thalamus took into its trust: a ``VerificationOutcome`` that named an opening it knows, once,
/// from a sender that may verify (protocol.md, AcceptedOutcome). A thalamus that starts folds what it finds.
public struct AcceptedOutcome: MessageBody {
    /// The gate, as in the subject.
    public var gateID: GateID
    /// The region that the gate guards.
    public var region: Region
    /// The transition that opened the gate.
    public var opening: MessageID
    /// The origin whose wave opened it.
    public var opener: Token
    /// The origins that asserted at the opening (at most 1024).
    public var witnesses: [Token]
    /// The sender of the outcome (at most 128 bytes).
    public var sender: String
    /// Indicates whether reality confirmed the opening.
    public var result: VerificationResult
    /// Time at which the thalamus accepted it.
    public var at: Timestamp
    /// A snapshot: what the gate holds of each origin after it (at most 512).
    public var origins: [OriginRecord]?
    /// Its effect; outcome unless stated. A withdrawal names the result that it took back, a reset the origins that it
    /// forgot.
    public var kind: OutcomeKind?
    /// Share of an outcome that it counts as; 1 unless stated (0…1).
    public var weight: Double?
    /// The VerificationOutcome that was accepted; of a reset, the last one before it.
    public var verification: MessageID?
    /// A snapshot: the gate's openings that await an outcome after it, in the order in which they go (at most 64).
    public var undecided: [MessageID]?
    /// The newest opening that the gate knew, decided or not.
    public var newest: MessageID?

    /// A body of these values.
    public init(
        gateID: GateID,
        region: Region,
        opening: MessageID,
        opener: Token,
        witnesses: [Token],
        sender: String,
        result: VerificationResult,
        at: Timestamp,
        origins: [OriginRecord]? = nil,
        kind: OutcomeKind? = nil,
        weight: Double? = nil,
        verification: MessageID? = nil,
        undecided: [MessageID]? = nil,
        newest: MessageID? = nil
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
        self.kind = kind
        self.weight = weight
        self.verification = verification
        self.undecided = undecided
        self.newest = newest
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
        .required("result", .word(VerificationResult.allCases.map(\.rawValue)), "Indicates whether reality confirmed the opening."),
        .required("at", .time, "Time at which the thalamus accepted it."),
        .optional("origins", .list(.record(OriginRecord.fields), 512), "A snapshot: what the gate holds of each origin after it."),
        .optional("kind", .word(OutcomeKind.allCases.map(\.rawValue)), "Its effect; outcome unless stated. A withdrawal names the result that it took back, a reset the origins that it forgot."),
        .optional("weight", .fraction, "Share of an outcome that it counts as; 1 unless stated."),
        .optional("verification", .uuid, "The VerificationOutcome that was accepted; of a reset, the last one before it."),
        .optional("undecided", .list(.uuid, 64), "A snapshot: the gate's openings that await an outcome after it, in the order in which they go."),
        .optional("newest", .uuid, "The newest opening that the gate knew, decided or not."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        gateID = try fields.required(0)
        region = try fields.required(1)
        opening = try fields.required(2)
        opener = try fields.required(3)
        witnesses = try fields.required(4)
        sender = try fields.required(5)
        result = try fields.required(6)
        at = try fields.required(7)
        origins = try fields.optional(8)
        kind = try fields.optional(9)
        weight = try fields.optional(10)
        verification = try fields.optional(11)
        undecided = try fields.optional(12)
        newest = try fields.optional(13)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("gate_id", gateID.text)
            out.member("region", region.text)
            out.member("opening", opening)
            out.member("opener", opener.text)
            out.member("witnesses", list: witnesses) { $1.write($0.text) }
            out.member("sender", sender)
            out.member("result", result.rawValue)
            out.member("at", at)
            if let origins { out.member("origins", list: origins) { $0.write(&$1) } }
            if let kind { out.member("kind", kind.rawValue) }
            if let weight { out.member("weight", weight) }
            if let verification { out.member("verification", verification) }
            if let undecided { out.member("undecided", list: undecided) { $1.write($0) } }
            if let newest { out.member("newest", newest) }
        }
    }
}
