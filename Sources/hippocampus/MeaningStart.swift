import Logging
import NimmerBus
import NimmerHippocampus
import NimmerIris
import NimmerMemory
import NimmerMemoryPostgres
import NimmerProcess
import NimmerSystem
import NimmerWave

/// Memory by meaning of this process: what embeds, what keeps, and what answers.
struct MeaningStart: Sendable {
    /// Embeds what was committed.
    let keeper: MeaningKeeper
    /// Finds what is near.
    let search: MemorySearch
    /// The models.
    let embeddings: ProcessEmbeddings

    /// Time for which the organ may work on a batch.
    private static let batchTime = Duration.seconds(8)

    /// Memory by meaning, where the system file has the section `iris`; else nil.
    init?(_ process: ServiceProcess, _ database: DatabaseSettings) throws {
        guard let embeddings = ProcessEmbeddings(process) else { return nil }
        self.embeddings = embeddings
        let logger = process.logger
        let grants = OriginGrants(process.system, hasIdentities: process.bus.identity != nil)
        // A question has little time, a batch has many texts: a chain for each, of the same models.
        let (questions, batches) = (embeddings.chain, embeddings.chain(organTime: Self.batchTime))
        let kernel: Token
        do throws(Refusal) { kernel = try Token("main") } catch {
            throw ProcessFailure(.configuration, "the kernel: \(error)")
        }
        keeper = MeaningKeeper(
            // Connections of their own: no commit waits for them.
            PostgresStore(database), PostgresVectorStore(database, kernel: kernel),
            embedder: { () async throws(EmbeddingError) -> any Embedder in try await ModelInForce(batches) },
            environment: process.environment,
            isTrusted: { sender, origin in grants.permits(sender, as: origin.text) },
            summaries: Self.summaries(process),
            notify: { notice in
                switch notice {
                case .stopped(let trouble, let reason):
                    logger.warning(
                        "Nothing is remembered by meaning for now; what is committed waits",
                        metadata: ["trouble": "\(trouble.rawValue)", "reason": "\(reason)"])
                case .works(let model):
                    logger.info("Remembering by meaning", metadata: ["model": "\(model.name)"])
                }
            })
        search = MemorySearch(
            // And another: no question waits for a batch.
            keeper, vectors: PostgresVectorStore(database, kernel: kernel),
            embedder: { () async throws(EmbeddingError) -> any Embedder in try await ModelInForce(questions) })
    }
}

extension MeaningStart {
    /// Levels and writer of summaries, as the system file names them.
    private static func summaries(_ process: ServiceProcess) -> SummaryMaking {
        guard let memory = process.system?.memory else { return SummaryMaking() }
        var write: SummaryMaking.Writer?
        if let organ = memory.summaries.flatMap({ OrganWriter($0, process) }) {
            write = { (facts: String, time: Duration) async throws(SummaryMaking.Failure) -> String in
                try await organ.write(facts, within: time)
            }
        }
        return SummaryMaking(levels: memory.levels, writer: write)
    }
}

/// The model in force of a chain, and no other: what is remembered is compared with its own alone.
private struct ModelInForce: Embedder {
    let model: EmbeddingModel
    private let chain: EmbeddingChain

    /// The model in force now; one that is not known yet is asked for.
    init(_ chain: EmbeddingChain) async throws(EmbeddingError) {
        if chain.model == nil { try await chain.prepare(deadline: .now + .seconds(30)) }
        guard let model = chain.model else {
            throw .unavailable("there is no table of meanings beside the program, and no organ with a model")
        }
        self.model = model
        self.chain = chain
    }

    func embed(
        _ texts: [String], deadline: ContinuousClock.Instant
    ) async throws(EmbeddingError) -> [Embedding] {
        try await chain.embed(texts, in: model, deadline: deadline)
    }
}
