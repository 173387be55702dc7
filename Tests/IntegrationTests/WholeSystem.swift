import Glibc
import NimmerMemoryPostgres
import NimmerWave
import Synchronization
import Testing

@testable import NimmerServers

/// Everything that a deployment runs, on private servers: nats-server, PostgreSQL, thalamus, bridge, hippocampus.
final class WholeSystem: Sendable {
    /// The services of the house, in the order in which they start.
    enum Service: String, CaseIterable { case thalamus, bridge = "cognition-bridge", hippocampus }

    let environment: Environment
    let nats: NATSServer
    let postgres: PostgresServer
    let tap: WireTap
    private let folder: String
    private let children = Mutex<[Service: ChildProcess]>([:])
    private let logs = Mutex<[String]>([])
    private let probes = Mutex(0)

    /// Where `swift build` put the executables: beside the running test bundle.
    static let products: String = {
        let bundle = FileText.absolute("/proc/self/exe") ?? ""
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
        """

    /// Starts everything, runs the body, and stops everything whatever the body did.
    static func run(
        on binary: NATSBinary, environment: Environment = .dev, tapping pattern: String? = nil,
        _ body: (WholeSystem) async throws -> Void
    ) async throws {
        var template = Array("/tmp/nimmer-whole-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        chmod(folder, 0o755)
        defer { FileText.remove(folder) }
        try FileText.write(systemFile, to: folder + "/system.yaml")
        let nats = try await NATSServer.start(NATSServerOptions(folder: folder + "/nats", binary: binary.path))
        let postgres: PostgresServer
        do {
            postgres = try await PostgresServer.start(folder: folder + "/postgres", durability: .volatile)
        } catch {
            await nats.stop()
            throw error
        }
        let system: WholeSystem
        do {
            system = try WholeSystem(environment, nats, postgres, folder, pattern: pattern)
        } catch {
            await nats.stop()
            await postgres.stop()
            throw error
        }
        do {
            try await system.migrate()
            for service in Service.allCases { try await system.start(service) }
            try await system.settle()
            try await body(system)
        } catch {
            await system.stop()
            print(system.log.joined(separator: "\n"))
            throw error
        }
        await system.stop()
    }

    private init(
        _ environment: Environment, _ nats: NATSServer, _ postgres: PostgresServer, _ folder: String, pattern: String?
    ) throws {
        self.environment = environment
        self.nats = nats
        self.postgres = postgres
        self.folder = folder
        tap = try WireTap(port: nats.port, pattern: pattern ?? "\(environment.rawValue).>")
    }

    private func stop() async {
        tap.close()
        for service in Service.allCases.reversed() {
            guard let child = children.withLock({ $0[service] }), child.exitStatus == nil else { continue }
            let exit = await child.terminate(grace: .seconds(10))
            #expect(exit.isSuccess, "\(service.rawValue) was asked to stop and ended with \(exit)")
        }
        await nats.stop()
        await postgres.stop()
    }

    /// What the services logged, for a failing test.
    var log: [String] { logs.withLock { $0 } }

    // MARK: - Services

    func start(_ service: Service) async throws {
        let command = ChildCommand(
            Self.executable(service.rawValue), ["--system", folder + "/system.yaml"], environment: variables)
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

    /// Whether a service still runs.
    func isRunning(_ service: Service) -> Bool { children.withLock { $0[service]?.exitStatus == nil } }

    private var variables: [String: String] {
        var variables = ChildCommand.inheritedEnvironment.filter { !$0.key.hasPrefix("NIMMERVERSE_") }
        variables["NIMMERVERSE_ENV"] = environment.rawValue
        variables["NIMMERVERSE_NATS_URL"] = nats.url
        variables["NIMMERVERSE_POSTGRES_URL"] = postgres.address(database: database)
        variables["NIMMERVERSE_POSTGRES_PASSWORD"] = password
        return variables
    }

    private var database: String { "nimmerverse_\(environment.rawValue)" }
    private var password: String {
        (FileText.read(postgres.passwordFile) ?? "").split(separator: "\n").first.map { String($0) } ?? ""
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
        for attempt in 0..<60 {
            let number = probes.withLock { number in
                number += 1
                return number
            }
            let region = "probe-\(number)"
            try await agree(on: region)
            // The first probes find services that do not listen yet.
            let patience: Duration = attempt < 20 ? .milliseconds(500) : .seconds(2)
            let isThere = await eventually(within: patience) { [self] in
                !responses(region: region).isEmpty
            }
            guard isThere else { continue }
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
        guard try await wait(within: .seconds(60), { try await self.query(count) == "1" }) else {
            throw Trouble("no row within 15 s: \(count)\n\(log.suffix(20).joined(separator: "\n"))")
        }
    }

    /// Whether the condition comes true within the limit.
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

    private func migrate() async throws {
        _ = try await PostgresAdministration(
            DatabaseSettings(address: postgres.address(database: database), passwordFile: postgres.passwordFile)
        ).migrate()
    }
}
