// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// A wave that was a witness when a gate changed its state.
public struct TriggerSignal: MessageRecord, FieldValue {
    /// The sender: the cell or nerve of the subject (at most 128 bytes).
    public var source: String
    /// Origin that made the witness independent.
    public var origin: Token
    /// Its confidence (0…1).
    public var confidence: Double
    /// Asserts (1) or denies (-1).
    public var polarity: Int
    /// Time at which the gate used it.
    public var timestamp: Timestamp
    /// Contribution of its wave to the potential.
    public var push: Double

    /// A record of these values.
    public init(
        source: String,
        origin: Token,
        confidence: Double,
        polarity: Int,
        timestamp: Timestamp,
        push: Double
    ) {
        self.source = source
        self.origin = origin
        self.confidence = confidence
        self.polarity = polarity
        self.timestamp = timestamp
        self.push = push
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("source", .name(128), "The sender: the cell or nerve of the subject."),
        .required("origin", .token, "Origin that made the witness independent."),
        .required("confidence", .fraction, "Its confidence."),
        .required("polarity", .polarity, "Asserts (1) or denies (-1)."),
        .required("timestamp", .time, "Time at which the gate used it."),
        .required("push", .finite, "Contribution of its wave to the potential."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        source = try fields.required(0)
        origin = try fields.required(1)
        confidence = try fields.required(2)
        polarity = try fields.required(3)
        timestamp = try fields.required(4)
        push = try fields.required(5)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("source", source)
            out.member("origin", origin.text)
            out.member("confidence", confidence)
            out.member("polarity", Double(polarity))
            out.member("timestamp", timestamp)
            out.member("push", push)
        }
    }
}
