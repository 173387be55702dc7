// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// Energy that was spent in one region, in LF (protocol.md, LifeforceSpent).
public struct RegionSpending: MessageRecord, FieldValue {
    /// The region.
    public var region: Region
    /// Energy spent by cells, in LF; default 0 (at least 0).
    public var cells: Double
    /// Energy spent by nerves, in LF; default 0 (at least 0).
    public var nerves: Double
    /// Energy spent by organs, in LF; default 0 (at least 0).
    public var organs: Double

    /// A record of these values.
    public init(
        region: Region,
        cells: Double = 0,
        nerves: Double = 0,
        organs: Double = 0
    ) {
        self.region = region
        self.cells = cells
        self.nerves = nerves
        self.organs = organs
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("region", .region, "The region."),
        .optional("cells", .notNegative, "Energy spent by cells, in LF; default 0."),
        .optional("nerves", .notNegative, "Energy spent by nerves, in LF; default 0."),
        .optional("organs", .notNegative, "Energy spent by organs, in LF; default 0."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        region = try fields.required(0)
        cells = try fields.optional(1) ?? 0
        nerves = try fields.optional(2) ?? 0
        organs = try fields.optional(3) ?? 0
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("region", region.text)
            if cells != 0 { out.member("cells", cells) }
            if nerves != 0 { out.member("nerves", nerves) }
            if organs != 0 { out.member("organs", organs) }
        }
    }
}
