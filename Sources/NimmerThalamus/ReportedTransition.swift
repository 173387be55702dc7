import NimmerWave

/// A transition of a cell's or nerve's own gate as it is stored for it (decision 0019): no cell writes to a stream, so its report of
/// its gate is checked, and written again with a source and an id that the cell cannot choose.
public struct ReportedTransition: Sendable {
    /// The cell or nerve.
    public var sender: Token
    /// Its place among all transitions.
    public var subject: Subject
    /// The id under which it is stored: of its sender, and of the id that the sender gave it, so that a repetition is known.
    public var id: MessageID
    /// The message as it is stored.
    public var payload: [UInt8]

    /// Checks a report.
    ///
    /// - Parameters:
    ///   - subject: `<env>.nervous.gates.<gate>.transition.<sender>`, of which the server guards the sender.
    ///   - payload: a GateTransition of the sender's own gate.
    /// - Throws: a ``Refusal`` where the gate is not the sender's, or the message states more than a cell can know.
    public init(subject: Subject, payload: [UInt8], in env: Environment) throws(Refusal) {
        guard let shared = SharedSubject(subject), let sender = shared.sender, let gate = shared.plain.transitionGate,
            let owner = gate.owner, gate == GateID(ownedBy: sender, owner)
        else {
            throw Refusal(
                .name, field: "subject", "a cell or nerve reports transitions of its own gate", found: "'\(subject)'")
        }
        var message = try Envelope<GateTransition>(decoding: payload, on: subject)
        id = .reported(message.header.messageID, by: sender, in: env)
        message.header.messageID = id
        message.header.source.entityID = sender.text
        message.header.source.tier = 1
        self.sender = sender
        self.subject = shared.plain
        self.payload = message.encoded()
    }
}

extension ReportedTransition {
    /// The largest report, in bytes: one with 64 witnesses is smaller.
    public static let largest = 16_384

    /// The least that a report takes of its sender's budget, in bytes: about what the smallest takes in the stream.
    public static let smallest = 512

    /// The bytes that each sender may report to one thalamus: some hundred reports at once, and in the days that the stream of transitions
    /// keeps a message an eighth of it, so that no sender pushes out what others have published.
    ///
    /// - Parameters:
    ///   - room: the stream's `max_bytes`.
    ///   - age: how long it keeps a message, in seconds.
    public static func budgets(room: Double, age: Double) -> SenderBudgets {
        let burst = max(65_536, room / 512)
        return SenderBudgets(burst: burst, perSecond: max(0, room / 8 - burst) / max(1, age))
    }
}
