import Glibc
import NimmerMemory
import NimmerPlatform
import NimmerProcess
import NimmerServers
import NimmerTesting
import NimmerWave
import Synchronization
import Testing

@testable import NimmerHippocampus
@testable import NimmerMemoryPostgres

/// Two private servers with the schema, the same user and the same password: what a failover leaves behind.
private struct ServerPair {
    let first: PostgresServer
    let second: PostgresServer

    static func started() async throws -> ServerPair {
        let first = try await PostgresServer.start(folder: TestDatabase.newFolder(), durability: .volatile)
        let second = try await PostgresServer.start(folder: TestDatabase.newFolder(), durability: .volatile)
        let pair = ServerPair(first: first, second: second)
        let password = try SmallFile.firstLine(of: first.passwordFile)
        let own = DatabaseSettings(address: second.address(database: "postgres"), passwordFile: second.passwordFile)
        try PostgresConnection(own).script("alter role nimmer password '\(password)'")
        for server in [first, second] {
            _ = try await PostgresAdministration(pair.settings(of: server)).migrate()
        }
        return pair
    }

    /// Settings of the hippocampus: either server, whichever takes changes.
    var settings: DatabaseSettings {
        var settings = DatabaseSettings(
            address: "postgresql://nimmer@127.0.0.1:\(first.port),127.0.0.1:\(second.port)/nimmerverse_dev",
            passwordFile: first.passwordFile)
        settings.writes = true
        return settings
    }

    func settings(of server: PostgresServer) -> DatabaseSettings {
        DatabaseSettings(address: server.address(database: "nimmerverse_dev"), passwordFile: first.passwordFile)
    }

    func run(_ sql: String, on server: PostgresServer) throws {
        try PostgresConnection(settings(of: server)).script(sql)
    }

    func stop() async {
        for server in [first, second] {
            await server.stop()
            system("rm -rf '\(server.folder.dropLast("/postgres".count))'")
        }
    }
}

extension PostgresServer {
    /// Turns the server read-only as a failover does with the former primary, or back.
    fileprivate func turn(readOnly: Bool, _ settings: DatabaseSettings) throws {
        let connection = try PostgresConnection(settings.database("postgres"))
        try connection.script("alter system set default_transaction_read_only = \(readOnly ? "on" : "off")")
        try connection.script("select pg_reload_conf()")
    }
}

@Suite(
    "A database that answers and takes no rows", .serialized,
    .enabled(if: TestDatabase.isInstalled, "PostgreSQL is not installed: apt-get install postgresql"))
struct FailoverTests {
    @Test("a server that became read-only is named, in silence too; when it takes rows again, nothing is lost")
    func readOnly() async throws {
        let server = try await PostgresServer.start(folder: TestDatabase.newFolder(), durability: .volatile)
        var settings = DatabaseSettings(
            address: server.address(database: "nimmerverse_dev"), passwordFile: server.passwordFile)
        settings.writes = true
        _ = try await PostgresAdministration(settings).migrate()
        let store = PostgresStore(settings)
        let bench = HippocampusBench(store)
        try await bench.run {
            for number in 0..<5 { try await bench.publish([try DecisionFixture(seed: "early \(number)").opening]) }
            try await eventually("five rows") { bench.hippocampus.status.stored == 5 }
            try server.turn(readOnly: true, settings)
            for number in 0..<5 { try await bench.publish([try DecisionFixture(seed: "late \(number)").opening]) }
            try await eventually("it is named") { bench.hippocampus.status.trouble?.code == .readOnly }
            #expect(bench.hippocampus.status.trouble?.description.contains("127.0.0.1:\(server.port)") == true)
            var page = MetricsPage()
            bench.hippocampus.status.measure(into: &page)
            let text = String(decoding: page.bytes, as: UTF8.self)
            #expect(text.contains("nimmer_database_connected 0"))
            #expect(text.contains(#"nimmer_database_trouble{reason="readOnly"} 1"#))
            try server.turn(readOnly: false, settings)
            try await eventually("ten rows") { bench.hippocampus.status.stored == 10 }
            try await eventually("all acknowledged") { try await bench.open() == 0 }
            #expect(bench.hippocampus.status.trouble == nil)

            try server.turn(readOnly: true, settings)
            try await eventually("it is seen without a row to write") {
                bench.hippocampus.status.trouble?.code == .readOnly
            }
            try server.turn(readOnly: false, settings)
            try await eventually("it is back") { bench.hippocampus.status.trouble == nil }
        }
        #expect(bench.notices.withLock { $0 } == ["lost", "recovered", "lost", "recovered"])
        await server.stop()
        system("rm -rf '\(server.folder.dropLast("/postgres".count))'")
    }

