// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// A gate as attention sees it.
public struct AttendedGate: MessageRecord, FieldValue {
    /// The gate.
    public var gateID: GateID
    /// Its semantic region.
    public var region: Region
    /// Its state.
    public var state: GateState
    /// Its potential now, -1 to 1.
    public var potential: Double
    /// Trust earned (0…1).
    public var weight: Double
    /// Origins in its window (at least 0).
    public var witnesses: Int
    /// The potential that opens it (0…1).
    public var openThreshold: Double
    /// The potential that closes it (-1…1).
    public var closeThreshold: Double
    /// The fraction of a threshold at which it releases (0…1).
    public var releaseFraction: Double
    /// Time at which it last opened.
    public var openedAt: Timestamp?

    /// A record of these values.
    public init(
        gateID: GateID,
        region: Region,
        state: GateState,
        potential: Double,
        weight: Double,
        witnesses: Int = 0,
        openThreshold: Double = 0.5,
        closeThreshold: Double = -0.5,
        releaseFraction: Double = 0.5,
        openedAt: Timestamp? = nil
    ) {
        self.gateID = gateID
        self.region = region
        self.state = state
        self.potential = potential
        self.weight = weight
        self.witnesses = witnesses
        self.openThreshold = openThreshold
        self.closeThreshold = closeThreshold
        self.releaseFraction = releaseFraction
        self.openedAt = openedAt
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("gate_id", .token, "The gate."),
        .required("region", .region, "Its semantic region."),
        .required("state", .gateState, "Its state."),
        .required("potential", .number(-1...1), "Its potential now, -1 to 1."),
        .required("weight", .fraction, "Trust earned."),
        .optional("witnesses", .whole(0...Int.max), "Origins in its window."),
        .optional("open_threshold", .fraction, "The potential that opens it."),
        .optional("close_threshold", .number(-1...1), "The potential that closes it."),
        .optional("release_fraction", .fraction, "The fraction of a threshold at which it releases."),
        .optional("opened_at", .time, "Time at which it last opened."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        gateID = try fields.required(0)
        region = try fields.required(1)
        state = try fields.required(2)
        potential = try fields.required(3)
        weight = try fields.required(4)
        witnesses = try fields.optional(5) ?? 0
        openThreshold = try fields.optional(6) ?? 0.5
        closeThreshold = try fields.optional(7) ?? -0.5
        releaseFraction = try fields.optional(8) ?? 0.5
        openedAt = try fields.optional(9)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("gate_id", gateID.text)
            out.member("region", region.text)
            out.member("state", state.word)
            out.member("potential", potential)
            out.member("weight", weight)
            out.member("witnesses", Double(witnesses))
            out.member("open_threshold", openThreshold)
            out.member("close_threshold", closeThreshold)
            out.member("release_fraction", releaseFraction)
            if let openedAt { out.member("opened_at", openedAt) }
        }
    }
}
