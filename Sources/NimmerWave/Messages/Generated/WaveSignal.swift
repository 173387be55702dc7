// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// A cell's or nerve's observation: what it is about, how sure it is, and the payload (protocol.md, WaveSignal).
public struct WaveSignal: MessageBody {
    /// Domain: math, distance, battery.
    public var domain: Token
    /// Confidence of the sender (0…1).
    public var confidence: Double
    /// The payload; opaque below the boundary, kept byte for byte.
    public var semanticContent: JSON
    /// Energy spent, in LF; default 0 (at least 0).
    public var lifeforceCost: Double
    /// The semantic region; default: the domain.
    public var region: Region?
    /// Asserts (1, default) or denies (-1).
    public var polarity: Int
    /// Origin that makes the witness independent; default: the cell's name in the subject. Any other must be granted to
    /// it.
    public var origin: Token?
    /// An embedding of the content (at most 1024 numbers).
    public var vector: [Double]?
    /// Ties a wave to the request that caused it (at most 64 bytes).
    public var correlationID: String?
    /// Interval at which the sender senses when all is well, in milliseconds; since 2.1 (above 0, at most
    /// 100000000000).
    public var intervalMilliseconds: Double?
    /// Artifacts that it is about: contents too big for a wave; since 2.1 (at most 8).
    public var artifacts: [ArtifactReference]

    /// A body of these values.
    public init(
        domain: Token,
        confidence: Double,
        semanticContent: JSON,
        lifeforceCost: Double = 0,
        region: Region? = nil,
        polarity: Int = 1,
        origin: Token? = nil,
        vector: [Double]? = nil,
        correlationID: String? = nil,
        intervalMilliseconds: Double? = nil,
        artifacts: [ArtifactReference] = []
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
        self.artifacts = artifacts
    }

    public static let type = MessageType.waveSignal
    public static let meaning = "A cell's or nerve's observation and how sure it is."
    public static let fields: [Field] = [
        .required("domain", .token, "Domain: math, distance, battery."),
        .required("confidence", .fraction, "Confidence of the sender."),
        .required("semantic_content", .opaque, "The payload; opaque below the boundary, kept byte for byte."),
        .optional("lifeforce_cost", .energy, "Energy spent, in LF; default 0."),
        .optional("region", .region, "The semantic region; default: the domain."),
        .optional("polarity", .polarity, "Asserts (1, default) or denies (-1)."),
        .optional("origin", .token, "Origin that makes the witness independent; default: the cell's name in the subject. Any other must be granted to it."),
        .optional("vector", .vector(1024), "An embedding of the content."),
        .optional("correlation_id", .text(64), "Ties a wave to the request that caused it."),
        .optional("interval_ms", .positive(100000000000), "Interval at which the sender senses when all is well, in milliseconds; since 2.1."),
        .optional("artifacts", .list(.record(ArtifactReference.fields), 8), "Artifacts that it is about: contents too big for a wave; since 2.1."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        domain = try fields.required(0)
        confidence = try fields.required(1)
        semanticContent = try fields.required(2)
        lifeforceCost = try fields.optional(3) ?? 0
        region = try fields.optional(4)
        polarity = try fields.optional(5) ?? 1
        origin = try fields.optional(6)
        vector = try fields.optional(7)
        correlationID = try fields.optional(8)
        intervalMilliseconds = try fields.optional(9)
        artifacts = try fields.optional(10) ?? []
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("domain", domain.text)
            out.member("confidence", confidence)
            out.member("semantic_content", semanticContent)
            out.member("lifeforce_cost", lifeforceCost)
            if let region { out.member("region", region.text) }
            if polarity != 1 { out.member("polarity", Double(polarity)) }
            if let origin { out.member("origin", origin.text) }
            if let vector { out.member("vector", list: vector) { $1.write($0) } }
            if let correlationID { out.member("correlation_id", correlationID) }
            if let intervalMilliseconds { out.member("interval_ms", intervalMilliseconds) }
            if artifacts != [] { out.member("artifacts", list: artifacts) { $0.write(&$1) } }
        }
    }
}
