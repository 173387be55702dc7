import NimmerMemoryPostgres
import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerSystem
import NimmerWave
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// The servers of one `nimmer up`: its own, or those that its options name.
package final class PrivateServers: Sendable {
    /// Address of the database for the processes.
    package struct Database: Equatable, Sendable {
        package let url: String
        package let passwordFile: String?

        package init(url: String, passwordFile: String?) {
            self.url = url
            self.passwordFile = passwordFile
        }

        /// The name of an environment's database.
        package static func name(_ environment: Environment) -> String { "nimmerverse_\(environment.rawValue)" }
    }

    private struct State {
        var nats: NATSServer?
        var postgres: PostgresServer?
        var database: Database?
        /// Servers that were started before the supervisor asks for them the first time.
        var fresh: Set<String> = []
    }

    package let place: RunFolder
    /// The servers that are being ended.
    private let ending = TaskOwner()
    private let state = Mutex(State())

    package init(_ place: RunFolder) {
        self.place = place
    }

    /// Address of the database; nil without one.
    package var database: Database? { state.withLock { $0.database } }
    package var nats: NATSServer? { state.withLock { $0.nats } }
    package var postgres: PostgresServer? { state.withLock { $0.postgres } }

    /// Uses a database that is there already.
    package func use(_ database: Database) { state.withLock { $0.database = database } }

    /// Starts the private nats-server, which asks every client for credentials.
    ///
    /// - Parameter identities: who may connect; written already.
    package func startNATS(_ identities: SystemIdentities) async throws(Failure) -> NATSServer {
        do throws(ServerError) {
            let server = try await NATSServer.start(
                NATSServerOptions(
                    folder: "\(place.path)/nats", name: place.environment.serverName,
                    extraConfiguration: identities.inclusion,
                    speaksMQTT: identities.speaksMQTT, mqttPort: identities.mqtt.map { UInt16($0.port) },
                    mqttHost: identities.mqtt?.host ?? "127.0.0.1"))
            state.withLock {
                $0.nats = server
                $0.fresh.insert("nats")
            }
            return server
        } catch {
            throw Failure(
                .unavailable, error.printed,
                remedy: "`nimmer doctor` shows what is missing; --nats URL uses another server")
        }
    }

    /// Starts the private PostgreSQL and brings its schema to this version.
    package func startPostgres() async throws(Failure) -> PostgresServer {
        let server: PostgresServer
        do throws(PostgresServerError) {
            server = try await PostgresServer.start(folder: "\(place.path)/postgres")
        } catch {
            throw Failure(
                .unavailable, error.message,
                remedy: "\(TerminalText.lines(error.remedy))\n--no-database runs without one")
        }
        let name = Database.name(place.environment)
        let database = Database(url: server.address(database: name), passwordFile: server.passwordFile)
        state.withLock {
            $0.postgres = server
            $0.fresh.insert("postgres")
            $0.database = database
        }
        do {
            _ = try await PostgresAdministration(
                DatabaseSettings(
                    address: database.url, passwordFile: database.passwordFile, defaultDatabase: name,
                    applicationName: "nimmer")
            ).migrate()
        } catch {
            await server.stop()
            throw Failure(error)
        }
        return server
    }

    /// The nats-server as a member of the supervisor: what runs already the first time, a restart later.
    package func keepNATS() async throws -> Running {
        let (server, isFresh) = state.withLock { ($0.nats, $0.fresh.remove("nats") != nil) }
        guard let server else { throw Failure(.unavailable, "the nats-server was never started") }
        if !isFresh { try await server.restart() }
        return try Running(
            server.pid, "nats-server", server.lastLines, waitForExit: { await server.waitForExit() }, ending
        ) {
            if $0 == SIGKILL { await server.kill() } else { await server.stop() }
        }
    }

    /// PostgreSQL as a member of the supervisor.
    package func keepPostgres() async throws -> Running {
        let (server, isFresh) = state.withLock { ($0.postgres, $0.fresh.remove("postgres") != nil) }
        guard let server else { throw Failure(.unavailable, "PostgreSQL was never started") }
        if !isFresh { try await server.restart() }
        return try Running(
            server.processID, "PostgreSQL", server.lastLines, waitForExit: { await server.waitForExit() }, ending
        ) { if $0 == SIGKILL { await server.kill() } else { await server.stop() } }
    }
}

extension Running {
    /// A server that is ended by its own keeper.
    fileprivate init(
        _ pid: Int32, _ name: String, _ lastLines: [String], waitForExit: @escaping @Sendable () async -> ChildExit,
        _ ending: TaskOwner, end: @escaping @Sendable (Int32) async -> Void
    ) throws(Failure) {
        guard let identity = ProcessIdentity(pid: pid) else {
            throw Failure(.unavailable, "\(name) ended at once: \(lastLines.last ?? "no output")")
        }
        self.init(identity: identity, waitForExit: waitForExit) { signal in
            ending.run { await end(signal) }
        }
    }
}
