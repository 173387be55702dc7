import NimmerMemory
import NimmerPlatform
import NimmerServers
import NimmerTesting
import Testing

@testable import NimmerMemoryPostgres

@Suite(
    "Two environments in one PostgreSQL", .serialized,
    .enabled(if: TestDatabase.isInstalled, "PostgreSQL is not installed: apt-get install postgresql"))
struct TwoEnvironmentsTests {
    static let parts = ["migrator", "hippocampus", "reader"]

    @Test("each role has rights in its environment and none in the other")
    func apart() async throws {
        let database = try await SharedDatabase.make(["one", "two"])
        for environment in database.environments {
            try await database.roles(environment)
            try await database.migrate(environment)
        }
        try await expectApart(database)
        // Again, in the other order: nothing changes.
        for environment in database.environments.reversed() { try await database.roles(environment) }
        try await expectApart(database)
    }

    @Test("readers of one environment take all their connections, and no others")
    func connections() async throws {
        let database = try await SharedDatabase.make(["greedy", "patient"])
        for environment in database.environments { try await database.roles(environment) }
        var taken: [PostgresConnection] = []
        let refused = #expect(throws: MemoryError.self) {
            for _ in 0..<60 { taken.append(try database.connection("greedy", "reader", in: "greedy")) }
        }
        #expect(refused.map { "\($0)".contains("too many connections for role") } == true, "\(refused as Any)")
        #expect((2...20).contains(taken.count))
        for environment in database.environments {
            #expect(try database.connection(environment, "hippocampus", in: environment).run("select 1").first == "1")
        }
        // Again: what an administrator has set since stays.
        try database.administrator.script(
            "alter role nimmerverse_greedy_reader connection limit 3; alter database nimmerverse_greedy connection limit 9"
        )
        try await database.roles("greedy")
        let limits = try database.administrator.run(
            """
            select string_agg(n, ' ' order by n) from (
                select rolconnlimit::text n from pg_roles where rolname = 'nimmerverse_greedy_reader'
                union select datconnlimit::text from pg_database where datname = 'nimmerverse_greedy') limits
            """)
        #expect(limits.first == "3 9")
    }

    @Test("what joined them by hand is taken back")
    func joined() async throws {
        let database = try await SharedDatabase.make(["left", "right"])
        for environment in database.environments { try await database.roles(environment) }
        try database.administrator.script(
            """
            grant nimmerverse_right_reader to nimmerverse_left_hippocampus;
            grant nimmerverse_left_migrator to nimmerverse_right_migrator;
            grant connect on database nimmerverse_left to nimmerverse_right_reader
            """)
        try await database.roles("left")
        for environment in database.environments { try await database.migrate(environment) }
        try await expectApart(database)
    }

    @Test("an installation that shared its roles is moved, one environment after the other")
    func moved() async throws {
        let database = try await SharedDatabase.make(["before", "later"])
        try await database.makeAsBefore()
        // As it was: the hole is there.
        #expect(
            try database.connection("before", "hippocampus", in: "later").run(SharedDatabase.mayDecide).first == "t")

        try await database.roles("before")
        for part in Self.parts {
            #expect(throws: MemoryError.self) { try database.connection("later", part, in: "before").run("select 1") }
        }
        #expect(throws: PostgresFailure.self) {
            try database.connection("before", "hippocampus", in: "later").script("select from cognitive_responses")
        }
        // Both go on working at home, before and after the migration.
        for environment in database.environments {
            #expect(
                try database.connection(environment, "hippocampus", in: environment).run(SharedDatabase.mayDecide).first
                    == "t")
            #expect(
                try database.connection(environment, "reader", in: environment).run(SharedDatabase.mayRead).first == "t"
            )
        }
        #expect(try await database.migrate("later").notes.contains { $0.contains("roles.sql") })
        #expect(try await database.migrate("before").notes == [])
        try await database.roles("later")
        #expect(try await database.migrate("later").notes == [])
        try await expectApart(database)
        #expect(try database.administrator.run("select rolname from pg_roles where rolname like 'nimmer\\_%'").isEmpty)
    }

    @Test("without an environment the roles are not made")
    func unnamed() async throws {
        let server = try await TestDatabase.shared.server()
        let answer = try await SharedDatabase.psql(server, ["-f", SharedDatabase.script])
        #expect(!answer.status.isSuccess)
        #expect(answer.lines.contains { $0.text.contains("name the environment") })
    }

    private func expectApart(_ database: SharedDatabase) async throws {
        for home in database.environments {
            #expect(try database.connection(home, "hippocampus", in: home).run(SharedDatabase.mayDecide).first == "t")
            #expect(try database.connection(home, "reader", in: home).run(SharedDatabase.mayRead).first == "t")
            #expect(try database.connection(home, "reader", in: home).run(SharedDatabase.mayDecide).first == "f")
            _ = try database.connection(home, "migrator", in: home).script("create table mine (i int); drop table mine")
            for other in database.environments where other != home {
                for part in Self.parts {
                    #expect(throws: MemoryError.self, "\(home)'s \(part) in \(other)") {
                        try database.connection(home, part, in: other).run("select 1")
                    }
                }
            }
        }
        let joined = try database.administrator.run(
            """
            select m.member::regrole::text from pg_auth_members m
            where m.member::regrole::text like 'nimmerverse%' or m.roleid::regrole::text like 'nimmerverse%'
            """)
        #expect(joined.isEmpty, "\(joined.values)")
        // Neither takes the connections of the other.
        let unbounded = try database.administrator.run(
            """
            select rolname::text from pg_roles where rolname like 'nimmerverse%' and rolconnlimit < 0
            union select datname::text from pg_database where datname like 'nimmerverse%' and datconnlimit < 0
            """)
        #expect(unbounded.isEmpty, "\(unbounded.values)")
    }
}

