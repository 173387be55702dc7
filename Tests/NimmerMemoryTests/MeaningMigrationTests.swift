import NimmerMemory
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerMemoryPostgres

/// memory.md, The store of meanings: with pgvector and without it, before and after it comes or goes.
@Suite(
    "Memory by meaning and its extension",
    .enabled(if: TestDatabase.isInstalled, "PostgreSQL is not installed: apt-get install postgresql"))
struct MeaningMigrationTests {
    private func store(_ settings: DatabaseSettings) throws -> PostgresVectorStore {
        PostgresVectorStore(settings, kernel: try Token("main"))
    }

    private func items(_ count: Int, _ seed: String) throws -> [RememberedItem] {
        try (0..<count).map { try MeaningFixture("\(seed) \($0)").item }
    }

    @Test(
        "the extension comes later, goes, and comes again: nothing is lost", .enabled(Pgvector.note, Pgvector.isOffered)
    )
    func comesLater() async throws {
        let settings = try await TestDatabase.shared.fresh()
        let owner = try PostgresConnection(settings)
        try owner.script("drop extension vector cascade")
        let items = try items(30, "later")
        let store = try store(settings)
        #expect(try await store.keep(Array(items[0..<10])).kept == 10)
        guard case .notCreated = try await store.support() else {
            Issue.record("expected an offered extension, found \(try await store.support())")
            return
        }
        // It comes while the store is open, which continues in the process, and uses it once it opens again.
        try owner.script("create extension vector")
        #expect(try await store.search(MeaningFixture.query(items[3])).first?.item == items[3])
        await store.close()
        try await store.open()
        #expect(try await store.support().isInDatabase)
        #expect(try await store.keep(Array(items[5..<20])).kept == 10)
        #expect(try await store.search(MeaningFixture.query(items[4])).first?.item == items[4])
        // It goes while the store is open.
        try owner.script("drop extension vector cascade")
        #expect(try await store.search(MeaningFixture.query(items[4])).first?.item == items[4])
        #expect(try await !store.support().isInDatabase)
        #expect(try await store.keep(items).kept == 10)
        let report = try await PostgresAdministration(settings).migrate()
        #expect(report.applied == [])
        #expect(report.meanings?.isInDatabase == true)
        await store.close()
        var query = MeaningFixture.query(items[0])
        query.limit = 100
        #expect(Set(try await store.search(query).map(\.item)) == Set(items))
        await store.close()
    }

    @Test(
        "more rows than a running system touches wait for nimmer db migrate",
        .enabled(Pgvector.note, Pgvector.isOffered))
    func waits() async throws {
        let settings = try await TestDatabase.shared.fresh()
        let owner = try PostgresConnection(settings)
        try owner.script("drop extension vector cascade")
        let store = try store(settings)
        _ = try await store.keep(try items(2, "wait"))
        try owner.script(
            """
            insert into memory_meanings (kernel, message_id, seq, kind, env, region, at, text, model, dimensions, embedding)
            select 'main', gen_random_uuid(), 10 + i, 'decision', 'dev', 'math', now(), repeat('x', 1500), 'm', 384,
                   array_fill((1 / sqrt(384))::real, array[384])
            from generate_series(1, 9000) i;
            create extension vector
            """)
        await store.close()
        guard case .notPrepared = try await store.support() else {
            Issue.record("expected rows that wait, found \(try await store.support())")
            return
        }
        #expect(try await store.search(MeaningFixture.query(try items(1, "wait")[0])).count == 2)
        #expect(try await PostgresAdministration(settings).migrate().meanings?.isInDatabase == true)
        await store.close()
        #expect(try await store.support().isInDatabase)
        await store.close()
    }

