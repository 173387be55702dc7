import NimmerWave

/// What the bridge does with each request, as a value: no clock, no bus (architecture.md, rule 1).
///
/// It remembers which requests have been answered, so that a redelivered one is acknowledged and not asked twice
/// (protocol.md, What an acknowledgement means).
public struct BridgeLogic: Sendable {
    /// What to do with a delivery of the requests' stream.
    public enum Action: Sendable, Hashable {
        /// Ask, publish the answer durably, then acknowledge.
        case ask(CognitiveRequest)
        /// Publish this answer durably, then acknowledge.
        case answer(CognitiveResponse)
        /// It has been answered already: acknowledge.
        case acknowledge(MessageID)
    }

    /// How many answered requests are remembered; the oldest are forgotten first.
    public static let memory = 100_000

    private var answered: Set<MessageID> = []
    private var order: [MessageID] = []
    private var oldest = 0

    /// What has happened since the start.
    public private(set) var counters = Counters()

    /// Requests by what became of them.
    public struct Counters: Sendable, Hashable {
        /// Requests that were taken from the stream, redeliveries included.
        public var taken = 0
        /// Answers that are in the stream.
        public var answered = 0
        /// Of these, answered after their time.
        public var expired = 0
        /// Requests that had been answered before.
        public var repeated = 0
        /// Messages that were no requests.
        public var rejected = 0
    }

    /// A bridge that has answered nothing.
    public init() {}

    /// A request was delivered.
    public mutating func receive(_ request: CognitiveRequest, at now: Timestamp) -> Action {
        counters.taken += 1
        if answered.contains(request.requestID) {
            counters.repeated += 1
            return .acknowledge(request.requestID)
        }
        if request.expiresAt <= now {
            counters.expired += 1
            return .answer(Self.expired(request, at: now))
        }
        return .ask(request)
    }

    /// A message of the stream was no request.
    public mutating func rejected() { counters.rejected += 1 }

    /// An answer is in the stream: found there at the start, or just acknowledged.
    public mutating func remember(_ request: MessageID, isNew: Bool) {
        if isNew { counters.answered += 1 }
        guard answered.insert(request).inserted else { return }
        order.append(request)
        if answered.count > Self.memory {
            answered.remove(order[oldest])
            oldest += 1
            if oldest > Self.memory {
                order.removeFirst(oldest)
                oldest = 0
            }
        }
    }

    /// The answer to a request whose time is over (protocol.md: "an expired one is answered `expired`, never dropped").
    public static func expired(_ request: CognitiveRequest, at now: Timestamp) -> CognitiveResponse {
        CognitiveResponse(
            requestID: request.requestID, decision: "expired",
            result: ["expired_at": .string(request.expiresAt.rfc3339), "seen_at": .string(now.rfc3339)],
            outcome: .expired)
    }

    /// The answer when no mind could be asked.
    public static func failed(_ request: CognitiveRequest, _ error: CognitionError) -> CognitiveResponse {
        let outcome: ResponseOutcome =
            switch error.code {
            case .unavailable: .unavailable
            case .expired: .expired
            case .refused: .refused
            }
        return CognitiveResponse(
            requestID: request.requestID, decision: error.code.rawValue, result: ["reason": .string(error.message)],
            outcome: outcome)
    }

    /// The id of the message that carries the answer to a request: the same on every retry.
    public static func messageID(answering request: MessageID) -> MessageID { .named("response/\(request.text)") }
}
