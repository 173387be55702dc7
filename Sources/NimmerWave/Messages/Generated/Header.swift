// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// The envelope's head (protocol.md, Envelope).
public struct Header: MessageRecord, FieldValue {
    /// RFC 9562 UUID; also sent as the NATS header Nats-Msg-Id.
    public var messageID: MessageID
    /// The type of the body.
    public var messageType: MessageType
    /// MAJOR.MINOR; the same major is understood, unknown keys are ignored (at most 16 bytes).
    public var version: String
    /// Time at which it was published: RFC 3339, UTC or a numeric offset.
    public var timestamp: Timestamp
    /// Sender.
    public var source: Source

    /// A record of these values.
    public init(
        messageID: MessageID,
        messageType: MessageType,
        version: String = Wire.version,
        timestamp: Timestamp,
        source: Source
    ) {
        self.messageID = messageID
        self.messageType = messageType
        self.version = version
        self.timestamp = timestamp
        self.source = source
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("message_id", .uuid, "RFC 9562 UUID; also sent as the NATS header Nats-Msg-Id."),
        .required("message_type", .name(64), "The type of the body."),
        .required("version", .name(16), "MAJOR.MINOR; the same major is understood, unknown keys are ignored."),
        .required("timestamp", .time, "Time at which it was published: RFC 3339, UTC or a numeric offset."),
        .required("source", .record(Source.fields), "Sender."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        messageID = try fields.required(0)
        messageType = try fields.required(1)
        version = try fields.required(2)
        timestamp = try fields.required(3)
        source = try fields.required(4)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("message_id", messageID)
            out.member("message_type", messageType.rawValue)
            out.member("version", version)
            out.member("timestamp", timestamp)
            out.member("source") { source.write(&$0) }
        }
    }
}
