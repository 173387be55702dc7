// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// An order to a cell, nerve or organ (protocol.md, Command).
public struct Command: MessageBody {
    /// The command (at most 128 bytes).
    public var command: String
    /// Its arguments.
    public var payload: JSON
    /// Time that it may take, in milliseconds (1…86400000).
    public var deadlineMilliseconds: Int
    /// Cause: a decision or a person (at most 128 bytes).
    public var cause: String?
    /// Tier of the sender when several command one target; since 2.1 (0…5).
    public var tier: Int?
    /// Time for which its effect holds unless it is renewed, in milliseconds; since 2.1 (1…86400000).
    public var leaseMilliseconds: Int?

    /// A body of these values.
    public init(
        command: String,
        payload: JSON = [:],
        deadlineMilliseconds: Int = 5000,
        cause: String? = nil,
        tier: Int? = nil,
        leaseMilliseconds: Int? = nil
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
        .optional("deadline_ms", .whole(1...86400000), "Time that it may take, in milliseconds."),
        .optional("cause", .text(128), "Cause: a decision or a person."),
        .optional("tier", .whole(0...5), "Tier of the sender when several command one target; since 2.1."),
        .optional("lease_ms", .whole(1...86400000), "Time for which its effect holds unless it is renewed, in milliseconds; since 2.1."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        command = try fields.required(0)
        payload = try fields.opaque(1)
        deadlineMilliseconds = try fields.optional(2) ?? 5000
        cause = try fields.optional(3)
        tier = try fields.optional(4)
        leaseMilliseconds = try fields.optional(5)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("command", command)
            out.member("payload", payload)
            out.member("deadline_ms", Double(deadlineMilliseconds))
            if let cause { out.member("cause", cause) }
            if let tier { out.member("tier", Double(tier)) }
            if let leaseMilliseconds { out.member("lease_ms", Double(leaseMilliseconds)) }
        }
    }
}
