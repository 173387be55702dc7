import NimmerWave

/// A question to a mind, as a server needs it.
public struct MindQuestion: Sendable, Hashable {
    /// The request that it is about; goes to the server as an idempotency key where that knows one.
    public var requestID: MessageID
    /// System text: who the mind is and how it answers.
    public var system: String
    /// User text: data.
    public var user: String
    /// The JSON Schema of the answer; nil asks for plain text.
    public var schema: JSON?
    /// The schema's name, where a server requires one: a token.
    public var schemaName: String
    /// Tokens that the answer may have.
    public var maximumTokens: Int
    /// 0 takes the most likely word each time; up to 2.
    public var temperature: Double
    /// Makes servers that sample sample the same again.
    public var seed: Int
    /// Bytes that the answer's text may have.
    public var maximumAnswerBytes: Int
    /// Pictures that belong to the user text, for minds that see.
    public var images: [MindImage] = []

    /// Creates a question.
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

/// A picture that goes to a mind.
public struct MindImage: Sendable, Hashable {
    /// Its media type, such as image/png.
    public var type: String
    /// Its bytes, as they are stored.
    public var bytes: [UInt8]

    /// Creates a picture.
    public init(type: String, bytes: [UInt8]) {
        self.type = type
        self.bytes = bytes
    }
}

/// Answer of a mind's server: bytes that are not validated yet, and what they cost.
public struct MindAnswer: Sendable, Hashable {
    /// Reason why the server stopped writing, by its own account; it may be wrong.
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
    /// The model that answered, by the server's reply.
    public var model: String
    /// Reason why it stopped.
    public var finish: Finish
    /// Tokens that were read; nil when the server does not report them.
    public var promptTokens: Int?
    /// Tokens that were written; nil when the server does not report them.
    public var completionTokens: Int?
    /// From the sending of the question to the end of the answer, in milliseconds.
    public var milliseconds: Double
    /// Until the first piece of the answer, in milliseconds; nil when it came in one piece.
    public var firstTokenMilliseconds: Double?
    /// Speed of writing, in tokens a second, as the server measured it; nil when it does not report it.
    public var tokensPerSecond: Double?

    /// Creates an answer.
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