    @Test("after a failover rows go to the host of the list that takes them, and back; none is lost")
    func failover() async throws {
        let pair = try await ServerPair.started()
        let bench = HippocampusBench(PostgresStore(pair.settings))
        try await bench.run {
            func publish(_ name: String) async throws {
                for number in 0..<4 {
                    try await bench.publish([try DecisionFixture(seed: "\(name) \(number)").opening])
                }
            }
            try await publish("first")
            try await eventually("four rows") { bench.hippocampus.status.stored == 4 }
            try pair.first.turn(readOnly: true, pair.settings(of: pair.first))
            try await publish("second")
            try await eventually("eight rows") { bench.hippocampus.status.stored == 8 }
            #expect(try await PostgresStore(pair.settings(of: pair.second)).counts().transitions == 4)

            try pair.second.turn(readOnly: true, pair.settings(of: pair.second))
            try await publish("nowhere")
            try await eventually("neither takes rows") {
                bench.hippocampus.status.trouble?.description.contains("127.0.0.1:\(pair.first.port), 127.0.0.1:")
                    == true
            }
            #expect(bench.hippocampus.status.trouble?.code == .readOnly)
            try pair.first.turn(readOnly: false, pair.settings(of: pair.first))
            try await eventually("twelve rows") { bench.hippocampus.status.stored == 12 }
            #expect(try await PostgresStore(pair.settings(of: pair.first)).counts().transitions == 8)

            try pair.second.turn(readOnly: false, pair.settings(of: pair.second))
            await pair.first.kill()
            try await publish("killed")
            try await eventually("sixteen rows") { bench.hippocampus.status.stored == 16 }
            #expect(try await PostgresStore(pair.settings(of: pair.second)).counts().transitions == 8)
            try await eventually("all acknowledged") { try await bench.open() == 0 }
        }
        await pair.stop()
    }

    @Test("a full disk and missing connections are named with what to do, and tried again")
    func exhausted() {
        let remedies = ["53100": "disk", "53200": "memory", "53300": "max_connections", "53400": "Free disk space"]
        for (state, remedy) in remedies {
            let error = PostgresFailure(state: state, primary: "no", name: "PostgreSQL at host").memoryError
            #expect(error.code == .exhausted && error.canRetry && error.remedy.contains(remedy))
        }
        for state in ["57P01", "57P02", "57P03", "57P05", "25006"] {
            #expect(PostgresFailure(state: state, primary: "no", name: "x").needsNewConnection)
        }
        let busy = PostgresFailure.connecting(
            to: "PostgreSQL at host",
            reason: "connection to server at \"host\", port 5432 failed: FATAL:  sorry, too many clients already\n")
        #expect(busy.code == .exhausted && busy.remedy.contains("max_connections"))
        let young = PostgresFailure.connecting(
            to: "PostgreSQL at host",
            reason:
                "connection to server at \"host\" failed: FATAL:  the database system is not yet accepting connections")
        #expect(young.code == .unreachable && !young.remedy.contains("Start it"))
    }

    @Test(
        "rows wait while the disk of the database is full, and are written when there is room",
        .enabled(if: geteuid() == 0, "only root may mount a small disk"))
    func fullDisk() async throws {
        let server = try await PostgresServer.start(folder: TestDatabase.newFolder(), durability: .volatile)
        let above = String(server.folder.dropLast("/postgres".count))
        let disk = above + "/disk"
        #expect(
            system(
                "mkdir -p \(disk) && mount -t tmpfs -o size=24m,mode=0777 tmpfs \(disk) && mkdir -m 700 \(disk)/data && chown postgres \(disk)/data"
            )
                == 0)
        let settings = DatabaseSettings(
            address: server.address(database: "nimmerverse_dev"), passwordFile: server.passwordFile)
        let elsewhere = try PostgresConnection(settings.database("postgres"))
        try elsewhere.script("create tablespace small location '\(disk)/data'")
        try elsewhere.script("create database nimmerverse_dev tablespace small encoding 'UTF8' template template0")
        _ = try await PostgresAdministration(settings).migrate()
        let bench = HippocampusBench(PostgresStore(settings))
        try await bench.run {
            try await bench.publish([try DecisionFixture(seed: "room").opening])
            try await eventually("one row") { bench.hippocampus.status.stored == 1 }
            system("dd if=/dev/zero of=\(disk)/filler bs=1M 2>/dev/null")
            var number = 0
            while bench.hippocampus.status.trouble == nil, number < 5_000 {
                try await bench.publish([try DecisionFixture(seed: "full \(number)").opening])
                number += 1
                // Not much faster than rows are written, so that few of them wait when the disk is full.
                try await Task.sleep(for: .milliseconds(2))
            }
            try await eventually("a full disk") { bench.hippocampus.status.trouble != nil }
            #expect(bench.hippocampus.status.trouble?.code == .exhausted)
            #expect(bench.hippocampus.status.trouble?.remedy.contains("disk") == true)
            system("rm \(disk)/filler")
            let count = number
            try await eventually("all rows") { bench.hippocampus.status.stored == count + 1 }
            try await eventually("all acknowledged") { try await bench.open() == 0 }
        }
        await server.stop()
        system("umount \(disk); rm -rf '\(above)'")
    }
}
