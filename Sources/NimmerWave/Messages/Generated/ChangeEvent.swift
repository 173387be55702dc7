// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// A lasting change in what a cell senses begins or ends: for people, screens and reports, and never for gates
/// (protocol.md, ChangeEvent; sensing.md, Change events).
public struct ChangeEvent: MessageBody {
    /// Begin or end.
    public var edge: ChangeEdge
    /// Domain, as in the cell's waves.
    public var domain: Token
    /// The semantic region, as in the cell's waves; default: the domain.
    public var region: Region?
    /// View of the detector that is the loudest: level, spread, leap, or another (at most 64 bytes).
    public var view: String
    /// The sample.
    public var value: Double
    /// The slow baseline before the sample.
    public var normal: Double
    /// Ratio to the worst that was learned (at least 0).
    public var times: Double
    /// Side of normal on which the view lies.
    public var direction: ChangeDirection
    /// Confidence of the detector of changes (0…1).
    public var confidence: Double
    /// Of the spread view, the short-term noise, in the sample's unit (at least 0).
    public var spread: Double?
    /// Of the spread view, the learned noise, in the sample's unit (at least 0).
    public var normalSpread: Double?
    /// Time of the sample.
    public var at: Timestamp
    /// Interval of the cell's samples when all is well, in milliseconds; absent where it is not known (above 0, at most
    /// 100000000000).
    public var intervalMilliseconds: Double?

    /// A body of these values.
    public init(
        edge: ChangeEdge,
        domain: Token,
        region: Region? = nil,
        view: String,
        value: Double,
        normal: Double,
        times: Double,
        direction: ChangeDirection,
        confidence: Double,
        spread: Double? = nil,
        normalSpread: Double? = nil,
        at: Timestamp,
        intervalMilliseconds: Double? = nil
    ) {
        self.edge = edge
        self.domain = domain
        self.region = region
        self.view = view
        self.value = value
        self.normal = normal
        self.times = times
        self.direction = direction
        self.confidence = confidence
        self.spread = spread
        self.normalSpread = normalSpread
        self.at = at
        self.intervalMilliseconds = intervalMilliseconds
    }

    public static let type = MessageType.changeEvent
    public static let meaning = "A lasting change in what a cell senses begins or ends; for people, never for gates; since 2.1."
    public static let fields: [Field] = [
        .required("edge", .word(ChangeEdge.allCases.map(\.rawValue)), "Begin or end."),
        .required("domain", .token, "Domain, as in the cell's waves."),
        .optional("region", .region, "The semantic region, as in the cell's waves; default: the domain."),
        .required("view", .name(64), "View of the detector that is the loudest: level, spread, leap, or another."),
        .required("value", .finite, "The sample."),
        .required("normal", .finite, "The slow baseline before the sample."),
        .required("times", .notNegative, "Ratio to the worst that was learned."),
        .required("direction", .word(ChangeDirection.allCases.map(\.rawValue)), "Side of normal on which the view lies."),
        .required("confidence", .fraction, "Confidence of the detector of changes."),
        .optional("spread", .notNegative, "Of the spread view, the short-term noise, in the sample's unit."),
        .optional("normal_spread", .notNegative, "Of the spread view, the learned noise, in the sample's unit."),
        .required("at", .time, "Time of the sample."),
        .optional("interval_ms", .positive(100000000000), "Interval of the cell's samples when all is well, in milliseconds; absent where it is not known."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        edge = try fields.required(0)
        domain = try fields.required(1)
        region = try fields.optional(2)
        view = try fields.required(3)
        value = try fields.required(4)
        normal = try fields.required(5)
        times = try fields.required(6)
        direction = try fields.required(7)
        confidence = try fields.required(8)
        spread = try fields.optional(9)
        normalSpread = try fields.optional(10)
        at = try fields.required(11)
        intervalMilliseconds = try fields.optional(12)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("edge", edge.rawValue)
            out.member("domain", domain.text)
            if let region { out.member("region", region.text) }
            out.member("view", view)
            out.member("value", value)
            out.member("normal", normal)
            out.member("times", times)
            out.member("direction", direction.rawValue)
            out.member("confidence", confidence)
            if let spread { out.member("spread", spread) }
            if let normalSpread { out.member("normal_spread", normalSpread) }
            out.member("at", at)
            if let intervalMilliseconds { out.member("interval_ms", intervalMilliseconds) }
        }
    }
}
