// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// A wave that was part of a collapse.
public struct Witness: MessageRecord, FieldValue {
    /// The sender: the cell or nerve of the subject (at most 128 bytes).
    public var source: String
    /// Origin that made the witness independent.
    public var origin: Token
    /// Its confidence (0…1).
    public var confidence: Double
    /// Its similarity to the wave that opened the gate (-1…1).
    public var similarity: Double
    /// Its payload, byte for byte.
    public var semanticContent: JSON
    /// Artifacts that its wave named; since 2.1 (at most 8).
    public var artifacts: [ArtifactReference]

    /// A record of these values.
    public init(
        source: String,
        origin: Token,
        confidence: Double,
        similarity: Double,
        semanticContent: JSON,
        artifacts: [ArtifactReference] = []
    ) {
        self.source = source
        self.origin = origin
        self.confidence = confidence
        self.similarity = similarity
        self.semanticContent = semanticContent
        self.artifacts = artifacts
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("source", .name(128), "The sender: the cell or nerve of the subject."),
        .required("origin", .token, "Origin that made the witness independent."),
        .required("confidence", .fraction, "Its confidence."),
        .required("similarity", .number(-1...1), "Its similarity to the wave that opened the gate."),
        .required("semantic_content", .opaque, "Its payload, byte for byte."),
        .optional("artifacts", .list(.record(ArtifactReference.fields), 8), "Artifacts that its wave named; since 2.1."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        source = try fields.required(0)
        origin = try fields.required(1)
        confidence = try fields.required(2)
        similarity = try fields.required(3)
        semanticContent = try fields.required(4)
        artifacts = try fields.optional(5) ?? []
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("source", source)
            out.member("origin", origin.text)
            out.member("confidence", confidence)
            out.member("similarity", similarity)
            out.member("semantic_content", semanticContent)
            if artifacts != [] { out.member("artifacts", list: artifacts) { $0.write(&$1) } }
        }
    }
}
