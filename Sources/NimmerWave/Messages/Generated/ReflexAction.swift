// Written by Messages/generate.py from Messages/Declarations/decisions.toml: change that.
// swift-format-ignore-file

/// The commands that the boundary sent by reflex.
public struct ReflexAction: MessageRecord, FieldValue {
    /// The action (at most 1024 bytes).
    public var action: String
    /// The commands that it asked for (at most 64).
    public var commands: [DownstreamCommand]

    /// A record of these values.
    public init(
        action: String,
        commands: [DownstreamCommand]
    ) {
        self.action = action
        self.commands = commands
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("action", .text(1024), "The action."),
        .required("commands", .list(.record(DownstreamCommand.fields), 64), "The commands that it asked for."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        action = try fields.required(0)
        commands = try fields.required(1)
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("action", action)
            out.member("commands", list: commands) { $0.write(&$1) }
        }
    }
}
