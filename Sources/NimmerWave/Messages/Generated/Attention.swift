// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// Gates that are open, once a second (protocol.md, Subjects).
public struct Attention: MessageBody {
    /// IDLE, ALERT, FOCUSED or OVERWHELMED.
    public var mode: AttentionMode
    /// The gates that are open (at most 256).
    public var openGates: [AttendedGate]
    /// The strongest gates that are not open (at most 64).
    public var risingGates: [AttendedGate]
    /// Gates that exist (at least 0).
    public var regions: Int
    /// Waves received in the last second (at least 0).
    public var wavesPerSecond: Double
    /// Waves received since the start (at least 0).
    public var waves: Int
    /// Openings since the start (at least 0).
    public var openings: Int
    /// Collapses since the start (at least 0).
    public var collapses: Int
    /// Requests sent up since the start (at least 0).
    public var escalations: Int
    /// Messages refused since the start (at least 0).
    public var rejected: Int
    /// Waves lost to a slow reader since the start (at least 0).
    public var lost: Int

    /// A body of these values.
    public init(
        mode: AttentionMode,
        openGates: [AttendedGate],
        risingGates: [AttendedGate] = [],
        regions: Int,
        wavesPerSecond: Double,
        waves: Int = 0,
        openings: Int = 0,
        collapses: Int = 0,
        escalations: Int = 0,
        rejected: Int = 0,
        lost: Int = 0
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

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        mode = try fields.required(0)
        openGates = try fields.required(1)
        risingGates = try fields.optional(2) ?? []
        regions = try fields.required(3)
        wavesPerSecond = try fields.required(4)
        waves = try fields.optional(5) ?? 0
        openings = try fields.optional(6) ?? 0
        collapses = try fields.optional(7) ?? 0
        escalations = try fields.optional(8) ?? 0
        rejected = try fields.optional(9) ?? 0
        lost = try fields.optional(10) ?? 0
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("mode", mode.rawValue)
            out.member("open_gates", list: openGates) { $0.write(&$1) }
            out.member("rising_gates", list: risingGates) { $0.write(&$1) }
            out.member("regions", Double(regions))
            out.member("waves_per_second", wavesPerSecond)
            out.member("waves", Double(waves))
            out.member("openings", Double(openings))
            out.member("collapses", Double(collapses))
            out.member("escalations", Double(escalations))
            out.member("rejected", Double(rejected))
            out.member("lost", Double(lost))
        }
    }
}
