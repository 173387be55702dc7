// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// Outcome of the commands of a decision (protocol.md, Subjects).
public struct Act: MessageBody {
    /// The request whose decision it was; the decision's id.
    public var requestID: MessageID
    /// Status.
    public var outcome: ActOutcome
    /// The commands, in order (at most 64).
    public var commands: [ActedCommand]
    /// Person who approved or refused, and the reason; absent without one (at most 256 bytes).
    public var word: String?
    /// Time at which it ended.
    public var at: Timestamp

    /// A body of these values.
    public init(
        requestID: MessageID,
        outcome: ActOutcome,
        commands: [ActedCommand],
        word: String? = nil,
        at: Timestamp
    ) {
        self.requestID = requestID
        self.outcome = outcome
        self.commands = commands
        self.word = word
        self.at = at
    }

    public static let type = MessageType.act
    public static let meaning = "Outcome of the commands of a decision."
    public static let fields: [Field] = [
        .required("request_id", .uuid, "The request whose decision it was; the decision's id."),
        .required("outcome", .word(ActOutcome.allCases.map(\.rawValue)), "Status."),
        .required("commands", .list(.record(ActedCommand.fields), 64), "The commands, in order."),
        .optional("word", .text(256), "Person who approved or refused, and the reason; absent without one."),
        .required("at", .time, "Time at which it ended."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        requestID = try fields.required(0)
        outcome = try fields.required(1)
        commands = try fields.required(2)
        word = try fields.optional(3)
        at = try fields.required(4)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("request_id", requestID)
            out.member("outcome", outcome.rawValue)
            out.member("commands", list: commands) { $0.write(&$1) }
            out.member("at", at)
            if let word { out.member("word", word) }
        }
    }
}
