import NimmerWave

/// Whoever can answer a CognitiveRequest: the deterministic boundary, or a language model behind an adapter.
///
/// The contract: an answer is a decision about this request and no other; it carries no command that the request's
/// policy does not allow; it comes before `request.expiresAt` or not at all. An answerer never throws for what a model
/// said, only for what kept it from asking; what a model said wrongly is an answer with the outcome `invalid`.
public protocol Answerer: Sendable {
    /// The mind's name, for heartbeats, logs and the record; nil for the deterministic boundary.
    var mind: Mind? { get }

    /// Answers a request.
    ///
    /// - Parameters:
    ///   - request: what is asked; not expired.
    ///   - clock: the wall clock, for the time that the answer took.
    /// - Throws: a ``CognitionError`` when the mind cannot be asked at all.
    func answer(
        _ request: CognitiveRequest, clock: @Sendable () -> Timestamp
    ) async throws(CognitionError) -> CognitiveResponse
}

/// Why a mind could not be asked.
public struct CognitionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Code: String, Sendable {
        /// The server cannot be reached, or refuses to work.
        case unavailable
        /// The request's time was over before an answer came.
        case expired
        /// The budget or the policy does not allow to ask.
        case refused
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened and what a person can do; never a prompt, never a secret.
    public let message: String
    /// Whether the same request may succeed later.
    public var canRetry: Bool { code == .unavailable }

    /// An error from its parts.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The code and the message.
    public var description: String { "\(code.rawValue): \(message)" }
}

/// The boundary without a mind: maps a collapse to typed JSON by rule, always the same for the same request
/// (architecture.md, rule 5: "No model: deterministic boundary").
///
/// It decides for the most apt of the suggested actions and names the event; it asks for no command, since nobody judged.
public struct DeterministicBoundary: Answerer {
    /// The boundary has no mind.
    public var mind: Mind? { nil }

    /// The rule's boundary.
    public init() {}

    /// Answers by rule, at once.
    public func answer(
        _ request: CognitiveRequest, clock: @Sendable () -> Timestamp
    ) async throws(CognitionError) -> CognitiveResponse {
        let began = clock()
        let suggestion = request.suggestedActions.max { ($0.confidence, $1.action) < ($1.confidence, $0.action) }
        let result: JSON = [
            "event_type": .string(request.eventType),
            "confidence": .number(request.confidence),
            "inputs": request.structuredInput,
            "suggested_actions": .array(request.suggestedActions.map(\.json)),
        ]
        return CognitiveResponse(
            requestID: request.requestID, decision: suggestion?.action ?? "observe", result: result,
            boundary: .deterministic, lifeforceSpent: 0,
            processingTimeMilliseconds: max(0, clock().milliseconds(since: began)), outcome: .answered)
    }
}
