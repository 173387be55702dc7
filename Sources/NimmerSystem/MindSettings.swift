import NimmerWave

/// One mind of a system file: a model on a server, in the order of preference of the list that it stands in.
public struct MindSettings: Hashable, Sendable {
    /// What the server speaks.
    public enum Kind: String, CaseIterable, Sendable {
        /// ollama: `/api/chat`.
        case ollama
        /// OpenAI-compatible (llama.cpp's server, vLLM and others): `/v1/chat/completions`.
        case openai
    }

    /// Its name in subjects, heartbeats and budgets: a token.
    public var name: String
    /// What the server speaks.
    public var kind: Kind
    /// The server's address without a path: `http://127.0.0.1:11434`. Holds no key.
    public var url: String
    /// The model, as the server calls it.
    public var model: String
    /// A file whose first line is the key.
    public var keyFile: String?
    /// An environment variable that holds the key.
    public var keyVariable: String?
    /// How long one answer may take, in milliseconds; a request's own deadline may be nearer.
    public var timeoutMS = 15_000
    /// Questions at once.
    public var maxConcurrent = 1
    /// Tokens that an answer may have.
    public var maxTokens = 512
    /// 0 takes the most likely word each time.
    public var temperature = 0.0
    /// Bytes that a prompt may have, the instructions included.
    public var promptBytes = 8_192
    /// Below this confidence of its own the next mind is asked.
    public var sureFrom = 0.0
    /// How long the server shall keep the model in memory, in seconds; nil: as the server likes.
    public var keepAliveSeconds: Int?
    /// What it may spend.
    public var budget = BudgetSettings()
    /// What a thousand tokens cost, in LF.
    public var lfPerThousandTokens = 1.0
    /// What a second of answering costs, in LF.
    public var lfPerSecond = 0.0
    /// Failures in a row that open its circuit breaker.
    public var breakerFailures = 3
    /// How long the breaker stays open before one request is let through, in milliseconds.
    public var breakerPauseMS = 10_000
    /// The certificate of the authority that signed the server's certificate, PEM; nil: the machine's.
    public var tlsCA: String?
    /// The client's certificate, PEM.
    public var tlsCertificate: String?
    /// The client's key, PEM.
    public var tlsKey: String?
    /// `http://host:port` of a proxy.
    public var proxy: String?
    /// Where it stands in the file.
    public var mark: YAMLMark = .start

    /// A mind with the defaults: one question at a time, 15 s, 512 tokens.
    public init(name: String, kind: Kind, url: String, model: String) {
        self.name = name
        self.kind = kind
        self.url = url
        self.model = model
    }
}

/// What may be spent; nil is no bound.
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

extension MindSettings {
    init(_ node: YAMLNode, file: String) throws(SystemError) {
        var keys = try MappingReader(node, place: "a mind", file: file)
        let name = try keys.required("name", try keys.token("name"))
        guard name != "bridge" else {
            throw keys.refusal("name", expected: "name: another word; 'bridge' is the bridge's own")
        }
        let url = try keys.required("url", try keys.address("url"))
        self.init(
            name: name, kind: try keys.required("kind", try keys.choice("kind", of: Kind.self)), url: url,
            model: try keys.required("model", try keys.text("model")))
        mark = node.mark
        keyFile = try keys.text("key_file")
        keyVariable = try keys.text("key_variable")
        timeoutMS = try keys.integer("timeout_ms", in: 1...3_600_000, unit: "milliseconds") ?? timeoutMS
        maxConcurrent = try keys.integer("max_concurrent", in: 1...1024) ?? maxConcurrent
        maxTokens = try keys.integer("max_tokens", in: 16...32_768) ?? maxTokens
        temperature = try keys.number("temperature", in: 0...2) ?? temperature
        promptBytes = try keys.integer("prompt_bytes", in: 2_048...1_048_576, unit: "bytes") ?? promptBytes
        sureFrom = try keys.number("sure_from", in: 0...1) ?? sureFrom
        keepAliveSeconds = try keys.integer("keep_alive_s", in: 0...604_800, unit: "seconds")
        if let node = keys.node("budget") { budget = try BudgetSettings(node, place: "budget", file: file) }
        lfPerThousandTokens = try keys.number("lf_per_1000_tokens", in: 0...1e9) ?? lfPerThousandTokens
        lfPerSecond = try keys.number("lf_per_second", in: 0...1e9) ?? lfPerSecond
        if let node = keys.node("breaker") {
            var breaker = try MappingReader(node, place: "breaker", file: file)
            breakerFailures = try breaker.integer("failures", in: 1...1000) ?? breakerFailures
            breakerPauseMS = try breaker.integer("pause_ms", in: 1...86_400_000, unit: "milliseconds") ?? breakerPauseMS
            try breaker.finish()
        }
        if let node = keys.node("tls") {
            var tls = try MappingReader(node, place: "tls", file: file)
            tlsCA = try tls.text("ca")
            tlsCertificate = try tls.text("certificate")
            tlsKey = try tls.text("key")
            try tls.finish()
        }
        proxy = try keys.address("proxy")
        try keys.finish()
    }
}

extension BudgetSettings {
    init(_ node: YAMLNode, place: String, file: String) throws(SystemError) {
        var keys = try MappingReader(node, place: place, file: file)
        lfPerMinute = try keys.number("lf_per_minute", in: 0...1e15, unit: "lifeforce")
        lfPerDay = try keys.number("lf_per_day", in: 0...1e15, unit: "lifeforce")
        tokensPerMinute = try keys.integer("tokens_per_minute", in: 0...1_000_000_000_000)
        tokensPerDay = try keys.integer("tokens_per_day", in: 0...1_000_000_000_000)
        try keys.finish()
    }
}
