// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// The collapse that an opening carries (protocol.md, GateTransition; decision 0012).
public struct OpeningCollapse: MessageRecord, FieldValue {
    /// The collapse; named after the opening.
    public var collapseID: MessageID
    /// The amplified confidence: 1 - Π(1 - c·max(0, s)) (0…1).
    public var confidence: Double
    /// The time of the oldest asserting witness.
    public var windowStart: Timestamp
    /// The asserting witnesses (at most 1024).
    public var witnesses: [OpeningWitness]

    /// A record of these values.
    public init(
        collapseID: MessageID,
        confidence: Double,
        windowStart: Timestamp,
        witnesses: [OpeningWitness]
    ) {
        self.collapseID = collapseID
        self.confidence = confidence
        self.windowStart = windowStart
        self.witnesses = witnesses
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("collapse_id", .uuid, "The collapse; named after the opening."),
        .required("confidence", .fraction, "The amplified confidence: 1 - Π(1 - c·max(0, s))."),
        .required("window_start", .time, "The time of the oldest asserting witness."),
        .required("witnesses", .list(.record(OpeningWitness.fields), 1024), "The asserting witnesses."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        collapseID = try fields.required(0)
        confidence = try fields.required(1)
        windowStart = try fields.required(2)
        witnesses = try fields.required(3)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("collapse_id", collapseID)
            out.member("confidence", confidence)
            out.member("window_start", windowStart)
            out.member("witnesses", list: witnesses) { $0.write(&$1) }
        }
    }
}
