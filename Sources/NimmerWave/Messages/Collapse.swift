/// A wave that was part of a collapse.
public struct Witness: Hashable, Sendable, DirectlyWritten {
    /// The sender: the cell or nerve of the subject.
    public var source: String
    /// What made the witness independent.
    public var origin: Token
    /// How sure it was.
    public var confidence: Double
    /// Its similarity to the wave that opened the gate.
    public var similarity: Double
    /// Its payload, byte for byte.
    public var semanticContent: JSON

    /// One of its parts.
    public init(
        source: String, origin: Token, confidence: Double, similarity: Double, semanticContent: JSON
    ) {
        self.source = source
        self.origin = origin
        self.confidence = confidence
        self.similarity = similarity
        self.semanticContent = semanticContent
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("source", .name(128), "The sender: the cell or nerve of the subject."),
        .required("origin", .token, "What made the witness independent."),
        .required("confidence", .fraction, "How sure it was."),
        .required("similarity", .number(-1...1), "Its similarity to the wave that opened the gate."),
        .required("semantic_content", .opaque, "Its payload, byte for byte."),
    ]

    init(_ fields: FieldReader) {
        source = fields.text("source")
        origin = fields.token("origin")
        confidence = fields.number("confidence")
        similarity = fields.number("similarity")
        semanticContent = fields.any("semantic_content") ?? [:]
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("source", source)
            out.member("origin", origin.text)
            out.member("confidence", confidence)
            out.member("similarity", similarity)
            out.member("semantic_content", semanticContent)
        }
    }
}

/// Waves that agreed became one amplified signal (gates.md, Collapse).
public struct Collapse: MessageBody, DirectlyWritten {
    /// The collapse; named after the opening.
    public var collapseID: MessageID
    /// The semantic region.
    public var region: Region
    /// The gate that opened.
    public var gateID: GateID
    /// The message id of the transition that opened it.
    public var transitionID: MessageID
    /// The amplified confidence: 1 - Π(1 - c·max(0, s)).
    public var confidence: Double
    /// The time of the oldest witness.
    public var windowStart: Timestamp
    /// The time of the opening.
    public var windowEnd: Timestamp
    /// The asserting witnesses.
    public var witnesses: [Witness]

    /// A message body of its parts.
    public init(
        collapseID: MessageID, region: Region, gateID: GateID, transitionID: MessageID, confidence: Double,
        windowStart: Timestamp, windowEnd: Timestamp, witnesses: [Witness]
    ) {
        self.collapseID = collapseID
        self.region = region
        self.gateID = gateID
        self.transitionID = transitionID
        self.confidence = confidence
        self.windowStart = windowStart
        self.windowEnd = windowEnd
        self.witnesses = witnesses
    }

    public static let type = MessageType.collapse
    public static let meaning = "Waves of independent origins that agreed became one amplified signal."
    public static let fields: [Field] = [
        .required("collapse_id", .uuid, "The collapse; named after the opening."),
        .required("region", .region, "The semantic region."),
        .required("gate_id", .token, "The gate that opened."),
        .required("transition_id", .uuid, "The message id of the transition that opened it."),
        .required("confidence", .fraction, "The amplified confidence: 1 - Π(1 - c·max(0, s))."),
        .required("window_start", .time, "The time of the oldest witness."),
        .required("window_end", .time, "The time of the opening."),
        .required("witnesses", .list(.record(Witness.fields), 1024), "The asserting witnesses."),
    ]

    public init(_ fields: FieldReader) {
        collapseID = fields.id("collapse_id")
        region = fields.region("region")
        gateID = fields.gate("gate_id")
        transitionID = fields.id("transition_id")
        confidence = fields.number("confidence")
        windowStart = fields.time("window_start")
        windowEnd = fields.time("window_end")
        witnesses = fields.records("witnesses").map(Witness.init)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("collapse_id", collapseID)
            out.member("region", region.text)
            out.member("gate_id", gateID.text)
            out.member("transition_id", transitionID)
            out.member("confidence", confidence)
            out.member("window_start", windowStart)
            out.member("window_end", windowEnd)
            out.member("witnesses", list: witnesses) { $0.write(&$1) }
        }
    }
}
