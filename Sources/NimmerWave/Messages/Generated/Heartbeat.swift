// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// A mind is alive (protocol.md, Subjects).
public struct Heartbeat: MessageBody {
    /// The mind.
    public var mind: Token
    /// The circuit breaker before it.
    public var state: BreakerState
    /// Requests that wait (at least 0).
    public var queue: Int
    /// The median time of an answer (at least 0).
    public var latencyMilliseconds: Double
    /// Speed of writing (at least 0).
    public var tokensPerSecond: Double
    /// Requests answered since the start (at least 0).
    public var answered: Int

    /// A body of these values.
    public init(
        mind: Token,
        state: BreakerState,
        queue: Int,
        latencyMilliseconds: Double = 0,
        tokensPerSecond: Double = 0,
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
        .optional("tokens_per_second", .notNegative, "Speed of writing."),
        .optional("answered", .whole(0...Int.max), "Requests answered since the start."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        mind = try fields.required(0)
        state = try fields.required(1)
        queue = try fields.required(2)
        latencyMilliseconds = try fields.optional(3) ?? 0
        tokensPerSecond = try fields.optional(4) ?? 0
        answered = try fields.optional(5) ?? 0
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("mind", mind.text)
            out.member("state", state.rawValue)
            out.member("queue", Double(queue))
            out.member("latency_ms", latencyMilliseconds)
            out.member("tokens_per_second", tokensPerSecond)
            out.member("answered", Double(answered))
        }
    }
}
