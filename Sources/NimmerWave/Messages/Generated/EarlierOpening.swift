// Written by Messages/generate.py from Messages/Declarations/decisions.toml: change that.
// swift-format-ignore-file

/// An opening that was merged into a newer one of its region.
public struct EarlierOpening: MessageRecord, FieldValue {
    /// Time of its opening.
    public var openedAt: Timestamp?
    /// Its asserting witnesses (at most 1024).
    public var witnesses: [EscalationWitness]

    /// A record of these values.
    public init(
        openedAt: Timestamp? = nil,
        witnesses: [EscalationWitness] = []
    ) {
        self.openedAt = openedAt
        self.witnesses = witnesses
    }

    /// The fields as they stand on the wire.
    public static let fields: [Field] = [
        .optional("opened_at", .time, "Time of its opening."),
        .optional("witnesses", .list(.record(EscalationWitness.fields), 1024), "Its asserting witnesses."),
    ]

    public init(_ fields: borrowing FieldReader) throws(Refusal) {
        openedAt = try fields.optional(0)
        witnesses = try fields.optional(1) ?? []
    }

    public func write(_ out: inout MemberWriter) {
        out.object { out in
            if let openedAt { out.member("opened_at", openedAt) }
            out.member("witnesses", list: witnesses) { $0.write(&$1) }
        }
    }
}
