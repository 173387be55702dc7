import NimmerWave

/// Embeddings of texts, and the model that made all of them.
public struct EmbeddingAnswer: Sendable, Hashable {
    /// The embeddings, in the order of the texts.
    public let embeddings: [Embedding]
    /// The model: only embeddings of an equal one may be compared with these.
    public let model: EmbeddingModel
    /// Reason why the organ has not answered although there is one, for a person; nil: the model in force has answered.
    public let degraded: String?

    /// An answer.
    public init(embeddings: [Embedding], model: EmbeddingModel, degraded: String? = nil) {
        self.embeddings = embeddings
        self.model = model
        self.degraded = degraded
    }
}

/// State of a chain: the model in force, what each link has answered, and why one is left out.
public struct EmbeddingChainStatus: Sendable, Hashable {
    /// One link.
    public struct Link: Sendable, Hashable {
        /// Its model; nil: it has not answered yet.
        public var model: EmbeddingModel?
        /// Questions that it has answered.
        public var answered = 0
        /// Texts of these.
        public var texts = 0
        /// Questions at which it failed.
        public var failed = 0
        /// The last failure, for a person; empty while the last question was answered.
        public var trouble = ""
        /// Time for which it is still left out; nil: it is asked.
        public var paused: Duration?

        init() {}
    }

    /// The model in force; nil: not known yet, or neither link is there.
    public var model: EmbeddingModel?
    /// The organ; nil: none is configured.
    public var organ: Link?
    /// The table; nil: there is none.
    public var table: Link?
    /// Questions that the table answered in place of the organ.
    public var degraded = 0
    /// Questions that neither answered.
    public var unanswered = 0

    init() {}

    /// Members of `iris` in `$SRV.STATS` (spec/iris.md, Which model answers).
    public var json: JSON {
        var object: JSONObject = [
            "model": model.map { .string($0.name) } ?? .null,
            "dimensions": model.map { .number(Double($0.dimensions)) } ?? .null,
            "degraded": .number(Double(degraded)), "unanswered": .number(Double(unanswered)),
        ]
        object["organ"] = organ?.json
        object["table"] = table?.json
        return .object(object)
    }
}

extension EmbeddingChainStatus.Link {
    fileprivate var json: JSON {
        var object: JSONObject = [
            "model": model.map { .string($0.name) } ?? .null, "answered": .number(Double(answered)),
            "texts": .number(Double(texts)), "failed": .number(Double(failed)),
        ]
        if !trouble.isEmpty { object["trouble"] = .string(trouble) }
        if let paused { object["left_out_ms"] = .number((paused / .milliseconds(1)).rounded()) }
        return .object(object)
    }
}
