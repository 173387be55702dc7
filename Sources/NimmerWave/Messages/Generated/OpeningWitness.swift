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

    /// A record of these values.
    public init(
        origin: Token,
        similarity: Double,
        semanticContent: JSON
    ) {
        self.origin = origin
        self.similarity = similarity
        self.semanticContent = semanticContent
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("origin", .token, "The origin of one of the trigger signals, which name its sender and confidence."),
        .required("similarity", .number(-1...1), "Its similarity to the wave that opened the gate."),
        .required("semantic_content", .opaque, "Its payload, byte for byte."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        origin = try fields.required(0)
        similarity = try fields.required(1)
        semanticContent = try fields.required(2)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("origin", origin.text)
            out.member("similarity", similarity)
            out.member("semantic_content", semanticContent)
        }
    }
}
