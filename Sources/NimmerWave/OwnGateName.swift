extension GateID {
    /// The kinds of parts that have a gate of their own, which its name ends in.
    public enum Owner: String, CaseIterable, Sendable {
        /// A cell: `<cell>-cell`.
        case cell
        /// A nerve: `<nerve>-nerve`.
        case nerve

        /// The kind of the owner in a message's head.
        public var entityType: EntityType { self == .cell ? .cell : .nerve }
    }

    /// The gate that a cell or nerve has over its own evidence: `<name>-cell`, or with a hash of the name in the place of its end where
    /// that is too long for a token. No region's gate has such a name.
    public init(ownedBy name: Token, _ owner: Owner) {
        let text = "\(name)-\(owner.rawValue)"
        guard text.utf8.count > Wire.maximumToken else {
            token = Token(trusted: text)
            return
        }
        let hash = SHA1.hash(Array(name.text.utf8)).0
        let digest = String(hash, radix: 16)
        let padded = String(repeating: "0", count: 8 - digest.count) + digest
        token = Token(trusted: "\(name.text.prefix(44))---\(padded)-\(owner.rawValue)")
    }

    /// The kind of its owner; nil for the gate of a region.
    public var owner: Owner? { Owner.allCases.first { text.hasSuffix("-\($0.rawValue)") } }
}
