import NimmerWave

/// One mind of a system file: a model on a server, in the order of preference of the list that it stands in.
public struct MindSettings: Hashable, Sendable {
    /// Protocol of the server.
    public enum Kind: String, CaseIterable, Sendable {
        /// ollama: `/api/chat`.
        case ollama
        /// OpenAI-compatible (llama.cpp's server, vLLM and others): `/v1/chat/completions`.
        case openai
    }

    /// Its name in subjects, heartbeats and budgets: a token.
    public var name: String
    /// Protocol of the server.
    public var kind: Kind
    /// The server's address: `http://127.0.0.1:11434`, or with what stands before the paths of its protocol, `https://host/api/v1`. Holds no
    /// key.
    public var url: String
    /// The model, as the server calls it.
    public var model: String
    /// A file whose first line is the key.
    public var keyFile: String?
    /// An environment variable that holds the key.
    public var keyVariable: String?
    /// Timeout of one answer, in milliseconds; a request's own deadline may be nearer.
    public var timeoutMS = 15_000
    /// Time for which the server may load the model for the first question after idleness, in milliseconds; that question itself ends at
    /// ``timeoutMS``.
    public var loadTimeoutMS = 300_000
    /// Questions at once.
    public var maxConcurrent = 1
    /// Tokens that an answer may have.
    public var maxTokens = 512
    /// 0 takes the most likely word each time.
    public var temperature = 0.0
    /// Bytes that a prompt may have, the instructions included.
    public var promptBytes = 8_192
    /// Indicates whether it sees: it gets the pictures that witnesses name.
    public var sees = false
    /// Bytes of the pictures of one question.
    public var imageBytes = 4 << 20
    /// Below this confidence of its own the next mind is asked.
    public var sureFrom = 0.0
    /// Time for which the server keeps the model in memory, in seconds; nil: the server's default.
    public var keepAliveSeconds: Int?
    /// Limits on its spending.
    public var budget = BudgetSettings()
    /// Cost of a thousand tokens, in LF.
    public var lfPerThousandTokens = 1.0
    /// Cost of a second of answering, in LF.
    public var lfPerSecond = 0.0
    /// Failures in a row that open its circuit breaker.
    public var breakerFailures = 3
    /// Time for which the breaker stays open before one request is let through, in milliseconds.
    public var breakerPauseMS = 10_000
    /// The certificate of the authority that signed the server's certificate, PEM; nil: the machine's.
    public var tlsCA: String?
    /// The client's certificate, PEM.
    public var tlsCertificate: String?
    /// The client's key, PEM.
    public var tlsKey: String?
    /// `http://host:port` of a proxy.
    public var proxy: String?
    /// Position in the file.
    public var mark: YAMLMark = .start

    /// Tokens that a second answer may have when the first was cut off: up to four times ``maxTokens``, and 4,096 more at most.
    public var mostTokens: Int { max(maxTokens, min(maxTokens * 4, maxTokens + 4_096, 32_768)) }

    /// A mind with the defaults: one question at a time, 15 s, 512 tokens.
    public init(name: String, kind: Kind, url: String, model: String) {
        self.name = name
        self.kind = kind
        self.url = url
        self.model = model
    }
}

/// Limits on spending; nil is unlimited.
public struct BudgetSettings: Hashable, Sendable {
    /// LF within any minute.
    public var lfPerMinute: Double?
    /// LF within a day (UTC).
    public var lfPerDay: Double?
    /// Tokens, read and written, within any minute.
    public var tokensPerMinute: Int?
    /// Tokens, read and written, within a day (UTC).
    public var tokensPerDay: Int?

    /// No bound.
    public init(
        lfPerMinute: Double? = nil, lfPerDay: Double? = nil, tokensPerMinute: Int? = nil, tokensPerDay: Int? = nil
    ) {
        self.lfPerMinute = lfPerMinute
        self.lfPerDay = lfPerDay
        self.tokensPerMinute = tokensPerMinute
        self.tokensPerDay = tokensPerDay
    }
}
