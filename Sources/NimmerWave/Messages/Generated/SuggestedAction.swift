// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// Something that could be done about a collapse.
public struct SuggestedAction: MessageRecord, FieldValue {
    /// The action (at most 128 bytes).
    public var action: String
    /// Aptness (0…1).
    public var confidence: Double

    /// A record of these values.
    public init(
        action: String,
        confidence: Double
    ) {
        self.action = action
        self.confidence = confidence
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("action", .name(128), "The action."),
        .required("confidence", .fraction, "Aptness."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        action = try fields.required(0)
        confidence = try fields.required(1)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("action", action)
            out.member("confidence", confidence)
        }
    }
}
