// Written by Messages/generate.py from Messages/Declarations/messages.toml: change that.
// swift-format-ignore-file

/// A message that was refused, and why (protocol.md, Subjects).
public struct Reject: MessageBody {
    /// Service that refused it.
    public var service: Token
    /// Subject on which it came in (at most 512 bytes).
    public var subject: String
    /// Expectation (at most 512 bytes).
    public var reason: String
    /// The field at fault; empty for the message as a whole (at most 128 bytes).
    public var field: String
    /// The first 4 KiB of what was refused, repaired to UTF-8 (at most 16384 bytes).
    public var excerpt: String
    /// Messages refused by this service since its start (at least 0).
    public var rejected: Int

    /// A body of these values.
    public init(
        service: Token,
        subject: String,
        reason: String,
        field: String = "",
        excerpt: String,
        rejected: Int = 0
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
        .required("service", .token, "Service that refused it."),
        .required("subject", .name(512), "Subject on which it came in."),
        .required("reason", .text(512), "Expectation."),
        .optional("field", .text(128), "The field at fault; empty for the message as a whole."),
        .required("excerpt", .text(16384), "The first 4 KiB of what was refused, repaired to UTF-8."),
        .optional("rejected", .whole(0...Int.max), "Messages refused by this service since its start."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        service = try fields.required(0)
        subject = try fields.required(1)
        reason = try fields.required(2)
        field = try fields.optional(3) ?? ""
        excerpt = try fields.required(4)
        rejected = try fields.optional(5) ?? 0
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("service", service.text)
            out.member("subject", subject)
            out.member("reason", reason)
            out.member("field", field)
            out.member("excerpt", excerpt)
            out.member("rejected", Double(rejected))
        }
    }
}
