import Glibc
import NimmerPlatform
import Testing

@testable import NimmerServers

@Suite(
    "A private PostgreSQL", .enabled(if: !PostgresInstallation.all().isEmpty, "PostgreSQL is not installed"),
    .serialized, .timeLimit(.minutes(5)))
struct PostgresServerTests {
    /// What a query gives, or how psql refused.
    private func query(_ server: PostgresServer, _ sql: String) async throws -> String {
        let installation = try PostgresInstallation.find()
        var environment = ChildCommand.inheritedEnvironment
        environment["PGPASSWORD"] = SmallFile.read(server.passwordFile).map { String($0.dropLast()) }
        let answer = try await ChildProcess.run(
            ChildCommand(
                installation.folder + "/psql", ["-XAtc", sql, server.address(database: "postgres")],
                environment: environment))
        #expect(answer.status.isSuccess)
        return answer.lines.map(\.text).joined(separator: "\n")
    }

    @Test("is made once, keeps data and port over a crash and a new start, and leaves no process")
    func lifetime() async throws {
        try await withFolder { folder in
            chmod(folder, 0o755)
            let place = folder + "/pg"
            let server = try await PostgresServer.start(folder: place, durability: .volatile)
            let first = try #require(ProcessIdentity(pid: server.processID))
            #expect(try await query(server, "create table t as select 42 as n; select n from t").hasSuffix("42"))

            await server.kill()
            #expect(!server.isRunning && !first.isAlive)
            try await server.restart()
            #expect(try await query(server, "select n from t") == "42")
            await #expect { _ = try await PostgresServer.start(folder: place, durability: .volatile) } throws: {
                ($0 as? PostgresServerError)?.code == .inUse
            }
            await server.stop()
            await server.stop()

            // A lock that names a living stranger of the same user must not keep the next start away.
            let stranger = try await ChildProcess.spawn(ChildCommand("sleep", ["1000"]), output: .discarded)
            try SmallFile.write("\(stranger.pid)\n\(place)/data\n", to: place + "/data/postmaster.pid", mode: 0o644)
            let next = try await PostgresServer.start(folder: place, durability: .volatile)
            #expect(stranger.identity.isAlive)
            #expect(next.port == server.port)
            #expect(try await query(next, "select n from t") == "42")
            await next.stop()
            await stranger.terminate(grace: .seconds(60))
            #expect(ProcessStatus.pids(workingIn: next.folder + "/data").isEmpty)
        }
    }

    @Test("keeps its password to its owner, and asks for it")
    func password() async throws {
        try await withFolder { folder in
            chmod(folder, 0o755)
            let server = try await PostgresServer.start(folder: folder + "/pg", durability: .volatile)
            var status = stat()
            #expect(stat(server.passwordFile, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600)
            let installation = try PostgresInstallation.find()
            var environment = ChildCommand.inheritedEnvironment
            environment["PGPASSWORD"] = "wrong"
            let refused = try await ChildProcess.run(
                ChildCommand(
                    installation.folder + "/psql", ["-XAtc", "select 1", server.address(database: "postgres")],
                    environment: environment))
            #expect(!refused.status.isSuccess)
            await server.stop()
        }
    }

    @Test("replaces one that lost its owner, and outlives a broken first start")
    func orphan() async throws {
        try await withFolder { folder in
            chmod(folder, 0o755)
            let place = folder + "/pg"
            let server = try await PostgresServer.start(folder: place, durability: .volatile)
            let orphan = try #require(ProcessIdentity(pid: server.processID))
            try SmallFile.write("port=\(server.port)\nchild=\(orphan.text)\nowner=1:1:0\n", to: place + "/server.state")
            let heir = try await PostgresServer.start(folder: place, durability: .volatile)
            #expect(!orphan.isAlive)
            await heir.stop()

            SmallFile.remove(place + "/data")
            try SmallFile.makeFolder(place + "/data.new/base")
            let anew = try await PostgresServer.start(folder: place, durability: .volatile)
            #expect(try await query(anew, "select 1") == "1")
            await anew.stop()
        }
    }
}
