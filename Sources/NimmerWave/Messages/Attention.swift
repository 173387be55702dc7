/// How much is open at once.
public enum AttentionMode: String, CaseIterable, Sendable, Hashable {
    /// Nothing is open and nothing rises.
    case idle = "IDLE"
    /// Nothing is open, something rises.
    case alert = "ALERT"
    /// A few gates are open.
    case focused = "FOCUSED"
    /// More is open than can be attended to, or waves are lost.
    case overwhelmed = "OVERWHELMED"
}

/// A gate as attention sees it.
public struct AttendedGate: Hashable, Sendable {
    /// The gate.
    public var gateID: GateID
    /// Its semantic region.
    public var region: Region
    /// Its state.
    public var state: GateState
    /// Its potential now, -1 to 1.
    public var potential: Double
    /// Trust earned.
    public var weight: Double
    /// Origins in its window.
    public var witnesses: Int
    /// The potential that opens it.
    public var openThreshold: Double
    /// The potential that closes it.
    public var closeThreshold: Double
    /// The fraction of a threshold at which it releases.
    public var releaseFraction: Double
    /// When it last opened.
    public var openedAt: Timestamp?

    /// One of its parts.
    public init(
        gateID: GateID, region: Region, state: GateState, potential: Double, weight: Double, witnesses: Int = 0,
        openThreshold: Double = 0.5, closeThreshold: Double = -0.5, releaseFraction: Double = 0.5,
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
        .optional("opened_at", .time, "When it last opened."),
    ]

    init(_ fields: FieldReader) {
        gateID = fields.gate("gate_id")
        region = fields.region("region")
        state = fields.state("state")
        potential = fields.number("potential")
        weight = fields.number("weight")
        witnesses = fields.whole("witnesses")
        openThreshold = fields.has("open_threshold") ? fields.number("open_threshold") : 0.5
        closeThreshold = fields.has("close_threshold") ? fields.number("close_threshold") : -0.5
        releaseFraction = fields.has("release_fraction") ? fields.number("release_fraction") : 0.5
        openedAt = fields.has("opened_at") ? fields.time("opened_at") : nil
    }

    /// The part as it stands on the wire.
    public var json: JSON {
        var object: JSONObject = [
            "gate_id": .string(gateID.text),
            "region": .string(region.text),
            "state": .string(state.word),
            "potential": .number(potential),
            "weight": .number(weight),
            "witnesses": .number(Double(witnesses)),
            "open_threshold": .number(openThreshold),
            "close_threshold": .number(closeThreshold),
            "release_fraction": .number(releaseFraction),
        ]
        object["opened_at"] = openedAt.map { .string($0.rfc3339) }
        return .object(object)
    }
}

/// What is open, once a second (protocol.md, Subjects).
public struct Attention: MessageBody {
    /// IDLE, ALERT, FOCUSED or OVERWHELMED.
    public var mode: AttentionMode
    /// The gates that are open.
    public var openGates: [AttendedGate]
    /// The strongest gates that are not open.
    public var risingGates: [AttendedGate]
    /// Gates that exist.
    public var regions: Int
    /// Waves received in the last second.
    public var wavesPerSecond: Double
    /// Waves received since the start.
    public var waves: Int
    /// Openings since the start.
    public var openings: Int
    /// Collapses since the start.
    public var collapses: Int
    /// Requests sent up since the start.
    public var escalations: Int
    /// Messages refused since the start.
    public var rejected: Int
    /// Waves lost to a slow reader since the start.
    public var lost: Int

    /// A message body of its parts.
    public init(
        mode: AttentionMode, openGates: [AttendedGate], risingGates: [AttendedGate] = [], regions: Int,
        wavesPerSecond: Double, waves: Int = 0, openings: Int = 0, collapses: Int = 0, escalations: Int = 0,
        rejected: Int = 0, lost: Int = 0
    ) {
        self.mode = mode
        self.openGates = openGates
        self.risingGates = risingGates
        self.regions = regions
        self.wavesPerSecond = wavesPerSecond
        self.waves = waves
        self.openings = openings
        self.collapses = collapses
        self.escalations = escalations
        self.rejected = rejected
        self.lost = lost
    }

    public static let type = MessageType.attention
    public static let meaning = "The open and the rising gates, the mode and the rates; once a second."
    public static let fields: [Field] = [
        .required("mode", .word(AttentionMode.allCases.map(\.rawValue)), "IDLE, ALERT, FOCUSED or OVERWHELMED."),
        .required("open_gates", .list(.record(AttendedGate.fields), 256), "The gates that are open."),
        .optional("rising_gates", .list(.record(AttendedGate.fields), 64), "The strongest gates that are not open."),
        .required("regions", .whole(0...Int.max), "Gates that exist."),
        .required("waves_per_second", .notNegative, "Waves received in the last second."),
        .optional("waves", .whole(0...Int.max), "Waves received since the start."),
        .optional("openings", .whole(0...Int.max), "Openings since the start."),
        .optional("collapses", .whole(0...Int.max), "Collapses since the start."),
        .optional("escalations", .whole(0...Int.max), "Requests sent up since the start."),
        .optional("rejected", .whole(0...Int.max), "Messages refused since the start."),
        .optional("lost", .whole(0...Int.max), "Waves lost to a slow reader since the start."),
    ]

    public init(_ fields: FieldReader) {
        mode = AttentionMode(rawValue: fields.text("mode")) ?? .idle
        openGates = fields.records("open_gates").map(AttendedGate.init)
        risingGates = fields.records("rising_gates").map(AttendedGate.init)
        regions = fields.whole("regions")
        wavesPerSecond = fields.number("waves_per_second")
        waves = fields.whole("waves")
        openings = fields.whole("openings")
        collapses = fields.whole("collapses")
        escalations = fields.whole("escalations")
        rejected = fields.whole("rejected")
        lost = fields.whole("lost")
    }

    public var json: JSON {
        [
            "mode": .string(mode.rawValue),
            "open_gates": .array(openGates.map(\.json)),
            "rising_gates": .array(risingGates.map(\.json)),
            "regions": .number(Double(regions)),
            "waves_per_second": .number(wavesPerSecond),
            "waves": .number(Double(waves)),
            "openings": .number(Double(openings)),
            "collapses": .number(Double(collapses)),
            "escalations": .number(Double(escalations)),
            "rejected": .number(Double(rejected)),
            "lost": .number(Double(lost)),
        ]
    }
}
