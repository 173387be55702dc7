// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// Correlation within a window, for training (protocol.md, CorrelationEvent).
public struct CorrelationEvent: MessageBody {
    /// The gate.
    public var gateID: GateID
    /// The time of the oldest wave.
    public var windowStart: Timestamp
    /// The time of the newest wave.
    public var windowEnd: Timestamp
    /// The waves (at most 1024).
    public var signalsInWindow: [WindowSignal]
    /// Similarity of each wave to each other (at most 64).
    public var correlationMatrix: [[Double]]
    /// The support of the newest wave (-1…1).
    public var aggregateCorrelation: Double
    /// Result.
    public var result: CorrelationResult
    /// The label that verification gave it (at most 128 bytes).
    public var trainingLabel: String?
    /// The variant of the system file that correlated; since 2.1.
    public var variant: Token?
    /// The variant's opening, where the result is `opened`; no transition has this id; since 2.1.
    public var opening: MessageID?

    /// A body of these values.
    public init(
        gateID: GateID,
        windowStart: Timestamp,
        windowEnd: Timestamp,
        signalsInWindow: [WindowSignal],
        correlationMatrix: [[Double]],
        aggregateCorrelation: Double,
        result: CorrelationResult,
        trainingLabel: String? = nil,
        variant: Token? = nil,
        opening: MessageID? = nil
    ) {
        self.gateID = gateID
        self.windowStart = windowStart
        self.windowEnd = windowEnd
        self.signalsInWindow = signalsInWindow
        self.correlationMatrix = correlationMatrix
        self.aggregateCorrelation = aggregateCorrelation
        self.result = result
        self.trainingLabel = trainingLabel
        self.variant = variant
        self.opening = opening
    }

    public static let type = MessageType.correlationEvent
    public static let meaning = "Correlation within one window, for training; virtual garden only."
    public static let fields: [Field] = [
        .required("gate_id", .token, "The gate."),
        .required("window_start", .time, "The time of the oldest wave."),
        .required("window_end", .time, "The time of the newest wave."),
        .required("signals_in_window", .list(.record(WindowSignal.fields), 1024), "The waves."),
        .required("correlation_matrix", .list(.list(.finite, 64), 64), "Similarity of each wave to each other."),
        .required("aggregate_correlation", .number(-1...1), "The support of the newest wave."),
        .required("result", .word(CorrelationResult.allCases.map(\.rawValue)), "Result."),
        .optional("training_label", .text(128), "The label that verification gave it."),
        .optional("variant", .token, "The variant of the system file that correlated; since 2.1."),
        .optional("opening", .uuid, "The variant's opening, where the result is `opened`; no transition has this id; since 2.1."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        gateID = try fields.required(0)
        windowStart = try fields.required(1)
        windowEnd = try fields.required(2)
        signalsInWindow = try fields.required(3)
        correlationMatrix = try fields.required(4)
        aggregateCorrelation = try fields.required(5)
        result = try fields.required(6)
        trainingLabel = try fields.optional(7)
        variant = try fields.optional(8)
        opening = try fields.optional(9)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("gate_id", gateID.text)
            out.member("window_start", windowStart)
            out.member("window_end", windowEnd)
            out.member("signals_in_window", list: signalsInWindow) { $0.write(&$1) }
            out.member("correlation_matrix", list: correlationMatrix) { $1.list($0) { $1.write($0) } }
            out.member("aggregate_correlation", aggregateCorrelation)
            out.member("result", result.rawValue)
            if let trainingLabel { out.member("training_label", trainingLabel) }
            if let variant { out.member("variant", variant.text) }
            if let opening { out.member("opening", opening) }
        }
    }
}
