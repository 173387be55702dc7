// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// Energy that was spent in regions over a span of time: by cells and nerves, as the thalamus sums their waves, or by
/// an organ (protocol.md, LifeforceSpent).
public struct LifeforceSpent: MessageBody {
    /// Begin of the span; names its day (UTC).
    public var since: Timestamp
    /// End of the span.
    public var until: Timestamp
    /// The regions in which anything was spent (at most 512).
    public var regions: [RegionSpending]

    /// A body of these values.
    public init(
        since: Timestamp,
        until: Timestamp,
        regions: [RegionSpending]
    ) {
        self.since = since
        self.until = until
        self.regions = regions
    }

    public static let type = MessageType.lifeforceSpent
    public static let meaning = "Energy that was spent in regions over a span of time; since 2.1."
    public static let fields: [Field] = [
        .required("since", .time, "Begin of the span; names its day (UTC)."),
        .required("until", .time, "End of the span."),
        .required("regions", .list(.record(RegionSpending.fields), 512), "The regions in which anything was spent."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        since = try fields.required(0)
        until = try fields.required(1)
        regions = try fields.required(2)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("since", since)
            out.member("until", until)
            out.member("regions", list: regions) { $0.write(&$1) }
        }
    }
}
