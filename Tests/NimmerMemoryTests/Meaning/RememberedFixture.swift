import NimmerIris
import NimmerMemory
import NimmerTesting
import NimmerWave
import Synchronization
import Testing

/// Openings with decisions and outcomes that have a meaning, and the table of meanings that the programs have.
enum RememberedFixture {
    /// The committed table.
    static let table: EmbeddingTable? = {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        return try? EmbeddingTable(path: "/\(root)/deploy/iris/\(EmbeddingTable.fileName)")
    }()

    /// An opening, its decision and its outcome.
    ///
    /// - Parameters:
    ///   - seed: every id is made from it.
    ///   - note: what the first witness noticed.
    ///   - action: what was decided.
    ///   - result: outcome; nil: none.
    static func decision(
        _ seed: String, in region: String, _ note: String, action: String, result: VerificationResult? = nil,
        at: Timestamp = DecisionFixture.time
    ) throws -> [MemoryEntry] {
        var decision = try DecisionFixture(
            seed: seed, gate: region.replacing(".", with: "--"), at: at, source: "ear",
            content: JSON.object(["note": .string(note)]).text)
        decision.transition.body.region = try Region(region)
        decision.collapse.body.region = try Region(region)
        decision.request.body.eventType = "anomaly"
        decision.response.body.decision = action
        decision.response.body.downstreamCommands = []
        decision.response.body.result = DecisionRecord(reason: "it was noticed before").json
        var entries = decision.entries
        guard let result else { return entries }
        let accepted = AcceptedOutcome(
            gateID: decision.gate, region: try Region(region), opening: decision.transition.header.messageID,
            opener: try Token("two"), witnesses: [try Token("one"), try Token("two")], sender: "person", result: result,
            at: at.advanced(milliseconds: 60_000))
        let message = Envelope(
            id: .named("\(seed) accepted"), at: at.advanced(milliseconds: 60_000),
            from: Source(entityID: "thalamus-1", entityType: .thalamus, garden: .real, tier: 1), accepted)
        entries.append(
            MemoryEntry(
                environment: .dev, subject: "dev.nervous.gates.\(decision.gate).outcome", payload: message.encoded(),
                row: .accepted(message, lifeforce: 0)))
        return entries
    }
}

/// An embedder that answers as its script states, and else as the table does.
final class ScriptedEmbedder: Embedder {
    /// What it does with a question.
    enum Step: Sendable {
        case answer
        case fail(EmbeddingError)
        /// Vectors of another number of components.
        case short
        /// Never answers.
        case hang
    }

    let model: EmbeddingModel
    private let table: EmbeddingTable
    private let step = Mutex(Step.answer)
    private let questions = Mutex<[[String]]>([])
    /// A text that holds this has no embedding.
    private let poison: String?

    init(_ table: EmbeddingTable, poison: String? = nil) {
        self.table = table
        self.poison = poison
        model = table.model
    }

    /// The texts that it was asked about.
    var asked: [[String]] { questions.withLock { $0 } }

    /// Does this from now on.
    func script(_ next: Step) { step.withLock { $0 = next } }

    func embed(
        _ texts: [String], deadline: ContinuousClock.Instant
    ) async throws(EmbeddingError) -> [Embedding] {
        questions.withLock { $0.append(texts) }
        switch step.withLock({ $0 }) {
        case .answer: break
        case .fail(let error): throw error
        case .short: return try texts.map { _ throws(EmbeddingError) in try Embedding(normalizing: [1, 2, 3]) }
        case .hang:
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(600)) }
            throw .timedOut
        }
        if let poison, texts.contains(where: { $0.contains(poison) }) { throw .notFinite }
        return try await table.embed(texts, deadline: deadline)
    }
}
