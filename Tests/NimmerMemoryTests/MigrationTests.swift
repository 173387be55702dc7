import NimmerMemory
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerMemoryPostgres

@Suite(
    "The schema", .enabled(if: TestDatabase.isInstalled, "PostgreSQL is not installed: apt-get install postgresql"))
struct MigrationTests {
    @Test("a database that does not exist is created and migrated; a second time changes nothing")
    func freshAndTwice() async throws {
        let settings = try await TestDatabase.shared.unmade()
        let administration = PostgresAdministration(settings)
        let first = try await administration.migrate()
        #expect(first.createdDatabase == settings.databaseName)
        #expect(first.applied == Migration.all)
        #expect(first.notes == [])
        let second = try await administration.migrate()
        #expect(second.createdDatabase == nil)
        #expect(second.applied == [])
        #expect(try await administration.state() == .current(Migration.all.count))
    }

    @Test("versions have no gaps")
    func numbered() {
        #expect(Migration.all.map(\.version) == Array(1...Migration.all.count))
    }

    @Test("two at once are safe")
    func concurrent() async throws {
        let settings = try await TestDatabase.shared.unmade()
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<3 {
                group.addTask { try await PostgresAdministration(settings).migrate().applied.count }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(applied.sorted() == [0, 0, Migration.all.count])
    }

    @Test("a missing database and a missing schema name the command that fixes them")
    func missing() async throws {
        let settings = try await TestDatabase.shared.unmade()
        let noDatabase = await #expect(throws: MemoryError.self) { try await PostgresStore(settings).open() }
        #expect(noDatabase?.code == .missingDatabase)
        #expect(noDatabase?.remedy.contains("nimmer db migrate") == true)
        try PostgresConnection(settings.database("postgres")).script("create database \(settings.databaseName)")
        let noSchema = await #expect(throws: MemoryError.self) { try await PostgresStore(settings).open() }
        #expect(noSchema?.code == .schemaMissing)
        #expect(noSchema?.remedy.contains("nimmer db migrate") == true)
    }

    @Test("an older schema is refused until it is migrated")
    func older() async throws {
        let settings = try await TestDatabase.shared.unmade()
        _ = try await PostgresAdministration(settings, migrations: Array(Migration.all.prefix(1))).migrate()
        let error = await #expect(throws: MemoryError.self) { try await PostgresStore(settings).open() }
        #expect(error?.code == .schemaOlder)
        #expect(error?.remedy.contains("nimmer db migrate") == true)
        let report = try await PostgresAdministration(settings).migrate()
        #expect(report.applied == Array(Migration.all.dropFirst()))
        try await PostgresStore(settings).open()
    }

    @Test("a newer schema is refused by the store and left alone by migrate")
    func newer() async throws {
        let settings = try await TestDatabase.shared.fresh()
        try PostgresConnection(settings).script(
            "insert into schema_migrations (version, name, checksum) values (999, 'from the future', 'x')")
        let refused = await #expect(throws: MemoryError.self) { try await PostgresStore(settings).open() }
        #expect(refused?.code == .schemaUnknown)
        let kept = await #expect(throws: MemoryError.self) { try await PostgresAdministration(settings).migrate() }
        #expect(kept?.code == .schemaUnknown)
    }

    @Test("a migration that was edited afterwards is noticed")
    func tampered() async throws {
        let settings = try await TestDatabase.shared.fresh()
        try PostgresConnection(settings).script("update schema_migrations set checksum = 'edited' where version = 2")
        let refused = await #expect(throws: MemoryError.self) { try await PostgresStore(settings).open() }
        #expect(refused?.code == .schemaTampered)
        #expect(refused?.message.contains("migration 2") == true)
    }

    @Test("tables that no migration made are not touched")
    func foreign() async throws {
        let settings = try await TestDatabase.shared.unmade()
        try PostgresConnection(settings.database("postgres")).script("create database \(settings.databaseName)")
        try PostgresConnection(settings).script("create table gate_transitions (something text)")
        let kept = await #expect(throws: MemoryError.self) { try await PostgresAdministration(settings).migrate() }
        #expect(kept?.code == .schemaUnknown)
    }

    @Test("a migration that fails leaves nothing of itself behind")
    func failing() async throws {
        let settings = try await TestDatabase.shared.unmade()
        let broken = Migration(
            version: Migration.all.count + 1, name: "broken", sql: "create table half_done (); select 1 / 0")
        let administration = PostgresAdministration(settings, migrations: Migration.all + [broken])
        await #expect(throws: MemoryError.self) { try await administration.migrate() }
        let connection = try PostgresConnection(settings)
        #expect(try connection.run("select to_regclass('half_done')::text").first == nil)
        #expect(try connection.run("select max(version) from schema_migrations").first == "\(Migration.all.count)")
    }

    @Test("the writer writes, the reader reads views, no other role anything")
    func roles() async throws {
        let settings = try await TestDatabase.shared.unmade()
        #expect(try await PostgresAdministration(settings).migrate().notes == [])
        let name = settings.databaseName
        let owner = try PostgresConnection(settings)
        try owner.script(
            """
            create role writer_\(name) login password 'w' in role \(name)_hippocampus;
            create role reader_\(name) login password 'r' in role \(name)_reader;
            create role nobody_\(name) login password 'n'
            """)
        let store = PostgresStore(settings.as("writer_\(name)", "w"))
        let decision = try DecisionFixture(seed: "roles")
        #expect(try await store.write(decision.entries).stored == 7)
        #expect(try await store.write(decision.entries).known == 7)

        let reader = PostgresStore(settings.as("reader_\(name)", "r"))
        #expect(try await reader.trail(of: decision.collapse.body.collapseID)?.response == decision.response)
        #expect(try await reader.gates(.dev).count == 1)
        let refused = await #expect(throws: MemoryError.self) { try await reader.write(decision.entries) }
        #expect(refused?.code == .permission)
        #expect(refused?.remedy.contains("its _hippocampus") == true)
        #expect(throws: PostgresFailure.self) {
            try PostgresConnection(settings.as("reader_\(name)", "r")).script("select * from gate_transitions")
        }
        await #expect(throws: MemoryError.self) {
            try await PostgresStore(settings.as("nobody_\(name)", "n")).counts()
        }
    }
}

extension DatabaseSettings {
    /// The same database as another user.
    func `as`(_ user: String, _ password: String) -> DatabaseSettings {
        let parts = address.split(separator: "@", maxSplits: 1)
        var other = self
        other.address = "postgresql://\(user):\(password)@\(parts[1])"
        other.passwordFile = nil
        return other
    }
}
