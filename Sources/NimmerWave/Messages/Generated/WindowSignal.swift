// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// A wave in a window.
public struct WindowSignal: MessageRecord, FieldValue {
    /// The sender (at most 128 bytes).
    public var source: String
    /// Origin that made it independent.
    public var origin: Token
    /// Its confidence (0…1).
    public var confidence: Double
    /// Time at which the gate used it.
    public var timestamp: Timestamp

    /// A record of these values.
    public init(
        source: String,
        origin: Token,
        confidence: Double,
        timestamp: Timestamp
    ) {
        self.source = source
        self.origin = origin
        self.confidence = confidence
        self.timestamp = timestamp
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("source", .name(128), "The sender."),
        .required("origin", .token, "Origin that made it independent."),
        .required("confidence", .fraction, "Its confidence."),
        .required("timestamp", .time, "Time at which the gate used it."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        source = try fields.required(0)
        origin = try fields.required(1)
        confidence = try fields.required(2)
        timestamp = try fields.required(3)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("source", source)
            out.member("origin", origin.text)
            out.member("confidence", confidence)
            out.member("timestamp", timestamp)
        }
    }
}
