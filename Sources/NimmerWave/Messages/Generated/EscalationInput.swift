// Written by Messages/generate.py from Messages/Declarations/decisions.toml: change that.
// swift-format-ignore-file

/// An opening that goes up: the `structured_input` of its request (protocol.md, CognitiveRequest).
public struct EscalationInput: PublishedRecord, FieldValue {
    /// The semantic region; requests of one region may be merged, and share a budget.
    public var region: Region
    /// The gate that opened.
    public var gate: GateID?
    /// Time of its opening.
    public var openedAt: Timestamp?
    /// The collapse's confidence (0…1).
    public var confidence: Double?
    /// The asserting witnesses; a request without them is never merged (at most 1024).
    public var witnesses: [EscalationWitness]?
    /// True for the gate of a reflex, on which the boundary may act before a mind is asked; default false.
    public var isReflex: Bool
    /// Commands that a reflex sent before minds were asked.
    public var doneByReflex: ReflexAction?
    /// Openings of the same region that were merged into this one, the newest first, as many as have room (at most
    /// 1024).
    public var earlier: [EarlierOpening]?
    /// Number of requests that were merged into this one (at least 0).
    public var merged: Int?
    /// Members that are not declared, as they came.
    public var others: JSONObject

    /// A record of these values.
    public init(
        region: Region,
        gate: GateID? = nil,
        openedAt: Timestamp? = nil,
        confidence: Double? = nil,
        witnesses: [EscalationWitness]? = nil,
        isReflex: Bool = false,
        doneByReflex: ReflexAction? = nil,
        earlier: [EarlierOpening]? = nil,
        merged: Int? = nil,
        others: JSONObject = [:]
    ) {
        self.region = region
        self.gate = gate
        self.openedAt = openedAt
        self.confidence = confidence
        self.witnesses = witnesses
        self.isReflex = isReflex
        self.doneByReflex = doneByReflex
        self.earlier = earlier
        self.merged = merged
        self.others = others
    }

    public static let meaning = "The structured_input of a request that follows from an opening."
    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("region", .region, "The semantic region; requests of one region may be merged, and share a budget."),
        .optional("gate", .token, "The gate that opened."),
        .optional("opened_at", .time, "Time of its opening."),
        .optional("confidence", .fraction, "The collapse's confidence."),
        .optional("witnesses", .list(.record(EscalationWitness.fields), 1024), "The asserting witnesses; a request without them is never merged."),
        .optional("reflex", .truth, "True for the gate of a reflex, on which the boundary may act before a mind is asked; default false."),
        .optional("done_by_reflex", .record(ReflexAction.fields), "Commands that a reflex sent before minds were asked."),
        .optional("earlier", .list(.record(EarlierOpening.fields), 1024), "Openings of the same region that were merged into this one, the newest first, as many as have room."),
        .optional("merged", .whole(0...Int.max), "Number of requests that were merged into this one."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        region = try fields.required(0)
        gate = try fields.optional(1)
        openedAt = try fields.optional(2)
        confidence = try fields.optional(3)
        witnesses = try fields.optional(4)
        isReflex = try fields.optional(5) ?? false
        doneByReflex = try fields.optional(6)
        earlier = try fields.optional(7)
        merged = try fields.optional(8)
        others = fields.others()
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("region", region.text)
            if let gate { out.member("gate", gate.text) }
            if let openedAt { out.member("opened_at", openedAt) }
            if let confidence { out.member("confidence", confidence) }
            if let witnesses { out.member("witnesses", list: witnesses) { $0.write(&$1) } }
            if isReflex != false { out.member("reflex", isReflex) }
            if let doneByReflex { out.member("done_by_reflex") { doneByReflex.write(&$0) } }
            if let earlier { out.member("earlier", list: earlier) { $0.write(&$1) } }
            if let merged { out.member("merged", Double(merged)) }
            out.members(others)
        }
    }
}
