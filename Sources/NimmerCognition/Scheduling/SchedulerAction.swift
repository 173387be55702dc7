import NimmerWave

/// Action that a scheduler requests.
public enum SchedulerAction: Sendable, Hashable {
    /// Ask a mind; the outcome goes to ``Scheduler/finished(_:_:at:)``.
    case ask(Ask)
    /// Publish this response durably; those that were merged into it are answered as merged first.
    case respond(CognitiveResponse, merged: [MessageID])
    /// Ask minds this request too, after something was done without them about another: publish it durably before that one is
    /// acknowledged.
    case inform(CognitiveRequest, after: MessageID)
    /// There is no room for this request now: the stream keeps it for later.
    case giveBack(MessageID)
}

/// A question to one mind.
public struct Ask: Sendable, Hashable {
    /// Request, with the witnesses of what was merged into it.
    public var request: CognitiveRequest
    /// The mind's place in the list of preference.
    public var mind: Int
    /// Problems of its last answer; empty for the first try.
    public var repair: [String]
    /// Tokens that the answer may have, where these are more than the mind's own: its last answer was cut off.
    public var maximumTokens: Int?
    /// Earlier decisions like it; nil: they are looked for first.
    public var recall: Recall?
    /// Time at which the request expires.
    public var deadline: Timestamp

    /// Creates a question.
    public init(
        request: CognitiveRequest, mind: Int, repair: [String] = [], maximumTokens: Int? = nil, recall: Recall? = nil,
        deadline: Timestamp
    ) {
        self.request = request
        self.mind = mind
        self.repair = repair
        self.maximumTokens = maximumTokens
        self.recall = recall
        self.deadline = deadline
    }
}

/// Outcome of a question.
public enum AskOutcome: Sendable, Hashable {
    /// The mind answered: the verdict on it, what it took, the model as the server names it, and the text where it is refused.
    case answered(AnswerVerdict, Usage, model: String, refused: String)
    /// It did not.
    case failed(MindError, Usage)
}

/// Requests by outcome, since the start.
public struct SchedulerCounters: Sendable, Hashable {
    /// Requests that came.
    public var taken = 0
    /// Answered by a mind.
    public var byMind = 0
    /// Answered by the deterministic boundary.
    public var byRule = 0
    /// Of these, by a reflex.
    public var reflexes = 0
    /// Merged into a newer one of their region.
    public var merged = 0
    /// Expired before an answer.
    public var expired = 0
    /// Given back to the stream for later.
    public var givenBack = 0
    /// Answers of minds that were refused.
    public var invalid = 0
    /// Of these, those whose tokens ran out before they were whole.
    public var cutOff = 0
}
