import NimmerMemory
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerMemoryPostgres

/// memory.md, The store of meanings: who sees which kernel is decided by who logged in, and by nothing that a client can set.
@Suite(
    "Kernels in one PostgreSQL",
    .enabled(if: TestDatabase.isInstalled, "PostgreSQL is not installed: apt-get install postgresql"))
struct MeaningIsolationTests {
    /// A database with two users, each a hippocampus of one kernel with one memory in it.
    private struct Shared {
        let settings: DatabaseSettings
        let owner: PostgresConnection
        let users: [String: DatabaseSettings]
        let items: [String: RememberedItem]

        /// - Parameter vectors: whether pgvector stays where it is offered.
        static func make(vectors: Bool) async throws -> Shared {
            let settings = try await TestDatabase.shared.unmade()
            _ = try await PostgresAdministration(settings).migrate()
            let owner = try PostgresConnection(settings)
            if !vectors { try owner.script("drop extension if exists vector cascade") }
            let name = settings.databaseName
            var users: [String: DatabaseSettings] = [:]
            var items: [String: RememberedItem] = [:]
            for kernel in ["ada", "bob"] {
                try owner.script(
                    """
                    create role \(kernel)_\(name) login password 'p' in role \(name)_hippocampus;
                    insert into meaning_members values ('\(kernel)_\(name)', '\(kernel)')
                    """)
                let user = settings.as("\(kernel)_\(name)", "p")
                let store = PostgresVectorStore(user, kernel: try Token(kernel))
                var item = try MeaningFixture("secret").item
                item.text = "the secret of \(kernel)"
                #expect(try await store.keep([item]).kept == 1)
                var near = try MeaningFixture("secret").near(0.98, "secret near").item
                near.text = "near"
                #expect(try await store.keep([near]).duplicates == 1)
                await store.close()
                (users[kernel], items[kernel]) = (user, item)
            }
            return Shared(settings: settings, owner: owner, users: users, items: items)
        }

        func connection(_ kernel: String) throws -> PostgresConnection {
            let connection = try PostgresConnection(try #require(users[kernel]))
            try connection.prepareSession()
            return connection
        }
    }

    private static let readings = [
        "select text from memory_meanings", "select text from meaning_messages",
        "select text from meaning_messages where kernel = 'bob' or true",
        "select (m).text from (select memory_meanings m from memory_meanings) x",
        "with recursive r as (select text from memory_meanings) select text from r",
        "select text from memory_meanings order by at desc limit 10",
        "select max(text) from memory_meanings group by kernel", "table memory_meanings",
        "select m.text from meaning_duplicates d join memory_meanings m on m.message_id = d.original and m.kernel = d.kernel",
    ]

    @Test(
        "each user reads its own kernel alone: from the table, through views, as another role",
        arguments: [false, true])
    func reading(vectors: Bool) async throws {
        let shared = try await Shared.make(vectors: vectors)
        for (own, other) in [("ada", "bob"), ("bob", "ada")] {
            let connection = try shared.connection(own)
            let hippocampus = "\(shared.settings.databaseName)_hippocampus"
            for role in ["none", hippocampus] {
                try connection.script("set role \(role)")
                for reading in Self.readings {
                    let text = try connection.script(reading).values.flatMap { $0.compactMap { $0 } }.joined(
                        separator: "|")
                    #expect(text.contains("the secret of \(own)"), "\(own): \(reading)")
                    #expect(!text.contains("the secret of \(other)"), "\(own): \(reading)")
                }
                for table in ["memory_meanings", "meaning_messages", "meaning_duplicates"] {
                    let count = try connection.script("select count(*) from \(table) where kernel = '\(other)'").first
                    #expect(count == "0", "\(table) of \(other) as \(role)")
                    #expect(try connection.script("select count(distinct kernel) from \(table)").first == "1")
                }
            }
        }
    }

