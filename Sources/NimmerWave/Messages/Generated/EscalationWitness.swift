// Written by Messages/generate.py from Messages/Declarations/decisions.toml: change that.
// swift-format-ignore-file

/// A witness of an opening, in the input of a mind.
public struct EscalationWitness: MessageRecord, FieldValue {
    /// The sender: the cell or nerve of the subject (at most 128 bytes).
    public var source: String
    /// Origin that made the witness independent.
    public var origin: Token?
    /// Its confidence (0…1).
    public var confidence: Double
    /// Age of its wave at the opening, in milliseconds.
    public var ageMilliseconds: Double
    /// Its payload, byte for byte.
    public var content: JSON
    /// Artifacts that its wave named; since 2.1 (at most 8).
    public var artifacts: [ArtifactReference]

    /// A record of these values.
    public init(
        source: String,
        origin: Token? = nil,
        confidence: Double = 0,
        ageMilliseconds: Double = 0,
        content: JSON = [:],
        artifacts: [ArtifactReference] = []
    ) {
        self.source = source
        self.origin = origin
        self.confidence = confidence
        self.ageMilliseconds = ageMilliseconds
        self.content = content
        self.artifacts = artifacts
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("source", .text(128), "The sender: the cell or nerve of the subject."),
        .optional("origin", .token, "Origin that made the witness independent."),
        .optional("confidence", .fraction, "Its confidence."),
        .optional("age_ms", .finite, "Age of its wave at the opening, in milliseconds."),
        .optional("content", .opaque, "Its payload, byte for byte."),
        .optional("artifacts", .list(.record(ArtifactReference.fields), 8), "Artifacts that its wave named; since 2.1."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        source = try fields.required(0)
        origin = try fields.optional(1)
        confidence = try fields.optional(2) ?? 0
        ageMilliseconds = try fields.optional(3) ?? 0
        content = try fields.opaque(4)
        artifacts = try fields.optional(5) ?? []
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("source", source)
            if let origin { out.member("origin", origin.text) }
            out.member("confidence", confidence)
            out.member("age_ms", ageMilliseconds)
            out.member("content", content)
            if artifacts != [] { out.member("artifacts", list: artifacts) { $0.write(&$1) } }
        }
    }
}
