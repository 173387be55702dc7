/// A cell's or nerve's observation: what it is about, how sure it is, and the payload (protocol.md, WaveSignal).
public struct WaveSignal: MessageBody {
    /// What it is about.
    public var domain: Token
    /// How sure the sender is, 0…1.
    public var confidence: Double
    /// The payload: an object, opaque below the boundary, kept byte for byte.
    public var semanticContent: JSON
    /// Energy spent in lifeforce units (LF), at least 0.
    public var lifeforceCost: Double
    /// The semantic region; nil means the domain.
    public var region: Region?
    /// `1` asserts, `-1` denies.
    public var polarity: Int
    /// What makes the witness independent; nil means the cell's name in the subject.
    public var origin: Token?
    /// An embedding of the content: up to 1024 finite numbers.
    public var vector: [Double]?
    /// What ties the wave to the request that caused it, at most 64 bytes.
    public var correlationID: String?
    /// How often the sender speaks when all is well, in milliseconds: above 0, at most a day; nil: it does not say.
    public var intervalMilliseconds: Double?

    /// A wave.
    public init(
        domain: Token, confidence: Double, semanticContent: JSON, lifeforceCost: Double = 0, region: Region? = nil,
        polarity: Int = 1, origin: Token? = nil, vector: [Double]? = nil, correlationID: String? = nil,
        intervalMilliseconds: Double? = nil
    ) {
        self.domain = domain
        self.confidence = confidence
        self.semanticContent = semanticContent
        self.lifeforceCost = lifeforceCost
        self.region = region
        self.polarity = polarity
        self.origin = origin
        self.vector = vector
        self.correlationID = correlationID
        self.intervalMilliseconds = intervalMilliseconds
    }

    /// The region that the wave speaks of.
    public var effectiveRegion: Region { region ?? Region(domain) }

    public static let type = MessageType.waveSignal
    public static let meaning = "A cell's or nerve's observation and how sure it is."
    public static let fields: [Field] = [
        .required("domain", .token, "What it is about: math, distance, battery."),
        .required("confidence", .fraction, "How sure the sender is."),
        .required("semantic_content", .opaque, "The payload; opaque below the boundary, kept byte for byte."),
        .optional("lifeforce_cost", .notNegative, "Energy spent, in LF; default 0."),
        .optional("region", .region, "The semantic region; default: the domain."),
        .optional("polarity", .polarity, "Asserts (1, default) or denies (-1)."),
        .optional(
            "origin", .token,
            "What makes the witness independent; default: the cell's name in the subject. Any other must be granted to it."
        ),
        .optional("vector", .list(.finite, Wire.maximumVector), "An embedding of the content."),
        .optional("correlation_id", .text(64), "Ties a wave to the request that caused it."),
        .optional(
            "interval_ms", .positive(Wire.maximumInterval),
            "How often the sender speaks when all is well, in milliseconds; since 2.1."),
    ]

    public init(_ fields: FieldReader) {
        domain = fields.token("domain")
        confidence = fields.number("confidence")
        semanticContent = fields.any("semantic_content") ?? [:]
        lifeforceCost = fields.number("lifeforce_cost")
        region = fields.has("region") ? fields.region("region") : nil
        polarity = fields.numberIfPresent("polarity") == -1 ? -1 : 1
        origin = fields.has("origin") ? fields.token("origin") : nil
        vector = fields.has("vector") ? fields.list("vector").compactMap(\.double) : nil
        correlationID = fields.textIfPresent("correlation_id")
        intervalMilliseconds = fields.numberIfPresent("interval_ms")
    }

    public var json: JSON {
        var object: JSONObject = [
            "domain": .string(domain.text), "confidence": .number(confidence), "semantic_content": semanticContent,
            "lifeforce_cost": .number(lifeforceCost),
        ]
        object["region"] = region.map { .string($0.text) }
        if polarity != 1 { object["polarity"] = .number(Double(polarity)) }
        object["origin"] = origin.map { .string($0.text) }
        object["vector"] = vector.map { .array($0.map { .number($0) }) }
        object["correlation_id"] = correlationID.map { .string($0) }
        object["interval_ms"] = intervalMilliseconds.map { .number($0) }
        return .object(object)
    }
}
