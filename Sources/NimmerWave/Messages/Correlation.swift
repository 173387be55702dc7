/// What a window of waves led to.
public enum CorrelationResult: String, CaseIterable, Sendable, Hashable {
    /// The gate opened.
    case opened
    /// The gate closed.
    case closed
    /// The gate stayed as it was.
    case stayedStable = "stayed_stable"
}

/// A wave in a window.
public struct WindowSignal: Hashable, Sendable {
    /// The sender.
    public var source: String
    /// What made it independent.
    public var origin: Token
    /// How sure it was.
    public var confidence: Double
    /// When the gate used it.
    public var timestamp: Timestamp

    /// One of its parts.
    public init(
        source: String, origin: Token, confidence: Double, timestamp: Timestamp
    ) {
        self.source = source
        self.origin = origin
        self.confidence = confidence
        self.timestamp = timestamp
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("source", .name(128), "The sender."),
        .required("origin", .token, "What made it independent."),
        .required("confidence", .fraction, "How sure it was."),
        .required("timestamp", .time, "When the gate used it."),
    ]

    init(_ fields: FieldReader) {
        source = fields.text("source")
        origin = fields.token("origin")
        confidence = fields.number("confidence")
        timestamp = fields.time("timestamp")
    }

    /// The part as it stands on the wire.
    public var json: JSON {
        [
            "source": .string(source),
            "origin": .string(origin.text),
            "confidence": .number(confidence),
            "timestamp": .string(timestamp.rfc3339),
        ]
    }
}

/// What correlated, for training (protocol.md, CorrelationEvent).
public struct CorrelationEvent: MessageBody {
    /// The gate.
    public var gateID: GateID
    /// The time of the oldest wave.
    public var windowStart: Timestamp
    /// The time of the newest wave.
    public var windowEnd: Timestamp
    /// The waves.
    public var signalsInWindow: [WindowSignal]
    /// Similarity of each wave to each other.
    public var correlationMatrix: [[Double]]
    /// The support of the newest wave.
    public var aggregateCorrelation: Double
    /// What it led to.
    public var result: CorrelationResult
    /// The label that verification gave it.
    public var trainingLabel: String?

    /// A message body of its parts.
    public init(
        gateID: GateID, windowStart: Timestamp, windowEnd: Timestamp, signalsInWindow: [WindowSignal],
        correlationMatrix: [[Double]], aggregateCorrelation: Double, result: CorrelationResult,
        trainingLabel: String? = nil
    ) {
        self.gateID = gateID
        self.windowStart = windowStart
        self.windowEnd = windowEnd
        self.signalsInWindow = signalsInWindow
        self.correlationMatrix = correlationMatrix
        self.aggregateCorrelation = aggregateCorrelation
        self.result = result
        self.trainingLabel = trainingLabel
    }

    public static let type = MessageType.correlationEvent
    public static let meaning = "What correlated in one window, for training; virtual garden only."
    public static let fields: [Field] = [
        .required("gate_id", .token, "The gate."),
        .required("window_start", .time, "The time of the oldest wave."),
        .required("window_end", .time, "The time of the newest wave."),
        .required("signals_in_window", .list(.record(WindowSignal.fields), 1024), "The waves."),
        .required("correlation_matrix", .list(.list(.finite, 64), 64), "Similarity of each wave to each other."),
        .required("aggregate_correlation", .number(-1...1), "The support of the newest wave."),
        .required("result", .word(CorrelationResult.allCases.map(\.rawValue)), "What it led to."),
        .optional("training_label", .text(128), "The label that verification gave it."),
    ]

    public init(_ fields: FieldReader) {
        gateID = fields.gate("gate_id")
        windowStart = fields.time("window_start")
        windowEnd = fields.time("window_end")
        signalsInWindow = fields.records("signals_in_window").map(WindowSignal.init)
        correlationMatrix = fields.list("correlation_matrix").map { ($0.array ?? []).compactMap(\.double) }
        aggregateCorrelation = fields.number("aggregate_correlation")
        result = CorrelationResult(rawValue: fields.text("result")) ?? .stayedStable
        trainingLabel = fields.has("training_label") ? fields.text("training_label") : nil
    }

    public var json: JSON {
        var object: JSONObject = [
            "gate_id": .string(gateID.text),
            "window_start": .string(windowStart.rfc3339),
            "window_end": .string(windowEnd.rfc3339),
            "signals_in_window": .array(signalsInWindow.map(\.json)),
            "correlation_matrix": .array(correlationMatrix.map { .array($0.map { .number($0) }) }),
            "aggregate_correlation": .number(aggregateCorrelation),
            "result": .string(result.rawValue),
        ]
        object["training_label"] = trainingLabel.map { .string($0) }
        return .object(object)
    }
}
