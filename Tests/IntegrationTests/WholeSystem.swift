import Glibc
import IdentifiedServers
import NimmerBus
import NimmerIdentity
import NimmerMemoryPostgres
import NimmerPlatform
import NimmerSystem
import NimmerWave
import Synchronization
import Testing

@testable import NimmerServers

/// Everything that a deployment runs, on private servers: nats-server, PostgreSQL, thalamus, bridge, hippocampus.
final class WholeSystem: Sendable {
    /// The services of the system, in the order in which they start.
    enum Service: String, CaseIterable { case thalamus, bridge = "cognition-bridge", hippocampus }

    let environment: Environment
    let nats: NATSServer
    let postgres: PostgresServer
    let tap: WireTap
    private let folder: String
    /// The identities that the server asks for; nil where everybody may do everything.
    var identities: IdentityFolder? { identified?.identities }
    private let identified: IdentifiedServer?
    private let children = Mutex<[Service: ChildProcess]>([:])
    private let logs = Mutex<[String]>([])
    private let probes = Mutex(0)
    /// Tells the probes of this system from those that its database was given.
    private let mark = String(UInt32.random(in: .min ... .max), radix: 16)

    /// Where `swift build` put the executables: beside the running test bundle.
    static let products: String = {
        let bundle = SmallFile.absolute("/proc/self/exe") ?? ""
        return String(bundle[..<(bundle.lastIndex(of: "/") ?? bundle.startIndex)])
    }()

    static func executable(_ name: String) -> String { products + "/" + name }

    private static let systemFile = """
        nimmerverse: 1
        name: whole
        thalamus:
          regions:
            math: [math, calculate, arithmetic]
        bridge:
          commands: dry-run
        cells:
          - {name: math, kind: math/v1}
          - {name: calculate, command: [./foreign-cell]}
        nerves:
          - {name: watcher, command: [./foreign-nerve], verifies: [plant]}
        """

