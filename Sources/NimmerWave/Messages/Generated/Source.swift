// Written by Messages/generate.py from Messages/Declarations/records.toml: change that.
// swift-format-ignore-file

/// The sender of a message (protocol.md, Envelope).
public struct Source: MessageRecord, FieldValue {
    /// The sender's name (at most 128 bytes).
    public var entityID: String
    /// Kind of the sender.
    public var entityType: EntityType
    /// The real world (default) or a simulated one.
    public var garden: Garden
    /// The sender's tier; default 1 (0…5).
    public var tier: Int

    /// A record of these values.
    public init(
        entityID: String,
        entityType: EntityType,
        garden: Garden = .real,
        tier: Int = 1
    ) {
        self.entityID = entityID
        self.entityType = entityType
        self.garden = garden
        self.tier = tier
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .required("entity_id", .name(128), "The sender's name."),
        .required("entity_type", .word(EntityType.allCases.map(\.rawValue)), "Kind of the sender."),
        .optional("garden", .word(Garden.allCases.map(\.rawValue)), "The real world (default) or a simulated one."),
        .optional("tier", .whole(0...5), "The sender's tier; default 1."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        entityID = try fields.required(0)
        entityType = try fields.required(1)
        garden = try fields.optional(2) ?? .real
        tier = try fields.optional(3) ?? 1
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            out.member("entity_id", entityID)
            out.member("entity_type", entityType.rawValue)
            out.member("garden", garden.rawValue)
            out.member("tier", Double(tier))
        }
    }
}
