import NimmerWave

/// An opening of a region's gate, as a nerve hears it that may verify it (``Nerve/opened(_:_:)``).
public struct HeardOpening: Sendable, Hashable {
    /// The opening: the id of its transition.
    public let id: MessageID
    /// The gate.
    public let gate: GateID
    /// The region that the gate guards.
    public let region: Region
    /// Domain of its surest witness.
    public let domain: Token
    /// The origins that asserted.
    public let witnesses: [Token]
    /// Time at which it opened.
    public let at: Timestamp

    /// Creates an opening.
    public init(
        id: MessageID, gate: GateID, region: Region, domain: Token, witnesses: [Token] = [], at: Timestamp
    ) {
        self.id = id
        self.gate = gate
        self.region = region
        self.domain = domain
        self.witnesses = witnesses
        self.at = at
    }

    /// An opening from its message; nil for any other transition.
    init?(_ message: Envelope<GateTransition>) {
        guard message.body.isOpening else { return nil }
        self.init(
            id: message.header.messageID, gate: message.body.gateID, region: message.body.region,
            domain: message.body.domain,
            witnesses: message.body.triggerSignals.filter { $0.polarity > 0 }.map(\.origin), at: message.body.at)
    }
}
