import NimmerBus
import NimmerProcess
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import ProcessBench
import Testing

@testable import NimmerThalamusProcess

/// A thalamus and what it publishes.
struct Desk {
    let bench: ProcessBench
    let bus: InMemoryBus
    let openings: MessageSequence
    let accepted: MessageSequence
    let rejects: MessageSequence

    private static let manifest = Manifest(name: "thalamus", version: "0.1.0", summary: "Correlates waves.")
    private static func system(trust: String) -> String {
        """
        nimmerverse: 1
        name: trust
        cells:
          - {name: door, command: [door]}
          - {name: bell, command: [bell], settings: {region: bell}}
        nerves:
          - {name: watcher, command: [watcher], verifies: [hall]}
        gates:
          defaults: {trust: \(trust), window_ms: 2000, half_life_ms: 500, open_threshold: 0.9, weight: 0.5, reflex_weight: 0.7}

        """
    }

    /// - Parameter more: of the system file.
    init(
        on bus: InMemoryBus, trust: String = "earned", thalamus: String = "regions: {hall: [\"hall.>\"]}",
        more: String = ""
    ) async throws {
        self.bus = bus
        let text = Self.system(trust: trust) + "thalamus: {\(thalamus)}\n" + more
        let system = try SystemFile(parsing: Array(text.utf8), file: "trust.yaml")
        bench = try ProcessBench(Self.manifest, kind: .thalamus, system: system, on: bus)
        openings = try await bus.messages(.transitions(.dev))
        accepted = try await bus.messages(.acceptedOutcomes(.dev))
        rejects = try await bus.messages(.rejects(.dev))
    }

    /// - Parameter waiting: what an earlier run has left in its outbox.
    func run(waiting: [OutboxMessage] = [], while body: () async throws -> Void) async throws {
        try await run(waiting: waiting) { _ in try await body() }
    }

    func run(waiting: [OutboxMessage] = [], while body: (ThalamusProcess) async throws -> Void) async throws {
        let thalamus = try ThalamusProcess(bench.process, keepsWaves: false)
        for message in waiting { thalamus.outbox.put(message) }
        try await bench.run({ try await thalamus.run() }) {
            _ = try await bench.ask("gates")
            try await body(thalamus)
        }
    }

    /// Two agree; returns the opening.
    func agree() async throws -> Envelope<GateTransition> {
        for cell in ["door", "window"] { try emit(cell, 0.97, region: "hall") }
        return try await nextOpening()
    }

    func nextOpening() async throws -> Envelope<GateTransition> {
        while true {
            let message = try #require(await openings.first { _ in true })
            let transition = try Envelope<GateTransition>(decoding: message.payload, on: message.subject)
            if transition.body.isOpening { return transition }
        }
    }

    func emit(_ cell: String, _ confidence: Double, polarity: Int = 1, region: String? = nil) throws {
        let signal = WaveSignal(
            domain: try Token(cell), confidence: confidence, semanticContent: .raw(Array("{}".utf8)),
            region: try region.map { try Region($0) }, polarity: polarity, origin: nil)
        let wave = Envelope(id: .v7(), at: .now(), from: Source(entityID: cell, entityType: .cell), signal)
        try bus.publish(.wave(.dev, cell: try Token(cell)), payload: wave.encoded())
    }

    @discardableResult
    func report(
        _ opening: MessageID, _ result: VerificationResult, _ kind: OutcomeKind? = nil, gate: String = "hall",
        by sender: String? = "operator", source: String = "nimmer"
    ) async throws -> MessageID {
        let id = MessageID.v7()
        let message = Envelope(
            id: id, at: .now(), from: Source(entityID: "nimmer", entityType: .service),
            VerificationOutcome(
                originalSignalID: opening, domain: try Token("hall"), outcome: result, verificationSource: source,
                kind: kind))
        let subject = Subject.feedback(.dev, gate: try GateID(gate)).from(try sender.map { try Token($0) })
        _ = try await bus.publishDurably(subject, payload: message.encoded(), id: id)
        return id
    }

    func next() async throws -> AcceptedOutcome {
        let message = try #require(await accepted.first { _ in true })
        return try Envelope<AcceptedOutcome>(decoding: message.payload, on: message.subject).body
    }

    func refusal() async throws -> Reject {
        let message = try #require(await rejects.first { _ in true })
        return try Envelope<Reject>(decoding: message.payload, on: message.subject).body
    }
}
