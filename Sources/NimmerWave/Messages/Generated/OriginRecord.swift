// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// The record of one origin at a gate (protocol.md, AcceptedOutcome): outcomes that count for and against it, the old
/// ones faded.
public struct OriginRecord: MessageRecord, FieldValue {
    /// The origin.
    public var origin: Token
    /// Its confirmed outcomes, the old ones faded (at least 0).
    public var confirmed: Double
    /// Its failed outcomes, the old ones faded (at least 0).
    public var failed: Double

    /// A record of these values.
    public init(
        origin: Token,
        confirmed: Double,
        failed: Double
    ) {
        self.origin = origin
        self.confirmed = confirmed
        self.failed = failed
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("origin", .token, "The origin."),
        .required("ok", .notNegative, "Its confirmed outcomes, the old ones faded."),
        .required("failed", .notNegative, "Its failed outcomes, the old ones faded."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        origin = try fields.required(0)
        confirmed = try fields.required(1)
        failed = try fields.required(2)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("origin", origin.text)
            out.member("ok", confirmed)
            out.member("failed", failed)
        }
    }
}
