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

    @Test("each role is somebody at home and nobody in the other")
    func apart() async throws {
        let house = try await House.make(["one", "two"])
        for environment in house.environments {
            try await house.roles(environment)
            try await house.migrate(environment)
        }
        try await expectApart(house)
        // Again, in the other order: nothing changes.
        for environment in house.environments.reversed() { try await house.roles(environment) }
        try await expectApart(house)
    }

    @Test("readers of one environment take all their connections, and nobody else's")
    func connections() async throws {
        let house = try await House.make(["greedy", "patient"])
        for environment in house.environments { try await house.roles(environment) }
        var taken: [Connection] = []
        let refused = #expect(throws: MemoryError.self) {
            for _ in 0..<60 { taken.append(try house.connection("greedy", "reader", in: "greedy")) }
        }
        #expect(refused.map { "\($0)".contains("too many connections for role") } == true, "\(refused as Any)")
        #expect((2...20).contains(taken.count))
        for environment in house.environments {
            #expect(try house.connection(environment, "hippocampus", in: environment).run("select 1").first == "1")
        }
        // Again: what an administrator has set since stays.
        try house.administrator.script(
            "alter role nimmerverse_greedy_reader connection limit 3; alter database nimmerverse_greedy connection limit 9"
        )
        try await house.roles("greedy")
        let limits = try house.administrator.run(
            """
            select string_agg(n, ' ' order by n) from (
                select rolconnlimit::text n from pg_roles where rolname = 'nimmerverse_greedy_reader'
                union select datconnlimit::text from pg_database where datname = 'nimmerverse_greedy') limits
            """)
        #expect(limits.first == "3 9")
    }

    @Test("what joined them by hand is taken back")
    func joined() async throws {
        let house = try await House.make(["left", "right"])
        for environment in house.environments { try await house.roles(environment) }
        try house.administrator.script(
            """
            grant nimmerverse_right_reader to nimmerverse_left_hippocampus;
            grant nimmerverse_left_migrator to nimmerverse_right_migrator;
            grant connect on database nimmerverse_left to nimmerverse_right_reader
            """)
        try await house.roles("left")
        for environment in house.environments { try await house.migrate(environment) }
        try await expectApart(house)
    }

    @Test("an installation that shared its roles is moved, one environment after the other")
    func moved() async throws {
        let house = try await House.make(["before", "later"])
        try await house.makeAsBefore()
        // As it was: the hole is there.
        #expect(try house.connection("before", "hippocampus", in: "later").run(House.mayDecide).first == "t")

        try await house.roles("before")
        for part in Self.parts {
            #expect(throws: MemoryError.self) { try house.connection("later", part, in: "before").run("select 1") }
        }
        #expect(throws: PostgresFailure.self) {
            try house.connection("before", "hippocampus", in: "later").script("select from cognitive_responses")
        }
        // Both go on working at home, before and after the migration.
        for environment in house.environments {
            #expect(try house.connection(environment, "hippocampus", in: environment).run(House.mayDecide).first == "t")
            #expect(try house.connection(environment, "reader", in: environment).run(House.mayRead).first == "t")
        }
        #expect(try await house.migrate("later").notes.contains { $0.contains("roles.sql") })
        #expect(try await house.migrate("before").notes == [])
        try await house.roles("later")
        #expect(try await house.migrate("later").notes == [])
        try await expectApart(house)
        #expect(try house.administrator.run("select rolname from pg_roles where rolname like 'nimmer\\_%'").isEmpty)
    }

    @Test("without an environment the roles are not made")
    func unnamed() async throws {
        let server = try await TestDatabase.shared.server()
        let answer = try await House.psql(server, ["-f", House.script])
        #expect(!answer.status.isSuccess)
        #expect(answer.lines.contains { $0.text.contains("name the environment") })
    }

    private func expectApart(_ house: House) async throws {
        for home in house.environments {
            #expect(try house.connection(home, "hippocampus", in: home).run(House.mayDecide).first == "t")
            #expect(try house.connection(home, "reader", in: home).run(House.mayRead).first == "t")
            #expect(try house.connection(home, "reader", in: home).run(House.mayDecide).first == "f")
            _ = try house.connection(home, "migrator", in: home).script("create table mine (i int); drop table mine")
            for other in house.environments where other != home {
                for part in Self.parts {
                    #expect(throws: MemoryError.self, "\(home)'s \(part) in \(other)") {
                        try house.connection(home, part, in: other).run("select 1")
                    }
                }
            }
        }
        let joined = try house.administrator.run(
            """
            select m.member::regrole::text from pg_auth_members m
            where m.member::regrole::text like 'nimmerverse%' or m.roleid::regrole::text like 'nimmerverse%'
            """)
        #expect(joined.isEmpty, "\(joined.values)")
        // Neither takes the connections of the other.
        let unbounded = try house.administrator.run(
            """
            select rolname::text from pg_roles where rolname like 'nimmerverse%' and rolconnlimit < 0
            union select datname::text from pg_database where datname like 'nimmerverse%' and datconnlimit < 0
            """)
        #expect(unbounded.isEmpty, "\(unbounded.values)")
    }
}

/// Environments of one server, as an administrator and `nimmer db migrate` set them up.
private struct House {
    let server: PostgresServer
    let environments: [String]
    let administrator: Connection

    static let mayDecide = SQL(
        stringLiteral:
            "select coalesce(has_table_privilege(to_regclass('public.cognitive_responses'), 'update'), false)")
    static let mayRead = SQL(stringLiteral: "select has_table_privilege('public.decision_overview', 'select')")
    static let script =
        String(#filePath.dropLast("Tests/NimmerMemoryTests/TwoEnvironmentsTests.swift".count))
        + "deploy/postgres/roles.sql"

    static func make(_ environments: [String]) async throws -> House {
        let server = try await TestDatabase.shared.server()
        let settings = DatabaseSettings(
            address: server.address(database: "postgres"), passwordFile: server.passwordFile)
        return House(server: server, environments: environments, administrator: try Connection(settings))
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

    func connection(_ environment: String, _ part: String, in other: String) throws -> Connection {
        try Connection(settings(environment, part, in: other))
    }

    /// The roles, databases and rights of the versions whose environments shared them.
    func makeAsBefore() async throws {
        try administrator.script(
            "create role nimmer_migrator nologin; create role nimmer_writer nologin; create role nimmer_reader nologin")
        for environment in environments {
            let name = "nimmerverse_\(environment)"
            try administrator.script("create database \(name) owner nimmer_migrator")
            let here = try Connection(
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