    @Test("settings, functions and plans of a client open nothing", arguments: [false, true])
    func tricks(vectors: Bool) async throws {
        let shared = try await Shared.make(vectors: vectors)
        let connection = try shared.connection("ada")
        try connection.script(
            """
            set nimmerverse.kernel = 'bob'; set application_name = 'bob'; set search_path = pg_temp, public;
            create temporary table heard (text text);
            create function pg_temp.leak(text text) returns boolean language plpgsql cost 0.0000001 as
                $$ begin insert into heard values (text); return true; end $$;
            create function pg_temp.meaning_kernel() returns text language sql as $$ select 'bob' $$;
            create temporary table meaning_members (member name, kernel text);
            insert into meaning_members values (session_user, 'bob')
            """)
        try connection.script("select * from memory_meanings where pg_temp.leak(text)")
        #expect(try connection.script("select string_agg(text, '|') from heard").first == "the secret of ada")
        let plan = try connection.script(
            "explain (analyze) select * from memory_meanings where kernel = 'bob' and text = 'the secret of bob'"
        ).column.joined(separator: "\n")
        #expect(plan.contains("never executed"), "\(plan)")
        #expect(!plan.contains("Rows Removed by Filter: 1"), "\(plan)")
        var copied = ""
        try connection.copy("copy (select * from memory_meanings) to stdout") {
            copied += String(decoding: $0, as: UTF8.self)
            return true
        }
        #expect(copied.contains("the secret of ada") && !copied.contains("bob"))
        copied = ""
        try connection.copy("copy meaning_duplicates to stdout") {
            copied += String(decoding: $0, as: UTF8.self)
            return true
        }
        #expect(copied.contains("ada") && !copied.contains("bob"))
        #expect(try connection.script("select count(*) from pg_stats where tablename like 'me%meanings%'").first == "0")
    }

    @Test("what would read or write around the rows is refused", arguments: [false, true])
    func refused(vectors: Bool) async throws {
        let shared = try await Shared.make(vectors: vectors)
        let part = try #require(
            try shared.owner.script(
                "select string_agg(inhrelid::regclass::text, ',') from pg_inherits where inhparent = 'memory_meanings'::regclass "
                    + "and pg_get_expr((select relpartbound from pg_class where oid = inhrelid), inhrelid) like '%bob%'"
            ).first)
        let columns = "kernel, message_id, seq, kind, env, region, at, text, model, dimensions, embedding"
        let migrator = "\(shared.settings.databaseName)_migrator"
        for statement in [
            "select * from \(part)", "select * from memory_meanings_default", "select * from meaning_members",
            "insert into meaning_members values (session_user, 'bob')", "delete from memory_meanings",
            "update meaning_members set kernel = 'bob'", "update memory_meanings set kernel = 'bob'",
            "update memory_meanings set text = 'changed'", "set role \(migrator)", "set session authorization postgres",
            "select prepare_meanings('bob', null, null, null)", "select guard_meanings('memory_meanings')",
            "alter table memory_meanings disable row level security", "drop policy own_kernel on memory_meanings",
            "set row_security = off; select * from memory_meanings",
            "create policy mine on memory_meanings using (true)",
            "insert into memory_meanings (\(columns)) select 'bob', gen_random_uuid(), \(columns.dropFirst("kernel, message_id, ".count)) from memory_meanings",
            "insert into meaning_duplicates select 'bob', gen_random_uuid(), gen_random_uuid(), 'm', 1",
            "copy memory_meanings from stdin", "truncate memory_meanings", "copy \(part) to stdout",
            "create trigger t after insert on memory_meanings execute function meaning_kernel()",
            "create materialized view public.stolen as select * from memory_meanings",
        ] {
            let connection = try shared.connection("ada")
            #expect(throws: PostgresFailure.self, "\(statement)") { try connection.script(statement) }
        }
        #expect(try shared.owner.script("select count(*) from memory_meanings where kernel = 'bob'").first == "1")
    }

