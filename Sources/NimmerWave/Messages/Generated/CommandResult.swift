// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// Result of a command (protocol.md, CommandResult).
public struct CommandResult: MessageBody {
    /// Status.
    public var status: CommandStatus
    /// Result.
    public var result: JSON
    /// Reason why it failed or was refused (at most 1024 bytes).
    public var error: String?

    /// A body of these values.
    public init(
        status: CommandStatus,
        result: JSON = .null,
        error: String? = nil
    ) {
        self.status = status
        self.result = result
        self.error = error
    }

    public static let type = MessageType.commandResult
    public static let meaning = "Result of a command."
    public static let fields: [Field] = [
        .required("status", .word(CommandStatus.allCases.map(\.rawValue)), "Status."),
        .optional("result", .anything, "Result."),
        .optional("error", .text(1024), "Reason why it failed or was refused."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        status = try fields.required(0)
        result = try fields.optional(1) ?? .null
        error = try fields.optional(2)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("status", status.rawValue)
            out.member("result", result)
            if let error { out.member("error", error) }
        }
    }
}
