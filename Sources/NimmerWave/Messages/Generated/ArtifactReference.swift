// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// The name of an artifact: contents too big for a message, in the store of artifacts (spec/artifacts.md, Waves that
/// name artifacts).
public struct ArtifactReference: MessageRecord, FieldValue {
    /// The SHA-256 of its bytes.
    public var digest: ArtifactDigest
    /// Kind of contents, such as image/png.
    public var type: MediaType
    /// Number of bytes (0…9007199254740991).
    public var bytes: Int

    /// A record of these values.
    public init(
        digest: ArtifactDigest,
        type: MediaType,
        bytes: Int
    ) {
        self.digest = digest
        self.type = type
        self.bytes = bytes
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("digest", .digest, "The SHA-256 of its bytes."),
        .required("type", .media, "Kind of contents, such as image/png."),
        .required("bytes", .whole(0...9007199254740991), "Number of bytes."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        digest = try fields.required(0)
        type = try fields.required(1)
        bytes = try fields.required(2)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("digest", digest.text)
            out.member("type", type.text)
            out.member("bytes", Double(bytes))
        }
    }
}
