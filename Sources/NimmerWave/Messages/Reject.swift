/// A message that was refused, and why (protocol.md, Subjects).
public struct Reject: MessageBody {
    /// Who refused it.
    public var service: Token
    /// Where it came in.
    public var subject: String
    /// What was expected.
    public var reason: String
    /// The field at fault; empty for the message as a whole.
    public var field: String
    /// The first 4 KiB of what was refused, repaired to UTF-8.
    public var excerpt: String
    /// Messages refused by this service since its start.
    public var rejected: Int

    /// A message body of its parts.
    public init(
        service: Token, subject: String, reason: String, field: String = "", excerpt: String, rejected: Int = 0
    ) {
        self.service = service
        self.subject = subject
        self.reason = reason
        self.field = field
        self.excerpt = excerpt
        self.rejected = rejected
    }

    public static let type = MessageType.reject
    public static let meaning = "A message that was refused, and why."
    public static let fields: [Field] = [
        .required("service", .token, "Who refused it."),
        .required("subject", .name(512), "Where it came in."),
        .required("reason", .text(512), "What was expected."),
        .optional("field", .text(128), "The field at fault; empty for the message as a whole."),
        .required("excerpt", .text(16384), "The first 4 KiB of what was refused, repaired to UTF-8."),
        .optional("rejected", .whole(0...Int.max), "Messages refused by this service since its start."),
    ]

    public init(_ fields: FieldReader) {
        service = fields.token("service")
        subject = fields.text("subject")
        reason = fields.text("reason")
        field = fields.text("field")
        excerpt = fields.text("excerpt")
        rejected = fields.whole("rejected")
    }

    public var json: JSON {
        [
            "service": .string(service.text),
            "subject": .string(subject),
            "reason": .string(reason),
            "field": .string(field),
            "excerpt": .string(excerpt),
            "rejected": .number(Double(rejected)),
        ]
    }
}
