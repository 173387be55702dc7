// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// A witness within the collapse that an opening carries; its sender and confidence stand in the transition's signals.
public struct OpeningWitness: MessageRecord, FieldValue {
    /// The origin of one of the trigger signals, which name its sender and confidence.
    public var origin: Token
    /// Its similarity to the wave that opened the gate (-1…1).
    public var similarity: Double
    /// Its payload, byte for byte.
    public var semanticContent: JSON
    /// Artifacts that its wave named; since 2.1 (at most 8).
    public var artifacts: [ArtifactReference]

    /// A record of these values.
    public init(
        origin: Token,
        similarity: Double,
        semanticContent: JSON,
        artifacts: [ArtifactReference] = []
    ) {
        self.origin = origin
        self.similarity = similarity
        self.semanticContent = semanticContent
        self.artifacts = artifacts
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("origin", .token, "The origin of one of the trigger signals, which name its sender and confidence."),
        .required("similarity", .number(-1...1), "Its similarity to the wave that opened the gate."),
        .required("semantic_content", .opaque, "Its payload, byte for byte."),
        .optional("artifacts", .list(.record(ArtifactReference.fields), 8), "Artifacts that its wave named; since 2.1."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        origin = try fields.required(0)
        similarity = try fields.required(1)
        semanticContent = try fields.required(2)
        artifacts = try fields.optional(3) ?? []
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("origin", origin.text)
            out.member("similarity", similarity)
            out.member("semantic_content", semanticContent)
            if artifacts != [] { out.member("artifacts", list: artifacts) { $0.write(&$1) } }
        }
    }
}
