import NimmerBus
import NimmerWave

/// Messages that earlier thalami have stored of the gate `hall`: openings by `door` and `window`, and their accepted outcomes.
struct Past {
    let bus: InMemoryBus
    private static let source = Source(entityID: "thalamus", entityType: .thalamus)
    private let begin = Timestamp.now().advanced(milliseconds: -1_000_000)
    private let gate: GateID
    private let region: Region
    private let witnesses: [Token]

    init(on bus: InMemoryBus) async throws {
        self.bus = bus
        gate = try GateID("hall")
        region = try Region("hall")
        witnesses = [try Token("door"), try Token("window")]
        try await SystemStreams.ensure(on: bus, environment: .dev)
        try await SystemStreams.ensureOutcomes(on: bus, environment: .dev)
    }

    static func id(_ number: Int) -> MessageID { .named("opening \(number)") }

    /// A transition of the gate, by its number.
    func transition(_ number: Int, opens: Bool = true) -> OutboxMessage {
        let at = begin.advanced(milliseconds: Double(number) * 1000 + (opens ? 0 : 500))
        let signals = witnesses.map {
            TriggerSignal(source: $0.text, origin: $0, confidence: 0.97, polarity: 1, timestamp: at, push: 0.4)
        }
        let id = opens ? Self.id(number) : .named("closing \(number)")
        let body = GateTransition(
            gateID: gate, domain: witnesses[0], region: region, fromState: opens ? .stable : .open,
            toState: opens ? .open : .stable, stateValue: opens ? 0.95 : 0.1, weight: 0.5,
            opener: opens ? witnesses[1] : nil, trust: 0.5, triggerSignals: signals, at: at)
        return OutboxMessage(
            subject: .transition(.dev, gate: gate), id: id,
            payload: Envelope(id: id, at: at, from: Self.source, body).encoded(),
            fence: SystemStreams.transitions(.dev))
    }

    /// Stores an opening, and that its gate closed again.
    func open(_ number: Int) async throws {
        try await store(transition(number))
        try await store(transition(number, opens: false))
    }

    /// Stores a confirmation of an opening, or that it is taken back; returns its place.
    @discardableResult
    func verify(_ number: Int, takesBack: Bool = false) async throws -> (id: MessageID, sequence: UInt64) {
        let id = MessageID.named("\(takesBack ? "withdrawal" : "verification") \(number)")
        let message = Envelope(
            id: id, at: .now(), from: Source(entityID: "nimmer", entityType: .service),
            VerificationOutcome(
                originalSignalID: Self.id(number), domain: witnesses[0], outcome: takesBack ? .partial : .confirmed,
                verificationSource: "nimmer", kind: takesBack ? .withdrawal : nil))
        let subject = Subject.feedback(.dev, gate: gate).from(try Token("operator"))
        let ack = try await bus.publishDurably(subject, payload: message.encoded(), id: id)
        return (id, ack.sequence)
    }

    /// An accepted confirmation after which both origins have so many confirmed outcomes.
    func accepted(
        _ number: Int, _ verification: (id: MessageID, sequence: UInt64), leaving confirmed: Double,
        undecided: [Int] = [], newest: Int, takesBack: Bool = false
    ) -> OutboxMessage {
        let id = MessageID.accepted(Self.id(number), sequence: verification.sequence)
        let body = AcceptedOutcome(
            gateID: gate, region: region, opening: Self.id(number), opener: witnesses[1], witnesses: witnesses,
            sender: "operator", result: .confirmed, at: .now(),
            origins: witnesses.map { OriginRecord(origin: $0, confirmed: confirmed, failed: 0) },
            kind: takesBack ? .withdrawal : nil, verification: verification.id, undecided: undecided.map(Self.id),
            newest: Self.id(newest))
        return OutboxMessage(
            subject: .acceptedOutcome(.dev, gate: gate), id: id,
            payload: Envelope(id: id, at: body.at, from: Self.source, body).encoded(),
            fence: SystemStreams.outcomes(.dev))
    }

    func store(_ message: OutboxMessage) async throws {
        _ = try await bus.publishDurably(message.subject, payload: message.payload, id: message.id)
    }
}
