/// Contract of a server that runs a language model; NimmerCognitionHTTP has one for each kind.
///
/// Nothing here is believed because it was asked for: an answer is bytes, and the boundary parses and checks them itself.
///
/// The contract of ``ask(_:deadline:)``:
/// - It returns or throws by the deadline; cancelling the task closes the connection, so that the server stops working.
/// - It asks once. Whether another try makes sense is the caller's to decide (``MindError/canRetry``).
/// - The answer's text is at most ``MindQuestion/maximumAnswerBytes`` long; a longer one is ``MindError/Code/tooLarge`` and is
///   not read to its end.
/// - No redirect is followed. No key, prompt or answer stands in an error or a log.
public protocol MindServer: Sendable {
    /// Asks a question and waits for the whole answer.
    ///
    /// - Parameters:
    ///   - question: the question, and the schema that the server is asked to enforce.
    ///   - deadline: when an answer is of no use any more.
    func ask(_ question: MindQuestion, deadline: ContinuousClock.Instant) async throws(MindError) -> MindAnswer

    /// Looks at the server, within two seconds; never throws: a server that is not there is a state.
    func state() async -> MindServerState
}

/// State of a mind's server.
public struct MindServerState: Sendable, Hashable {
    /// Indicates whether it answered.
    public var isReachable: Bool
    /// Indicates whether it has the model; nil when unknown.
    public var hasModel: Bool?
    /// Indicates whether the model is in memory; nil when unknown.
    public var isLoaded: Bool?
    /// The server's version, or what else it states of itself; empty when unknown.
    public var version: String
    /// Content of the model as the server states it, such as a digest or its size; empty when unknown. Another content of the
    /// same name is another model.
    public var content: String
    /// Reason why it is not reachable or cannot answer, for a person; empty when all is well.
    public var trouble: String

    /// Creates a state.
    public init(
        isReachable: Bool, hasModel: Bool? = nil, isLoaded: Bool? = nil, version: String = "", content: String = "",
        trouble: String = ""
    ) {
        self.isReachable = isReachable
        self.hasModel = hasModel
        self.isLoaded = isLoaded
        self.version = version
        self.content = content
        self.trouble = trouble
    }
}