    /// Starts everything, runs the body, and stops everything whatever the body did.
    ///
    /// - Parameters:
    ///   - file: the system file; nil: the one that most tests share.
    ///   - isIdentified: whether everybody has an identity of its own, and the server asks for it; else everybody may do everything.
    ///   - services: those that are started; none: the servers alone, without a database and identities.
    static func run(
        on binary: NATSBinary, file: String? = nil, environment: Environment = .dev, tapping pattern: String? = nil,
        isIdentified: Bool = true, starting services: [Service] = Service.allCases,
        _ body: (WholeSystem) async throws -> Void
    ) async throws {
        var template = Array("/tmp/nimmer-whole-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        chmod(folder, 0o755)
        defer { SmallFile.remove(folder) }
        let text = file ?? systemFile
        try SmallFile.write(text, to: folder + "/system.yaml")
        var identified: IdentifiedServer?
        let nats: NATSServer
        if isIdentified && !services.isEmpty {
            let made = try await IdentifiedServer.start(text, in: folder, binary, environment: environment)
            (identified, nats) = (made, made.server)
        } else {
            nats = try await NATSServer.start(NATSServerOptions(folder: folder + "/nats", binary: binary.path))
        }
        let postgres: PostgresServer
        do {
            postgres = try await PostgresServer.start(folder: folder + "/postgres", durability: .volatile)
        } catch {
            await nats.stop()
            throw error
        }
        let system: WholeSystem
        do {
            system = try WholeSystem(environment, nats, postgres, folder, identified, pattern: pattern)
        } catch {
            await nats.stop()
            await postgres.stop()
            throw error
        }
        do {
            if !services.isEmpty { try await system.migrate() }
            for service in services { try await system.start(service) }
            if !services.isEmpty { try await system.settle() }
            try await body(system)
        } catch {
            await system.stop()
            print(system.log.joined(separator: "\n"))
            throw error
        }
        await system.stop()
    }

    private init(
        _ environment: Environment, _ nats: NATSServer, _ postgres: PostgresServer, _ folder: String,
        _ identified: IdentifiedServer?, pattern: String?
    ) throws {
        self.environment = environment
        self.nats = nats
        self.postgres = postgres
        self.folder = folder
        self.identified = identified
        tap = try WireTap(port: nats.port, pattern: pattern ?? "\(environment.rawValue).>")
    }

    private func stop() async {
        tap.close()
        for service in Service.allCases.reversed() {
            guard let child = children.withLock({ $0[service] }), child.exitStatus == nil else { continue }
            let exit = await child.terminate(grace: .seconds(60))
            #expect(exit.isSuccess, "\(service.rawValue) was asked to stop and ended with \(exit)")
        }
        await nats.stop()
        await postgres.stop()
    }

    /// What the services logged, for a failing test.
    var log: [String] { logs.withLock { $0 } }

    // MARK: - Services

    /// Starts a service; it finds `variables` in its environment besides those of the system.
    func start(_ service: Service, adding variables: [String: String] = [:]) async throws {
        let command = ChildCommand(
            Self.executable(service.rawValue), ["--system", folder + "/system.yaml"],
            environment: self.variables(for: service.rawValue).merging(variables) { $1 })
        let child = try await ChildProcess.spawn(
            command, output: .lines { [self] line in logs.withLock { $0.append("\(service.rawValue) | \(line.text)") } }
        )
        children.withLock { $0[service] = child }
    }

    /// Ends a service as a crash would.
    func crash(_ service: Service) async {
        guard let child = children.withLock({ $0[service] }) else { return }
        await child.terminate(signal: SIGKILL)
    }

    /// Returns whether a service still runs.
    func isRunning(_ service: Service) -> Bool { children.withLock { $0[service]?.exitStatus == nil } }

    /// A client of the tests' own, which is no part of the system, and without limits.
    func client(_ name: String) -> BusSettings {
        identified?.client(name) ?? BusSettings(url: nats.url, name: name, waitsForServer: false)
    }

    /// The server's address for a foreign client of the tests' own, with its password.
    var clientURL: String { identified?.clientURL ?? nats.url }

    /// What a process of this system finds in its environment.
    ///
    /// - Parameter role: who it is in the database, where that is another than on the bus.
    func variables(for name: String, database role: String? = nil) -> [String: String] {
        var variables =
            identified?.variables(for: name)
            ?? ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMERVERSE_") }
        variables["NIMMERVERSE_ENV"] = environment.rawValue
        variables["NIMMERVERSE_NATS_URL"] = nats.url
        variables["NIMMERVERSE_POSTGRES_URL"] = postgres.address(database: database)
        variables["NIMMERVERSE_POSTGRES_PASSWORD"] = password
        if identified != nil {
            let role = role ?? name
            variables["NIMMERVERSE_POSTGRES_URL"] = address(as: role)
            variables["NIMMERVERSE_POSTGRES_PASSWORD"] = "\(role)-secret"
        }
        return variables
    }

    private var database: String { "nimmerverse_\(environment.rawValue)" }
    private var password: String {
        (SmallFile.read(postgres.passwordFile) ?? "").split(separator: "\n").first.map { String($0) } ?? ""
    }

    // MARK: - Waves

    /// Publishes a documented wave of a cell.
    func emit(_ cell: String, confidence: Double, region: String? = nil) async throws {
        var body: JSONObject = [
            "domain": .string(cell), "confidence": .number(confidence), "semantic_content": ["operation": "addition"],
        ]
        if let region { body["region"] = .string(region) }
        let message: JSON = [
            "header": [
                "message_id": .string(MessageID.v7().text), "message_type": "WaveSignal", "version": "2.0",
                "timestamp": .string(Timestamp.now().rfc3339),
                "source": ["entity_id": .string(cell + "-1"), "entity_type": "cell", "garden": "virtual", "tier": 1],
            ],
            "body": .object(body),
        ]
        let subject = "\(environment.rawValue).nervous.cells.\(cell).wave"
        try #require(await tap.publish(subject, message.bytes))
    }

    /// Two independent witnesses of a region: enough to open its gate.
    func agree(on region: String) async throws {
        try await emit("witness-one", confidence: 0.9, region: region)
        try await emit("witness-two", confidence: 0.9, region: region)
    }

    /// Returns once everything that was published before has gone all the way: a pair of waves for a region of its own
    /// has been answered and remembered. Every part keeps the order of what it passes on.
    func settle() async throws {
        var regions: [String] = []
        for attempt in 0..<60 {
            let number = probes.withLock { number in
                number += 1
                return number
            }
            regions.append("probe-\(mark)-\(number)")
            try await agree(on: "probe-\(mark)-\(number)")
            // The first probes find services that do not listen yet; on a busy machine one is answered while the next is on its way.
            let timeout: Duration = attempt < 20 ? .milliseconds(500) : .seconds(2)
            _ = await eventually(within: timeout) { [self, regions] in
                regions.contains { !responses(region: $0).isEmpty }
            }
            guard let region = regions.first(where: { !responses(region: $0).isEmpty }) else { continue }
            try await waitForRow(
                """
                select count(*) from cognitive_responses join cognitive_requests using (request_id)
                join collapses using (collapse_id) where region = '\(region)'
                """)
            return
        }
        throw Trouble("nothing came through: is every service running? \(log.suffix(20).joined(separator: "\n"))")
    }

    private func waitForRow(_ count: String) async throws {
        guard try await wait(within: .seconds(120), { try await self.query(count) == "1" }) else {
            throw Trouble("no row in time: \(count)\n\(log.suffix(20).joined(separator: "\n"))")
        }
    }

    /// Returns whether the condition comes true within the limit.
    @discardableResult
    func wait(within limit: Duration, _ condition: () async throws -> Bool) async throws -> Bool {
        let end = ContinuousClock.now + limit
        while !(try await condition()) {
            if ContinuousClock.now >= end { return false }
            try await Task.sleep(for: .milliseconds(50))
        }
        return true
    }

    struct Trouble: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    // MARK: - What was seen

    private func decoded<Body>(_ suffix: String, _ type: Envelope<Body>.Type) -> [Envelope<Body>] {
        tap.messages.filter { $0.subject.hasSuffix(suffix) }.compactMap { try? Envelope<Body>(decoding: $0.payload) }
    }

    /// Openings of a region on the wire.
    func openings(region: String) -> [Envelope<GateTransition>] {
        transitions.filter { $0.body.region.text == region && $0.body.toState == .open }
    }

    /// Every transition on the wire; a repeated attempt shows again with the same id.
    var transitions: [Envelope<GateTransition>] { decoded(".transition", Envelope<GateTransition>.self) }

    func collapses(region: String) -> [Envelope<Collapse>] {
        decoded(".thalamus.collapse", Envelope<Collapse>.self).filter { $0.body.region.text == region }
    }

    func requests(region: String) -> [Envelope<CognitiveRequest>] {
        let collapses = Set(collapses(region: region).map(\.body.collapseID))
        return decoded(".bridge.request", Envelope<CognitiveRequest>.self)
            .filter { collapses.contains($0.body.collapseID) }
    }

    func responses(region: String) -> [Envelope<CognitiveResponse>] {
        let requests = Set(requests(region: region).map(\.body.requestID))
        return decoded(".bridge.response", Envelope<CognitiveResponse>.self)
            .filter { requests.contains($0.body.requestID) }
    }

    func rejects() -> [Envelope<Reject>] {
        tap.messages.filter { $0.subject.contains(".nervous.rejects.") }
            .compactMap { try? Envelope<Reject>(decoding: $0.payload) }
    }

    // MARK: - What was remembered

    /// The rows of a query, fields parted by `|`.
    func query(_ sql: String) async throws -> String {
        var environment = ChildCommand.inheritedEnvironment
        environment["PGPASSWORD"] = password
        let answer = try await ChildProcess.run(
            ChildCommand(
                try PostgresInstallation.find().folder + "/psql",
                ["-XAtv", "ON_ERROR_STOP=1", "-c", sql, postgres.address(database: database)],
                environment: environment))
        let text = answer.lines.map(\.text).joined(separator: "\n")
        guard answer.status.isSuccess else { throw Trouble("\(sql): \(text)") }
        return text
    }

    /// The database as one of the users that deploy/postgres/roles.sql makes sees it.
    func address(as role: String) -> String {
        "postgresql://nimmerverse_\(environment.rawValue)_\(role)@127.0.0.1:\(postgres.port)/\(database)"
    }

    /// Makes the roles as an administrator does, and the schema as the migrator.
    private func migrateAsMigrator() async throws {
        let psql = try PostgresInstallation.find().folder + "/psql"
        let roles = Prerequisites.fixture("../../../deploy/postgres/roles.sql")
        var administrator = ChildCommand.inheritedEnvironment
        administrator["PGPASSWORD"] = password
        let passwords = ["migrator", "hippocampus", "reader"].map {
            "alter role nimmerverse_\(environment.rawValue)_\($0) password '\($0)-secret'"
        }
        let arguments = ["-Xqv", "ON_ERROR_STOP=1", "-v", "env=\(environment.rawValue)", "-f", roles]
        let made = try await ChildProcess.run(
            ChildCommand(
                psql, arguments + passwords.flatMap { ["-c", $0] } + [postgres.address(database: "postgres")],
                environment: administrator))
        try #require(made.status.isSuccess, "\(made.lines.map(\.text))")
        let migrated = try await ChildProcess.run(
            ChildCommand(
                Self.executable("nimmer"), ["db", "migrate"], environment: variables(for: "migrator")))
        try #require(migrated.status.isSuccess, "\(migrated.lines.map(\.text))")
    }

    private func migrate() async throws {
        if identities != nil { return try await migrateAsMigrator() }
        _ = try await PostgresAdministration(
            DatabaseSettings(address: postgres.address(database: database), passwordFile: postgres.passwordFile)
        ).migrate()
    }
}
