/// How a command ended.
public enum CommandStatus: String, CaseIterable, Sendable, Hashable {
    /// It was done.
    case ok
    /// It was tried and failed.
    case error
    /// It was not allowed or not understood.
    case refused
}

/// An order to a cell, nerve or organ (protocol.md, Command).
public struct Command: MessageBody {
    /// The command.
    public var command: String
    /// Its arguments.
    public var payload: JSON
    /// How long it may take.
    public var deadlineMilliseconds: Int
    /// What it follows from: a decision or a person.
    public var cause: String?
    /// Whose voice it is when several command one target, 0…5; nil: that of the header.
    public var tier: Int?
    /// How long its effect holds unless it is renewed, in milliseconds, at most a day; nil: until another command.
    public var leaseMilliseconds: Int?

    /// A message body of its parts.
    public init(
        command: String, payload: JSON = [:], deadlineMilliseconds: Int = 5000, cause: String? = nil,
        tier: Int? = nil, leaseMilliseconds: Int? = nil
    ) {
        self.command = command
        self.payload = payload
        self.deadlineMilliseconds = deadlineMilliseconds
        self.cause = cause
        self.tier = tier
        self.leaseMilliseconds = leaseMilliseconds
    }

    public static let type = MessageType.command
    public static let meaning = "An order to a cell, nerve or organ."
    public static let fields: [Field] = [
        .required("command", .name(128), "The command."),
        .optional("payload", .opaque, "Its arguments."),
        .optional("deadline_ms", .whole(1...86400000), "How long it may take."),
        .optional("cause", .text(128), "What it follows from: a decision or a person."),
        .optional("tier", .whole(0...5), "Whose voice it is when several command one target; since 2.1."),
        .optional(
            "lease_ms", .whole(1...Wire.maximumLease),
            "How long its effect holds unless it is renewed, in milliseconds; since 2.1."),
    ]

    public init(_ fields: FieldReader) {
        command = fields.text("command")
        payload = fields.has("payload") ? fields.any("payload") ?? [:] : [:]
        deadlineMilliseconds = fields.has("deadline_ms") ? fields.whole("deadline_ms") : 5000
        cause = fields.has("cause") ? fields.text("cause") : nil
        tier = fields.wholeIfPresent("tier")
        leaseMilliseconds = fields.wholeIfPresent("lease_ms")
    }

    public var json: JSON {
        var object: JSONObject = [
            "command": .string(command),
            "payload": payload,
            "deadline_ms": .number(Double(deadlineMilliseconds)),
        ]
        object["cause"] = cause.map { .string($0) }
        object["tier"] = tier.map { .number(Double($0)) }
        object["lease_ms"] = leaseMilliseconds.map { .number(Double($0)) }
        return .object(object)
    }
}

/// What came of a command (protocol.md, CommandResult).
public struct CommandResult: MessageBody {
    /// How it ended.
    public var status: CommandStatus
    /// What it gave.
    public var result: JSON
    /// Why it failed or was refused.
    public var error: String?

    /// A message body of its parts.
    public init(
        status: CommandStatus, result: JSON = .null, error: String? = nil
    ) {
        self.status = status
        self.result = result
        self.error = error
    }

    public static let type = MessageType.commandResult
    public static let meaning = "What came of a command."
    public static let fields: [Field] = [
        .required("status", .word(CommandStatus.allCases.map(\.rawValue)), "How it ended."),
        .optional("result", .anything, "What it gave."),
        .optional("error", .text(1024), "Why it failed or was refused."),
    ]

    public init(_ fields: FieldReader) {
        status = CommandStatus(rawValue: fields.text("status")) ?? .error
        result = fields.has("result") ? fields.any("result") ?? .null : .null
        error = fields.has("error") ? fields.text("error") : nil
    }

    public var json: JSON {
        var object: JSONObject = [
            "status": .string(status.rawValue),
            "result": result,
        ]
        object["error"] = error.map { .string($0) }
        return .object(object)
    }
}
