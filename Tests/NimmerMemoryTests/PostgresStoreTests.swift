import Glibc
import NimmerMemory
import NimmerPlatform
import NimmerServers
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerMemoryPostgres

@Suite(
    "Memory in PostgreSQL",
    .enabled(if: TestDatabase.isInstalled, "PostgreSQL is not installed: apt-get install postgresql"))
struct PostgresStoreTests {
    @Test("waiting for the server happens on a thread of its own")
    func ownThread() async throws {
        let settings = try await TestDatabase.shared.fresh()
        #expect(await PostgresStore(settings).threadName == ThreadExecutor.threadName)
        #expect(await PostgresAdministration(settings).threadName == ThreadExecutor.threadName)
    }

    @Test("two hippocampi with the same messages at the same time remember each once")
    func twoWriters() async throws {
        let settings = try await TestDatabase.shared.fresh()
        var entries: [MemoryEntry] = []
        for number in 0..<120 {
            let decision = try DecisionFixture(seed: "two \(number)", gate: "gate-\(number % 7)", cost: 1)
            entries += decision.entries + [decision.accepted()]
        }
        let all = entries
        let stored = try await withThrowingTaskGroup(of: Int.self) { group in
            for writer in 0..<2 {
                group.addTask {
                    let store = PostgresStore(settings)
                    var stored = 0
                    let mine = writer == 0 ? all : all.reversed()
                    for start in stride(from: 0, to: mine.count, by: 70) {
                        stored += try await store.write(Array(mine[start..<min(start + 70, mine.count)])).stored
                    }
                    await store.close()
                    return stored
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(stored == all.count)
        let gates = try await PostgresStore(settings).gates(.dev)
        #expect(gates.reduce(0) { $0 + $1.transitions } == 240)
        #expect(gates.reduce(0) { $0 + $1.confirmed } == 120)
        #expect(gates.reduce(0) { $0 + $1.lifeforceEarned } == 120)
    }

    @Test("transitions lie in the partition of their month, strange times in the default one")
    func partitions() async throws {
        let settings = try await TestDatabase.shared.fresh()
        let store = PostgresStore(settings)
        let now = Timestamp.now()
        let old = try Timestamp(rfc3339: "1999-12-31T23:59:59.999999Z")
        let far = try Timestamp(rfc3339: "2200-01-01T00:00:00Z")
        for (number, at) in [now, old, far].enumerated() {
            _ = try await store.write([try DecisionFixture(seed: "part \(number)", at: at).opening])
        }
        let connection = try PostgresConnection(settings)
        let month = now.rfc3339.prefix(7).map { $0 == "-" ? "_" : String($0) }.joined()
        #expect(try connection.script("select count(*) from gate_transitions_\(month)").first == "1")
        #expect(try connection.script("select count(*) from gate_transitions_default").first == "2")
    }

    @Test("rows that waited in the default partition move when their month is made")
    func movesFromDefault() async throws {
        let settings = try await TestDatabase.shared.fresh()
        let store = PostgresStore(settings)
        let decision = try DecisionFixture(seed: "moved", at: .now())
        _ = try await store.write([decision.opening])
        let connection = try PostgresConnection(settings)
        let month = decision.at.rfc3339.prefix(7).map { $0 == "-" ? "_" : String($0) }.joined()
        try connection.script(
            """
            alter table gate_transitions detach partition gate_transitions_\(month);
            insert into gate_transitions_default select * from gate_transitions_\(month);
            drop table gate_transitions_\(month)
            """)
        await store.close()
        #expect(try await store.write([decision.opening]).known == 1)
        #expect(try connection.script("select count(*) from gate_transitions_\(month)").first == "1")
        #expect(try connection.script("select count(*) from gate_transitions_default").first == "0")
    }

    @Test("prune shows what would go, then drops whole months and old rows, and keeps the totals")
    func prune() async throws {
        let settings = try await TestDatabase.shared.fresh()
        let store = PostgresStore(settings)
        let now = Timestamp.now()
        let day = 86_400_000.0
        let ages = [0.0, 100, 200, 300, 20_000]
        for age in ages {
            let at = now.advanced(milliseconds: -age * day)
            let decision = try DecisionFixture(seed: "old \(age)", at: at)
            _ = try await store.write([decision.opening, decision.entries[2]])
        }
        let administration = PostgresAdministration(settings)
        let policy = RetentionPolicy(transitionDays: 150, correlationDays: 150, rejectedDays: nil)
        let plan = try await administration.prunePlan(policy, at: now)
        #expect(plan.steps.count { $0.kind == .partition } == 2)
        #expect(plan.steps.first { $0.table == "correlation_events" }?.rows == 3)
        #expect(plan.steps.first { $0.table == "gate_transitions_default" }?.rows == 1)
        #expect(try await store.counts().transitions == 5)

        let done = try await administration.prune(plan)
        #expect(done.steps.count == plan.steps.count)
        let counts = try await store.counts()
        #expect(counts.transitions == 2)
        #expect(counts.correlations == 2)
        #expect(try await store.gates(.dev).first?.transitions == 5)
        #expect(try await administration.prunePlan(policy, at: now).steps == [])
    }

    @Test("a plan cannot drop what is not old, whatever it names")
    func pruneOnlyOld() async throws {
        let settings = try await TestDatabase.shared.fresh()
        let store = PostgresStore(settings)
        _ = try await store.write([try DecisionFixture(seed: "young", at: .now()).opening])
        let before = Timestamp.now().advanced(milliseconds: -86_400_000 * 40)
        let steps = ["gate_transitions_default", "gates; drop table gates", "gate_transitions", "gates"].map {
            PrunePlan.Step(kind: .partition, table: $0, rows: 0, bytes: 0, before: before)
        }
        #expect(try await PostgresAdministration(settings).prune(PrunePlan(steps: steps)).steps == [])
        #expect(try await store.counts().transitions == 1)
    }

    @Test("a connection that broke is made again by the next write")
    func reconnects() async throws {
        let settings = try await TestDatabase.shared.fresh()
        let store = PostgresStore(settings)
        _ = try await store.write([try DecisionFixture(seed: "before").opening])
        try PostgresConnection(settings.database("postgres")).run(
            """
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = \(settings.databaseName) and pid <> pg_backend_pid()
            """)
        let after = try DecisionFixture(seed: "after").opening
        let lost = await #expect(throws: MemoryError.self) { _ = try await store.write([after]) }
        #expect(lost?.code == .unreachable)
        #expect(lost?.canRetry == true)
        #expect(try await store.write([after]).stored == 1)
    }

    @Test(
        "ids are found by their first characters, in either case and without dashes; two are reported where more begin so"
    )
    func prefixes() async throws {
        let store = PostgresStore(try await TestDatabase.shared.fresh())
        var decisions: [DecisionFixture] = []
        // So many that some begin with the same four digits.
        for number in 0..<300 { decisions.append(try DecisionFixture(seed: "prefix \(number)")) }
        for decision in decisions { _ = try await store.write(decision.entries) }
        let collapse = decisions[7].collapse.body.collapseID
        let text = collapse.text
        for asked in [text, String(text.prefix(14)), text.uppercased(), text.filter { $0 != "-" }] {
            let prefix = try #require(IDPrefix(asked))
            #expect(try await store.ids(prefix) == [collapse], "\(asked)")
        }
        for id in [
            decisions[3].transition.header.messageID, decisions[3].request.body.requestID,
            decisions[3].response.header.messageID, decisions[3].verification.header.messageID,
        ] {
            #expect(try await store.ids(try #require(IDPrefix(String(id.text.prefix(18))))) == [id])
        }
        let all = decisions.flatMap {
            [
                $0.collapse.body.collapseID, $0.transition.header.messageID, $0.request.body.requestID,
                $0.response.header.messageID, $0.verification.header.messageID,
            ]
        }
        let starts = Dictionary(grouping: all) { String($0.text.prefix(4)) }
        let shared = try #require(starts.first { $0.value.count > 1 })
        let found = try await store.ids(try #require(IDPrefix(shared.key)))
        #expect(found.count == 2 && Set(found).count == 2)
        #expect(found.allSatisfy { $0.text.hasPrefix(shared.key) })
        #expect(try await store.ids(try #require(IDPrefix("ffffffff"))).isEmpty)
        await store.close()
    }

    @Test("a password file with a byte order mark and CRLF opens the connection")
    func markedPasswordFile() async throws {
        var settings = try await TestDatabase.shared.fresh()
        let password = try SecretFile.read(try #require(settings.passwordFile))
        let path = TestDatabase.newFolder()
        try SmallFile.write("\u{feff}\(password)\r\n", to: path, mode: 0o600)
        settings.passwordFile = path
        try await PostgresStore(settings).open()
        system("rm -rf '\(path.dropLast("/postgres".count))'")
    }

    @Test("a password with special characters in the address: encoded it works, else the advice is to encode it")
    func specialCharacters() async throws {
        let settings = try await TestDatabase.shared.fresh()
        let server = try await TestDatabase.shared.server()
        let connection = try PostgresConnection(settings)
        let place = "127.0.0.1:\(server.port)/\(settings.databaseName)"
        for (number, (password, encoded)) in [
            ("p@s", "p%40s"), ("p/s", "p%2Fs"), ("p:s", "p%3As"), ("p%s", "p%25s"), ("p?s", "p%3Fs"), ("p#s", "p%23s"),
            ("p s", "p%20s"), ("p%41s", "p%2541s"), ("p&s=", "p%26s%3D"), ("p,s", "p%2Cs"),
        ].enumerated() {
            let user = "special_\(settings.databaseName)_\(number)"
            try connection.script("create role \(user) login superuser password '\(password)'")
            try await PostgresStore(DatabaseSettings(address: "postgresql://\(user):\(encoded)@\(place)")).open()
            do {
                try await PostgresStore(DatabaseSettings(address: "postgresql://\(user):\(password)@\(place)")).open()
            } catch {
                let text = "\(error)"
                #expect(text.contains("percent-encoded") && !text.contains("Start it"), "\(password): \(text)")
                #expect(!text.contains(password), "\(password): \(text)")
            }
            try connection.script("drop role \(user)")
        }
    }

    @Test("errors name the server and never the password")
    func errors() async throws {
        let server = try await TestDatabase.shared.server()
        let wrong = DatabaseSettings(address: "postgresql://nimmer:topsecret@127.0.0.1:\(server.port)/postgres")
        let refused = await #expect(throws: MemoryError.self) { try await PostgresStore(wrong).open() }
        #expect(refused?.code == .refused)
        #expect(refused?.description.contains("127.0.0.1:\(server.port)") == true)
        #expect(refused?.description.contains("topsecret") == false)

        let nobody = DatabaseSettings(address: "postgresql://nimmer:topsecret@127.0.0.1:1/postgres")
        let unreachable = await #expect(throws: MemoryError.self) { try await PostgresStore(nobody).open() }
        #expect(unreachable?.code == .unreachable)
        #expect(unreachable?.canRetry == true)

        let garbled = DatabaseSettings(address: "postgresql://u:topsecret@host/db?nonsense=topsecret")
        let settings = await #expect(throws: MemoryError.self) { try await PostgresStore(garbled).open() }
        #expect(settings?.code == .settings)
        #expect(settings?.description.contains("topsecret") == false)

        let noFile = DatabaseSettings(address: "host=127.0.0.1", passwordFile: "/nowhere/password")
        let missing = await #expect(throws: MemoryError.self) { try await PostgresStore(noFile).open() }
        #expect(missing?.message.contains("/nowhere/password") == true)
    }
}

extension PostgresStore {
    fileprivate var threadName: String { currentThreadName() }
}

extension PostgresAdministration {
    fileprivate var threadName: String { currentThreadName() }
}

private func currentThreadName() -> String {
    guard let file = fopen("/proc/thread-self/comm", "re") else { return "" }
    defer { fclose(file) }
    var name = [UInt8](repeating: 0, count: 32)
    let count = fread(&name, 1, name.count, file)
    return String(decoding: name.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
}
