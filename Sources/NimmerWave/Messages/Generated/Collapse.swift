// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// Waves that agreed became one amplified signal (gates.md, Collapse).
public struct Collapse: MessageBody {
    /// The collapse; named after the opening.
    public var collapseID: MessageID
    /// The semantic region.
    public var region: Region
    /// The gate that opened.
    public var gateID: GateID
    /// The message id of the transition that opened it.
    public var transitionID: MessageID
    /// The amplified confidence: 1 - Π(1 - c·max(0, s)) (0…1).
    public var confidence: Double
    /// The time of the oldest witness.
    public var windowStart: Timestamp
    /// The time of the opening.
    public var windowEnd: Timestamp
    /// The asserting witnesses (at most 1024).
    public var witnesses: [Witness]

    /// A body of these values.
    public init(
        collapseID: MessageID,
        region: Region,
        gateID: GateID,
        transitionID: MessageID,
        confidence: Double,
        windowStart: Timestamp,
        windowEnd: Timestamp,
        witnesses: [Witness]
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

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        collapseID = try fields.required(0)
        region = try fields.required(1)
        gateID = try fields.required(2)
        transitionID = try fields.required(3)
        confidence = try fields.required(4)
        windowStart = try fields.required(5)
        windowEnd = try fields.required(6)
        witnesses = try fields.required(7)
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
