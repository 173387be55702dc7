/// How the commands of a decision ended.
public enum ActOutcome: String, CaseIterable, Sendable, Hashable {
    /// Every command was carried out.
    case done
    /// A command failed or was refused by its target; the following were not sent.
    case failed
    /// The bridge died while a command was on its way; it was not sent again, and neither were the following.
    case unknown
    /// A person refused.
    case refused
    /// Nobody approved in time, or the bridge was away too long.
    case expired
}

/// A command of a decision and what came of it.
public struct ActedCommand: Hashable, Sendable {
    /// The cell, nerve or organ.
    public var target: String
    /// The command.
    public var command: String
    /// Its arguments.
    public var payload: JSON
    /// How it ended; nil when it was not sent, or nobody knows.
    public var status: CommandStatus?
    /// What it gave.
    public var result: JSON
    /// Why it failed or was refused.
    public var error: String?

    /// One of its parts.
    public init(
        target: String, command: String, payload: JSON = [:], status: CommandStatus? = nil, result: JSON = .null,
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
        .optional(
            "status", .word(CommandStatus.allCases.map(\.rawValue)),
            "How it ended; absent when it was not sent, or nobody knows."),
        .optional("result", .anything, "What it gave."),
        .optional("error", .text(1024), "Why it failed or was refused."),
    ]

    init(_ fields: FieldReader) {
        target = fields.text("target")
        command = fields.text("command")
        payload = fields.has("payload") ? fields.any("payload") ?? [:] : [:]
        status = CommandStatus(rawValue: fields.text("status"))
        result = fields.has("result") ? fields.any("result") ?? .null : .null
        error = fields.has("error") ? fields.text("error") : nil
    }

    /// The part as it stands on the wire.
    public var json: JSON {
        var object: JSONObject = [
            "target": .string(target),
            "command": .string(command),
            "payload": payload,
        ]
        object["status"] = status.map { .string($0.rawValue) }
        if result != .null { object["result"] = result }
        object["error"] = error.map { .string($0) }
        return .object(object)
    }
}

/// What became of the commands of a decision (protocol.md, Subjects).
public struct Act: MessageBody {
    /// The request whose decision it was; the decision's id.
    public var requestID: MessageID
    /// How it ended.
    public var outcome: ActOutcome
    /// The commands, in order.
    public var commands: [ActedCommand]
    /// Who approved or refused; absent without one.
    public var word: String?
    /// When it ended.
    public var at: Timestamp

    /// A message body of its parts.
    public init(
        requestID: MessageID, outcome: ActOutcome, commands: [ActedCommand], word: String? = nil, at: Timestamp
    ) {
        self.requestID = requestID
        self.outcome = outcome
        self.commands = commands
        self.word = word
        self.at = at
    }

    /// One line for a person: `done: motor.stop ok, motor.turn ok`.
    public var summary: String {
        let ends = commands.map { "\($0.target).\($0.command) \($0.status?.rawValue ?? "not sent")" }
        return outcome.rawValue + (ends.isEmpty ? "" : ": " + ends.joined(separator: ", "))
    }

    public static let type = MessageType.act
    public static let meaning = "What became of the commands of a decision."
    public static let fields: [Field] = [
        .required("request_id", .uuid, "The request whose decision it was; the decision's id."),
        .required("outcome", .word(ActOutcome.allCases.map(\.rawValue)), "How it ended."),
        .required("commands", .list(.record(ActedCommand.fields), 64), "The commands, in order."),
        .optional("word", .text(256), "Who approved or refused; absent without one."),
        .required("at", .time, "When it ended."),
    ]

    public init(_ fields: FieldReader) {
        requestID = fields.id("request_id")
        outcome = ActOutcome(rawValue: fields.text("outcome")) ?? .unknown
        commands = fields.records("commands").map(ActedCommand.init)
        word = fields.has("word") ? fields.text("word") : nil
        at = fields.time("at")
    }

    public var json: JSON {
        var object: JSONObject = [
            "request_id": .string(requestID.text),
            "outcome": .string(outcome.rawValue),
            "commands": .array(commands.map(\.json)),
            "at": .string(at.rfc3339),
        ]
        object["word"] = word.map { .string($0) }
        return .object(object)
    }
}
