import NimmerIris
import NimmerMemory
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerHippocampus
@testable import NimmerMemoryPostgres

/// The table's vectors under the name of another model.
private struct Renamed: Embedder {
    let model: EmbeddingModel
    private let table: EmbeddingTable

    init(_ name: String, _ table: EmbeddingTable) {
        model = EmbeddingModel(name: name, dimensions: table.model.dimensions)
        self.table = table
    }

    func embed(_ texts: [String], deadline: ContinuousClock.Instant) async throws(EmbeddingError) -> [Embedding] {
        try await table.embed(texts, deadline: deadline)
    }
}

@Suite("After a change of the model what is remembered is found by the new one", .timeLimit(.minutes(5)))
struct ModelChangeTests {
    private static let nextDay = Timestamp(nanoseconds: 1_771_113_600_000_000_000).advanced(milliseconds: 3_600_000)

    private func keeper(
        _ model: String, _ source: any MeaningSource & SummarySource, _ vectors: any VectorStore
    ) throws -> MeaningKeeper {
        let embedder = Renamed(model, try #require(RememberedFixture.table))
        return MeaningKeeper(
            source, vectors, embedder: { () async throws(EmbeddingError) -> any Embedder in embedder },
            environment: .dev, isTrusted: { _, _ in true })
    }

    private func work(_ keeper: MeaningKeeper) async {
        while await keeper.round() {}
        while await keeper.takeUpSummaries() {}
    }

    private func find(_ keeper: MeaningKeeper, _ vectors: any VectorStore) async throws -> [VectorMatch] {
        try await MemorySearch(keeper, vectors: vectors).find(
            MemorySearch.Question("a grinding noise of the pump"), within: .seconds(60))
    }

    /// Rows and a summary under a first model, then a second, then the first again.
    private func change(
        _ memory: any MemoryStore & MeaningSource & SummarySource, _ vectors: any VectorStore, returning known: Int
    ) async throws {
        let first = try keeper("first", memory, vectors)
        await work(first)
        _ = try await memory.write(
            RememberedFixture.decision(
                "pump", in: "plant.pump", "a grinding noise of the pump", action: "stop_pump", result: .failed))
        await work(first)
        while await first.summarize(at: Self.nextDay) {}
        #expect(first.status.kept == 4, "an opening, a decision, an outcome, a summary")

        let second = try keeper("second", memory, vectors)
        await work(second)
        #expect(second.status.kept == 4 && second.status.known == 0)
        let found = try await find(second, vectors)
        #expect(Set(found.map(\.item.kind)) == Set(RememberedItem.Kind.allCases))
        #expect(found.allSatisfy { $0.item.model.name == "second" })
        _ = try await memory.write(
            RememberedFixture.decision("door", in: "house.door", "the door is open", action: "close_door"))
        await work(second)
        #expect(second.status.kept == 6)

        let third = try keeper("first", memory, vectors)
        await work(third)
        #expect(third.status.kept == 2 && third.status.known == known, "what the first has not, and once")
        #expect(try await find(third, vectors).count == 6)
    }

    @Test("in memory")
    func inMemory() async throws {
        let memory = InMemoryStore()
        // In memory the rows that are taken up do not show what is embedded: the store of meanings knows it.
        try await change(memory, InMemoryVectorStore(kernel: try Token("main"), outcomes: memory), returning: 3)
    }

    @Test(
        "in PostgreSQL",
        .enabled(if: TestDatabase.isInstalled, "PostgreSQL is not installed: apt-get install postgresql"))
    func inPostgres() async throws {
        let settings = try await TestDatabase.shared.fresh()
        let (memory, vectors) = (PostgresStore(settings), PostgresVectorStore(settings, kernel: try Token("main")))
        try await change(memory, vectors, returning: 0)
        await vectors.close()
        await memory.close()
    }

    @Test("more summaries than a batch are taken up, each once")
    func pages() async throws {
        let memory = InMemoryStore()
        let vectors = InMemoryVectorStore(kernel: try Token("main"), outcomes: memory)
        let first = try keeper("first", memory, vectors)
        await work(first)
        var items: [RememberedItem] = []
        for number in 0..<150 {
            var item = try MeaningFixture("page \(number)", region: "plant.r\(number)").item
            item.kind = .summary
            item.text = "the pump number \(number) made a noise"
            items.append(item)
        }
        _ = try await vectors.keep(items)
        let second = try keeper("second", memory, vectors)
        await work(second)
        await work(second)
        #expect(second.status.kept == 150 && second.status.known == 0)
    }

    @Test("a question does not wait for a batch that is being kept")
    func ownStore() async throws {
        let memory = InMemoryStore()
        let hanging = HangingVectorStore()
        let keeper = try keeper("first", memory, hanging)
        let vectors = InMemoryVectorStore(kernel: try Token("main"), outcomes: memory)
        let item = try MeaningFixture("own").item
        _ = try await vectors.keep([item])
        _ = try await memory.write(
            RememberedFixture.decision("pump", in: "plant.pump", "a grinding noise", action: "stop_pump"))
        let keeping = Task { await keeper.round() }
        defer {
            hanging.release()
            keeping.cancel()
        }
        let search = MemorySearch(keeper, vectors: vectors)
        let found = try await search.find(MemorySearch.Question("noise"), within: .seconds(60))
        #expect(found.isEmpty && keeper.status.answered == 1, "answered, and by no other model's items")
    }

    @Test(
        "a question to PostgreSQL is answered while a batch waits for its turn",
        .enabled(if: TestDatabase.isInstalled, "PostgreSQL is not installed: apt-get install postgresql"))
    func ownConnection() async throws {
        let settings = try await TestDatabase.shared.fresh()
        let kernel = try Token("main")
        let (keeping, asked) = (
            PostgresVectorStore(settings, kernel: kernel), PostgresVectorStore(settings, kernel: kernel)
        )
        let item = try MeaningFixture("turn").item
        _ = try await keeping.keep([item])
        let blocker = try PostgresConnection(settings)
        try blocker.script(
            "select pg_advisory_lock(hashtext('nimmerverse meanings'), hashtext('main'))")
        let later = try MeaningFixture("turn later").item
        let batch = Task { try await keeping.keep([later]) }
        let found = try await asked.search(MeaningFixture.query(item))
        #expect(found.map(\.item) == [item])
        try blocker.script(
            "select pg_advisory_unlock(hashtext('nimmerverse meanings'), hashtext('main'))")
        #expect(try await batch.value.kept == 1)
        await keeping.close()
        await asked.close()
    }
}
