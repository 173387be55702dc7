// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// A command that a decision asks for.
public struct DownstreamCommand: MessageRecord, FieldValue {
    /// The cell, nerve or organ (at most 128 bytes).
    public var target: String
    /// The command (at most 128 bytes).
    public var command: String
    /// Its arguments.
    public var payload: JSON

    /// A record of these values.
    public init(
        target: String,
        command: String,
        payload: JSON = [:]
    ) {
        self.target = target
        self.command = command
        self.payload = payload
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("target", .name(128), "The cell, nerve or organ."),
        .required("command", .name(128), "The command."),
        .optional("payload", .opaque, "Its arguments."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        target = try fields.required(0)
        command = try fields.required(1)
        payload = try fields.opaque(2)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("target", target)
            out.member("command", command)
            out.member("payload", payload)
        }
    }
}