/// Environments of one server, as an administrator and `nimmer db migrate` set them up.
private struct SharedDatabase {
    let server: PostgresServer
    let environments: [String]
    let administrator: PostgresConnection

    static let mayDecide = SQL(
        stringLiteral:
            "select coalesce(has_table_privilege(to_regclass('public.cognitive_responses'), 'update'), false)")
    static let mayRead = SQL(stringLiteral: "select has_table_privilege('public.decision_overview', 'select')")
    static let script =
        String(#filePath.dropLast("Tests/NimmerMemoryTests/TwoEnvironmentsTests.swift".count))
        + "deploy/postgres/roles.sql"

    static func make(_ environments: [String]) async throws -> SharedDatabase {
        let server = try await TestDatabase.shared.server()
        let settings = DatabaseSettings(
            address: server.address(database: "postgres"), passwordFile: server.passwordFile)
        return SharedDatabase(
            server: server, environments: environments, administrator: try PostgresConnection(settings))
    }

    static func psql(_ server: PostgresServer, _ arguments: [String]) async throws -> (
        status: ChildExit, lines: [OutputLine]
    ) {
        var variables = ChildCommand.inheritedEnvironment
        variables["PGPASSWORD"] = SmallFile.read(server.passwordFile).map { String($0.dropLast()) }
        let psql = try PostgresInstallation.find().folder + "/psql"
        return try await ChildProcess.run(
            ChildCommand(psql, ["-Xq"] + arguments + [server.address(database: "postgres")], environment: variables))
    }

    /// What an administrator does.
    func roles(_ environment: String) async throws {
        let answer = try await Self.psql(server, ["-v", "env=\(environment)", "-f", Self.script])
        try #require(answer.status.isSuccess, "\(answer.lines.map(\.text))")
        for part in TwoEnvironmentsTests.parts {
            try administrator.script("alter role nimmerverse_\(environment)_\(part) password '\(part)'")
        }
    }

    @discardableResult
    func migrate(_ environment: String) async throws -> MigrationReport {
        try await PostgresAdministration(settings(environment, "migrator", in: environment)).migrate()
    }

    func settings(_ environment: String, _ part: String, in other: String) -> DatabaseSettings {
        let base = DatabaseSettings(address: server.address(database: "nimmerverse_\(other)"))
        return base.as("nimmerverse_\(environment)_\(part)", part)
    }

    func connection(_ environment: String, _ part: String, in other: String) throws -> PostgresConnection {
        try PostgresConnection(settings(environment, part, in: other))
    }

    /// The roles, databases and rights of the versions whose environments shared them.
    func makeAsBefore() async throws {
        try administrator.script(
            "create role nimmer_migrator nologin; create role nimmer_writer nologin; create role nimmer_reader nologin")
        for environment in environments {
            let name = "nimmerverse_\(environment)"
            try administrator.script("create database \(name) owner nimmer_migrator")
            let here = try PostgresConnection(
                DatabaseSettings(address: server.address(database: name), passwordFile: server.passwordFile))
            for (part, group) in zip(TwoEnvironmentsTests.parts, ["migrator", "writer", "reader"]) {
                try here.script("create role \(name)_\(part) login password '\(part)' in role nimmer_\(group)")
            }
            try here.script("grant usage, create on schema public to nimmer_migrator; set role nimmer_migrator")
            try here.script(Schema.table)
            for migration in Migration.all {
                try here.script(migration.sql)
                try here.run(
                    """
                    insert into schema_migrations (version, name, checksum) values (\(migration.version)::int,
                        \(migration.name), encode(sha256(convert_to(\(migration.sql), 'UTF8')), 'hex'))
                    """)
            }
            try here.script(
                """
                grant usage on schema public to nimmer_writer, nimmer_reader;
                grant select, insert, update on gates, gate_transitions, cognitive_responses to nimmer_writer;
                grant execute on function make_transition_partition(timestamptz) to nimmer_writer;
                grant select on decision_overview, schema_migrations to nimmer_writer, nimmer_reader
                """)
        }
    }
}
