import NimmerWave

/// A transition of a cell's or nerve's own gate as it is stored for it (decision 0019): no cell writes to a stream, so what it says of
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
    /// - Throws: a ``Refusal`` where the gate is not the sender's, or the message says more than a cell can know.
    public init(subject: Subject, payload: [UInt8], in env: Environment) throws(Refusal) {
        guard let shared = SharedSubject(subject), let sender = shared.sender, let gate = shared.plain.transitionGate,
            let owner = gate.owner, gate == GateID(ownedBy: sender, owner)
        else {
            throw Refusal(
                .name, field: "subject", "a cell or nerve reports transitions of its own gate", found: "'\(subject)'")
        }
        var message = try Envelope<GateTransition>(decoding: payload, on: subject)
        id = .named("\(env.rawValue)/reported/\(sender)/\(message.header.messageID)")
        message.header.messageID = id
        message.header.source.entityID = sender.text
        message.header.source.tier = 1
        self.sender = sender
        self.subject = shared.plain
        self.payload = message.encoded()
    }
}

/// How much a sender may report: its share of the stream of transitions is this, whatever it says, so that it pushes out nobody's.
public struct ReportRates: Sendable {
    /// Bytes at once, after a quiet time: some 500 reports.
    public static let burst = 524_288.0
    /// Bytes a second, in the long run: 38 MiB in the seven days that the stream keeps a message.
    public static let perSecond = 64.0
    /// The largest report, in bytes: one with 64 witnesses is smaller.
    public static let largest = 16_384
    /// Senders that are remembered; the one that was quiet for longest goes first.
    public static let capacity = 4_096

    private struct Allowance {
        var left: Double
        var at: Timestamp
    }

    private var allowances: [Token: Allowance] = [:]

    /// Senders that are remembered now.
    public var senders: Int { allowances.count }

    /// All senders are quiet.
    public init() {}

    /// Counts a report; whether it is within its sender's rate.
    ///
    /// - Parameter now: a time that nobody can set.
    public mutating func takes(_ bytes: Int, of sender: Token, at now: Timestamp) -> Bool {
        if allowances[sender] == nil, allowances.count >= Self.capacity,
            let quietest = allowances.min(by: { ($0.value.at, $0.key) < ($1.value.at, $1.key) })?.key
        {
            allowances[quietest] = nil
        }
        var allowance = allowances[sender] ?? Allowance(left: Self.burst, at: now)
        let seconds = max(0, now.milliseconds(since: allowance.at) / 1000)
        allowance.left = min(Self.burst, allowance.left + seconds * Self.perSecond)
        allowance.at = max(allowance.at, now)
        let isTaken = bytes <= Self.largest && allowance.left >= Double(bytes)
        if isTaken { allowance.left -= Double(bytes) }
        allowances[sender] = allowance
        return isTaken
    }
}
