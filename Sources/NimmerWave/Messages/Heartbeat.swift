/// The state of the circuit breaker before a mind.
public enum BreakerState: String, CaseIterable, Sendable, Hashable {
    /// Requests pass.
    case closed
    /// Requests do not pass.
    case open
    /// One request is let through to see.
    case halfOpen = "half_open"
}

/// A mind is alive (protocol.md, Subjects).
public struct Heartbeat: MessageBody {
    /// The mind.
    public var mind: Token
    /// The circuit breaker before it.
    public var state: BreakerState
    /// Requests that wait.
    public var queue: Int
    /// The median time of an answer.
    public var latencyMilliseconds: Double
    /// How fast it writes.
    public var tokensPerSecond: Double
    /// Requests answered since the start.
    public var answered: Int

    /// A message body of its parts.
    public init(
        mind: Token, state: BreakerState, queue: Int, latencyMilliseconds: Double = 0, tokensPerSecond: Double = 0,
        answered: Int = 0
    ) {
        self.mind = mind
        self.state = state
        self.queue = queue
        self.latencyMilliseconds = latencyMilliseconds
        self.tokensPerSecond = tokensPerSecond
        self.answered = answered
    }

    public static let type = MessageType.heartbeat
    public static let meaning = "A mind is alive, and how busy it is."
    public static let fields: [Field] = [
        .required("mind", .token, "The mind."),
        .required("state", .word(BreakerState.allCases.map(\.rawValue)), "The circuit breaker before it."),
        .required("queue", .whole(0...Int.max), "Requests that wait."),
        .optional("latency_ms", .notNegative, "The median time of an answer."),
        .optional("tokens_per_second", .notNegative, "How fast it writes."),
        .optional("answered", .whole(0...Int.max), "Requests answered since the start."),
    ]

    public init(_ fields: FieldReader) {
        mind = fields.token("mind")
        state = BreakerState(rawValue: fields.text("state")) ?? .open
        queue = fields.whole("queue")
        latencyMilliseconds = fields.number("latency_ms")
        tokensPerSecond = fields.number("tokens_per_second")
        answered = fields.whole("answered")
    }

    public var json: JSON {
        [
            "mind": .string(mind.text),
            "state": .string(state.rawValue),
            "queue": .number(Double(queue)),
            "latency_ms": .number(latencyMilliseconds),
            "tokens_per_second": .number(tokensPerSecond),
            "answered": .number(Double(answered)),
        ]
    }
}
