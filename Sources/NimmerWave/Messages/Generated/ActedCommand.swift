// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// A command of a decision and what came of it.
public struct ActedCommand: MessageRecord, FieldValue {
    /// The cell, nerve or organ (at most 128 bytes).
    public var target: String
    /// The command (at most 128 bytes).
    public var command: String
    /// Its arguments.
    public var payload: JSON
    /// Status; absent when it was not sent, or the outcome is unknown.
    public var status: CommandStatus?
    /// Result.
    public var result: JSON
    /// Reason why it failed or was refused (at most 1024 bytes).
    public var error: String?

    /// A record of these values.
    public init(
        target: String,
        command: String,
        payload: JSON = [:],
        status: CommandStatus? = nil,
        result: JSON = .null,
        error: String? = nil
    ) {
        self.target = target
        self.command = command
        self.payload = payload
        self.status = status
        self.result = result
        self.error = error
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("target", .name(128), "The cell, nerve or organ."),
        .required("command", .name(128), "The command."),
        .optional("payload", .opaque, "Its arguments."),
        .optional("status", .word(CommandStatus.allCases.map(\.rawValue)), "Status; absent when it was not sent, or the outcome is unknown."),
        .optional("result", .anything, "Result."),
        .optional("error", .text(1024), "Reason why it failed or was refused."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        target = try fields.required(0)
        command = try fields.required(1)
        payload = try fields.opaque(2)
        status = try fields.optional(3)
        result = try fields.optional(4) ?? .null
        error = try fields.optional(5)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("target", target)
            out.member("command", command)
            out.member("payload", payload)
            if let status { out.member("status", status.rawValue) }
            if result != .null { out.member("result", result) }
            if let error { out.member("error", error) }
        }
    }
}