    @Test("a backup holds every kernel, and is restored with the policies in force")
    func archive() async throws {
        let settings = try await TestDatabase.shared.fresh()
        let items = try items(5, "archive")
        for kernel in ["main", "other"] {
            let store = PostgresVectorStore(settings, kernel: try Token(kernel))
            _ = try await store.keep(items)
            _ = try await store.keep([try MeaningFixture("archive 1").near(0.99, "archive near").item])
            await store.close()
        }
        let pieces = Pieces()
        try await PostgresArchive(settings).export { pieces.take($0) }
        let target = try await TestDatabase.shared.unmade()
        let copy = pieces
        _ = try await PostgresArchive(target).restore(try #require(copy.schema), copy.tables) { copy.next($0) }
        for kernel in ["main", "other"] {
            let store = PostgresVectorStore(target, kernel: try Token(kernel))
            var query = MeaningFixture.query(items[1])
            query.limit = 100
            let found = try await store.search(query)
            #expect(Set(found.map(\.item)) == Set(items))
            #expect(found.first?.duplicates == 1)
            #expect(try await store.keep(items).known == 5)
            #expect(try await store.keep([try MeaningFixture("archive 1").near(0.99, "archive near").item]).known == 1)
            #expect(try await store.keep([try MeaningFixture("archive new").item]).kept == 1)
            await store.close()
        }
        let forced = try PostgresConnection(target).script(
            """
            select count(*) from pg_class where relname in ('memory_meanings', 'meaning_duplicates', 'memory_meanings_default')
                and relrowsecurity and relforcerowsecurity
            """)
        #expect(forced.first == "3")
    }

    @Test("a user of one kernel makes no backup: it would lack the others")
    func backupOfOneKernel() async throws {
        let settings = try await TestDatabase.shared.unmade()
        _ = try await PostgresAdministration(settings).migrate()
        let name = settings.databaseName
        try PostgresConnection(settings).script(
            """
            create role keeper_\(name) login password 'k' in role \(name)_migrator;
            insert into meaning_members values ('keeper_\(name)', 'main')
            """)
        let archive = PostgresArchive(settings.as("keeper_\(name)", "k"))
        let refused = await #expect(throws: MemoryError.self) { try await archive.export { _ in true } }
        #expect(refused?.code == .permission)
        #expect(refused?.message.contains("one kernel only") == true)
        try PostgresConnection(settings).script("delete from meaning_members where member = 'keeper_\(name)'")
        try await archive.export { _ in true }
    }

    @Test("prune drops what is old, but no summary; what was held is looked at again")
    func prune() async throws {
        let settings = try await TestDatabase.shared.fresh()
        let store = try store(settings)
        let now = Timestamp.now()
        var items = try items(4, "prune")
        for place in items.indices { items[place].at = now.advanced(milliseconds: -86_400_000 * Double(place * 100)) }
        items[3].kind = .summary
        _ = try await store.keep(items)
        var query = MeaningFixture.query(items[0])
        query.limit = 10
        #expect(try await store.search(query).count == 4)
        let administration = PostgresAdministration(settings)
        #expect(try await administration.prunePlan(RetentionPolicy(), at: now).steps == [])
        let plan = try await administration.prunePlan(RetentionPolicy(meaningDays: 150), at: now)
        #expect(plan.steps.map(\.table) == ["memory_meanings"])
        #expect(plan.steps.first?.rows == 1)
        #expect(try await administration.prune(plan).steps.first?.rows == 1)
        #expect(Set(try await store.search(query).map(\.item.id)) == Set([items[0], items[1], items[3]].map(\.id)))
        await store.close()
    }

    /// The pieces of an archive, held.
    private final class Pieces: @unchecked Sendable {
        private(set) var schema: ArchivedSchema?
        private(set) var tables: [ArchivedTable] = []
        private var rows: [[UInt8]] = []

        func take(_ piece: ArchivePiece) -> Bool {
            switch piece {
            case .schema(let found): schema = found
            case .table(let table):
                tables.append(table)
                rows.append([])
            case .row(let bytes): rows[rows.count - 1] += bytes
            }
            return true
        }

        func next(_ place: Int) -> [UInt8]? {
            defer { rows[place] = [] }
            return rows[place].isEmpty ? nil : rows[place]
        }
    }
}
