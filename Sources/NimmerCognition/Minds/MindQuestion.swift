import NimmerWave

/// What a mind is asked, as a server needs it.
public struct MindQuestion: Sendable, Hashable {
    /// The request that it is about; goes to the server as an idempotency key where that knows one.
    public var requestID: MessageID
    /// What the mind is told before: who it is and how it answers.
    public var system: String
    /// What it is told now: data.
    public var user: String
    /// The JSON Schema of the answer; nil asks for plain text.
    public var schema: JSON?
    /// The schema's name, where a server wants one: a token.
    public var schemaName: String
    /// Tokens that the answer may have.
    public var maximumTokens: Int
    /// 0 takes the most likely word each time; up to 2.
    public var temperature: Double
    /// Makes servers that sample sample the same again.
    public var seed: Int
    /// Bytes that the answer's text may have.
    public var maximumAnswerBytes: Int

    /// A question from its parts.
    public init(
        requestID: MessageID, system: String, user: String, schema: JSON?, schemaName: String = "decision",
        maximumTokens: Int = 512, temperature: Double = 0, seed: Int = 1, maximumAnswerBytes: Int = 32_768
    ) {
        self.requestID = requestID
        self.system = system
        self.user = user
        self.schema = schema
        self.schemaName = schemaName
        self.maximumTokens = maximumTokens
        self.temperature = temperature
        self.seed = seed
        self.maximumAnswerBytes = maximumAnswerBytes
    }
}

/// What a mind's server answered: bytes that nobody has judged yet, and what they cost.
public struct MindAnswer: Sendable, Hashable {
    /// Why the server stopped writing, as it says; it may be wrong.
    public enum Finish: Sendable, Hashable {
        /// The answer is whole.
        case stop
        /// It ran into the bound on tokens: the answer is cut off.
        case length
        /// Something else, in the server's word (at most 64 bytes).
        case other(String)
    }

    /// The answer's text, at most the question's bound.
    public var text: [UInt8]
    /// The model that the server says has answered.
    public var model: String
    /// Why it stopped.
    public var finish: Finish
    /// Tokens that were read; nil when the server does not say.
    public var promptTokens: Int?
    /// Tokens that were written; nil when the server does not say.
    public var completionTokens: Int?
    /// From the sending of the question to the end of the answer, in milliseconds.
    public var milliseconds: Double
    /// Until the first piece of the answer, in milliseconds; nil when it came in one piece.
    public var firstTokenMilliseconds: Double?
    /// How fast it wrote, in tokens a second, as the server measured it; nil when it does not say.
    public var tokensPerSecond: Double?

    /// An answer from its parts.
    public init(
        text: [UInt8], model: String, finish: Finish = .stop, promptTokens: Int? = nil, completionTokens: Int? = nil,
        milliseconds: Double, firstTokenMilliseconds: Double? = nil, tokensPerSecond: Double? = nil
    ) {
        self.text = text
        self.model = model
        self.finish = finish
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        self.milliseconds = milliseconds
        self.firstTokenMilliseconds = firstTokenMilliseconds
        self.tokensPerSecond = tokensPerSecond
    }
}