    @Test("a store of another's kernel does not open, and its error names what would let it")
    func stores() async throws {
        let shared = try await Shared.make(vectors: false)
        let user = try #require(shared.users["ada"])
        let refused = await #expect(throws: MemoryError.self) {
            try await PostgresVectorStore(user, kernel: Token("bob")).open()
        }
        #expect(refused?.code == .permission)
        #expect(refused?.message.contains("is no member of the kernel bob") == true, "\(refused as Any)")
        #expect(refused?.remedy.contains("insert into meaning_members") == true)
        // The readers and the hippocampus of the database have the kernel main; one of their members has it, too.
        let name = shared.settings.databaseName
        try shared.owner.script("create role eve_\(name) login password 'e' in role \(name)_reader")
        let reader = PostgresVectorStore(shared.settings.as("eve_\(name)", "e"), kernel: try Token("main"))
        let item = try #require(shared.items["ada"])
        #expect(try await reader.search(MeaningFixture.query(item)).isEmpty)
        let writes = await #expect(throws: MemoryError.self) { try await reader.keep([item]) }
        #expect(writes?.code == .permission)
        // In two kernels by its roles, and in none by name: it has none.
        try shared.owner.script(
            """
            create role bobs_\(name); insert into meaning_members values ('bobs_\(name)', 'bob'); grant bobs_\(name) to eve_\(name)
            """)
        let unclear = await #expect(throws: MemoryError.self) {
            try await PostgresVectorStore(shared.settings.as("eve_\(name)", "e"), kernel: Token("bob")).open()
        }
        #expect(unclear?.code == .permission)
    }

    @Test(
        "nearest neighbours are those of the user's kernel, by the index too",
        .enabled(Pgvector.note, Pgvector.isOffered))
    func neighbours() async throws {
        let shared = try await Shared.make(vectors: true)
        for kernel in ["ada", "bob"] {
            let name = "\(kernel)_\(shared.settings.databaseName)"
            try shared.owner.script("set session authorization \(name)")
            try shared.owner.script(
                """
                insert into memory_meanings (kernel, message_id, seq, kind, env, region, at, text, model, dimensions, embedding)
                select '\(kernel)', gen_random_uuid(), 10 + i, 'decision', 'dev', 'math', now(), '\(kernel) ' || i, 'test/32@0', 32,
                       l2_normalize((select array_agg(random() - 0.5) from generate_series(1, 32) where i > 0)::real[]::vector)::real[]
                from generate_series(1, 12000) i
                """)
            try shared.owner.script("reset session authorization")
        }
        #expect(try await PostgresAdministration(shared.settings).migrate().meanings?.isInDatabase == true)
        let indexes = try shared.owner.script("select count(*) from pg_indexes where indexdef like '%hnsw%'").first
        #expect(indexes == "2")
        for (own, other) in [("ada", "bob"), ("bob", "ada")] {
            let connection = try shared.connection(own)
            try connection.script("set hnsw.iterative_scan = strict_order; set enable_sort = off")
            let wanted = try #require(
                try shared.owner.script("select vector::text from memory_meanings where kernel = '\(other)' limit 1")
                    .first)
            let nearest =
                "from memory_meanings where model = 'test/32@0' and dimensions = 32 order by vector::vector(32) <=> '\(wanted)'::vector(32) limit 20"
            let found = try connection.script("select kernel \(nearest)").column
            #expect(found == [String](repeating: own, count: 20))
            let plan = try connection.script("explain (analyze) select kernel \(nearest)").column.joined(
                separator: "\n")
            #expect(plan.contains("never executed"), "\(plan)")
        }
        // Through the store: more than are compared one by one, by the index.
        let item = try #require(shared.items["ada"])
        let store = PostgresVectorStore(try #require(shared.users["ada"]), kernel: try Token("ada"))
        let matches = try await store.search(MeaningFixture.query(item))
        #expect(matches.count == 10)
        #expect(matches.first?.item == item)
        #expect(matches.dropFirst().allSatisfy { $0.item.text.hasPrefix("ada ") })
        await store.close()
    }
}
