import Glibc
import NimmerMemory
import NimmerServers
import Testing

@testable import NimmerMemoryPostgres

/// One private PostgreSQL for the whole run, and a database of its own for every test.
actor TestDatabase {
    static let shared = TestDatabase()

    /// Indicates whether a server is installed; where not, the tests that need one say so and are skipped.
    static let isInstalled = !PostgresInstallation.all().isEmpty

    private var starting: Task<PostgresServer, any Error>?
    private var template: Task<Void, any Error>?
    private var number = 0

    /// The server, started by the first who asks and stopped when the process ends.
    func server() async throws -> PostgresServer {
        if let starting { return try await starting.value }
        let task = Task {
            let server = try await PostgresServer.start(folder: TestDatabase.newFolder(), durability: .volatile)
            TestDatabase.stopAtExit(server)
            return server
        }
        starting = task
        return try await task.value
    }

    /// Settings for an empty database that does not exist yet.
    func unmade() async throws -> DatabaseSettings {
        let server = try await server()
        number += 1
        return DatabaseSettings(
            address: server.address(database: "test_\(number)"), passwordFile: server.passwordFile)
    }

    /// Settings for a fresh database with the schema of this program.
    func fresh() async throws -> DatabaseSettings {
        let settings = try await unmade()
        try await migrateTemplate()
        let connection = try PostgresConnection(settings.database("postgres"))
        try connection.script("create database \(settings.databaseName) template template_nimmer")
        return settings
    }

    private func migrateTemplate() async throws {
        if let template { return try await template.value }
        let server = try await server()
        let settings = DatabaseSettings(
            address: server.address(database: "template_nimmer"), passwordFile: server.passwordFile)
        let task = Task { _ = try await PostgresAdministration(settings).migrate() }
        template = template ?? task
        try await task.value
    }

    /// A new folder that every user may pass.
    static func newFolder() -> String {
        guard let name = strdup("/tmp/nimmer-test-XXXXXX") else { return "/tmp/nimmer-test" }
        defer { free(name) }
        let path = mkdtemp(name).map { String(cString: $0) } ?? "/tmp/nimmer-test"
        chmod(path, 0o755)
        return path + "/postgres"
    }

    nonisolated(unsafe) private static var running: [PostgresServer] = []  // only used by stopAtExit and at exit

    private static func stopAtExit(_ server: PostgresServer) {
        running.append(server)
        atexit {
            for server in TestDatabase.running {
                server.stopNow()
                var tries = 0
                while kill(server.processID, 0) == 0, tries < 200 {
                    usleep(10_000)
                    tries += 1
                }
                system("rm -rf '\(server.folder.dropLast("/postgres".count))'")
            }
        }
    }
}
