import NimmerWave

/// One page of answers.
public typealias AnswerPage = ExportPage<AnsweredRequest>

/// A request to a mind that was answered, and what reality made of the opening that it was about.
public struct AnsweredRequest: Sendable, Hashable {
    /// The request.
    public var request: Envelope<CognitiveRequest>
    /// Its response, whose outcome is `answered`.
    public var response: Envelope<CognitiveResponse>
    /// The gate that opened.
    public var gateID: GateID
    /// The region that it guards.
    public var region: Region
    /// The transition that opened it.
    public var opening: MessageID
    /// The outcome of the opening that the thalamus accepted: of several the last.
    public var result: VerificationResult
    /// Time at which the thalamus accepted it.
    public var decidedAt: Timestamp

    /// Creates an answered request.
    public init(
        request: Envelope<CognitiveRequest>, response: Envelope<CognitiveResponse>, gateID: GateID, region: Region,
        opening: MessageID, result: VerificationResult, decidedAt: Timestamp
    ) {
        self.request = request
        self.response = response
        self.gateID = gateID
        self.region = region
        self.opening = opening
        self.result = result
        self.decidedAt = decidedAt
    }

    /// Time at which the request was made.
    public var askedAt: Timestamp { request.header.timestamp }

    /// Its place in the order of an export.
    var place: TrainingQuery.Place { .init(at: askedAt.rfc3339, id: request.body.requestID.text) }
}
