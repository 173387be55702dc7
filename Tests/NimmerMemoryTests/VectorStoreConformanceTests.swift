import NimmerMemory
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerMemoryPostgres

@Suite("Stores of meanings keep the contract")
struct VectorStoreConformanceTests {
    @Test("in memory", arguments: VectorStoreConformance.checks)
    func inMemory(_ check: VectorStoreConformance.Check) async throws {
        let memory = InMemoryStore()
        let store = InMemoryVectorStore(kernel: try Token("main"), outcomes: memory)
        try await check.run(.init(memory: memory) { store.beside($0) })
    }

    @Test(
        "in PostgreSQL without pgvector",
        .enabled(if: TestDatabase.isInstalled, "PostgreSQL is not installed: apt-get install postgresql"),
        arguments: VectorStoreConformance.checks)
    func inProcess(_ check: VectorStoreConformance.Check) async throws {
        let settings = try await TestDatabase.shared.fresh()
        try PostgresConnection(settings).script("drop extension if exists vector cascade")
        #expect(try await !PostgresVectorStore(settings, kernel: Token("main")).support().isInDatabase)
        try await check.run(.init(memory: PostgresStore(settings)) { PostgresVectorStore(settings, kernel: $0) })
    }

    @Test(
        "in PostgreSQL with pgvector", .enabled(Pgvector.note, Pgvector.isOffered),
        arguments: VectorStoreConformance.checks)
    func inDatabase(_ check: VectorStoreConformance.Check) async throws {
        let settings = try await TestDatabase.shared.fresh()
        #expect(try await PostgresVectorStore(settings, kernel: Token("main")).support().isInDatabase)
        try await check.run(.init(memory: PostgresStore(settings)) { PostgresVectorStore(settings, kernel: $0) })
    }

    @Test(
        "without pgvector the newest are held and found, and few more",
        .enabled(if: TestDatabase.isInstalled, "PostgreSQL is not installed: apt-get install postgresql"))
    func bounded() async throws {
        let settings = try await TestDatabase.shared.fresh()
        try PostgresConnection(settings).script("drop extension if exists vector cascade")
        let store = PostgresVectorStore(settings, kernel: try Token("main"), mostHeld: 128)
        var items: [RememberedItem] = []
        for number in 0..<400 { items.append(try MeaningFixture("bound \(number)").item) }
        for start in stride(from: 0, to: 400, by: 50) {
            #expect(try await store.keep(Array(items[start..<start + 50])).kept == 50)
        }
        var query = MeaningFixture.query(items[399])
        query.limit = 1_000
        let found = try await store.search(query).map(\.item.id)
        #expect(found.count >= 128 && found.count <= 200)
        #expect(Set(found).isSuperset(of: items.suffix(128).map(\.id)))
        #expect(try await store.keep([items[0]]).known == 1)
        await store.close()
    }
}

/// Whether the server of the tests offers pgvector, which Debian 12 does not have.
enum Pgvector {
    static let note: Comment =
        "PostgreSQL offers no pgvector 0.8 or later: build it as docs/deployment.md shows"

    @Sendable static func isOffered() async -> Bool {
        guard TestDatabase.isInstalled, let settings = try? await TestDatabase.shared.fresh(),
            let support = try? await PostgresAdministration(settings).meanings()
        else { return false }
        return support.isInDatabase
    }
}
