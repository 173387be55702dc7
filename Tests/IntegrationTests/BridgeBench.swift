import Glibc
import IdentifiedServers
import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerWave
import Synchronization
import Testing

@testable import NimmerServers

/// A cognition bridge as a process on a private nats-server, and a motor that counts what it is told.
final class BridgeBench: Sendable {
    /// A command that reached the motor.
    struct Received: Hashable, Sendable {
        let cause: String
        let command: String
    }

    private let identified: IdentifiedServer
    var nats: NATSServer { identified.server }
    /// The server's address for a tool that may do everything.
    var clientURL: String { identified.clientURL }
    let bus: any Bus
    private let folder: String
    private let child = Mutex<ChildProcess?>(nil)
    private let received = Mutex<[Received]>([])
    private let logs = Mutex<[String]>([])

    /// Starts everything but the bridge, runs the body, and stops everything whatever the body did.
    static func run(bridge settings: String, _ body: (BridgeBench) async throws -> Void) async throws {
        var template = Array("/tmp/nimmer-bridge-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        defer { SmallFile.remove(folder) }
        let text = "nimmerverse: 1\nname: bench\nbridge:\n" + settings
        try SmallFile.write(text, to: folder + "/system.yaml")
        let identified = try await IdentifiedServer.start(text, in: folder, try await NATSBinary.choose())
        let nats = identified.server
        do {
            let bus = try await NATS.connector(identified.client("bench"))
            let bench = BridgeBench(folder, identified, bus)
            try await bench.listen()
            do { try await body(bench) } catch {
                print(bench.log)
                await bench.stop()
                throw error
            }
            await bench.stop()
        } catch {
            await nats.stop()
            throw error
        }
        await nats.stop()
    }

    private init(_ folder: String, _ identified: IdentifiedServer, _ bus: any Bus) {
        self.folder = folder
        self.identified = identified
        self.bus = bus
    }

    private func stop() async {
        if let child = child.withLock({ $0 }), child.exitStatus == nil { await child.terminate(grace: .seconds(60)) }
        await bus.close()
    }

    /// What the bridge logged.
    var log: String { logs.withLock { $0.joined(separator: "\n") } }
    /// What reached the motor, in order.
    var commands: [Received] { received.withLock { $0 } }

    private func listen() async throws {
        try await SystemStreams.ensure(on: bus, environment: .dev)
        _ = try await bus.subscribe(SubjectPattern(.request(.dev, cell: try Token("motor")))) { [self] _, _, arrival in
            let message = arrival.message()
            guard let command = try? Envelope<Command>(decoding: message.payload).body else { return }
            received.withLock { $0.append(Received(cause: command.cause ?? "", command: command.command)) }
            let answer = Envelope(
                id: .v7(), at: .now(), from: Source(entityID: "motor-1", entityType: .cell),
                CommandResult(status: .ok, result: ["done": .string(command.command)]))
            try? bus.respond(to: message, payload: answer.encoded())
        }
    }

    /// Starts the bridge.
    func start(_ arguments: [String] = []) async throws {
        let command = ChildCommand(
            WholeSystem.executable("cognition-bridge"), ["--system", folder + "/system.yaml"] + arguments,
            environment: identified.variables(for: "cognition-bridge"))
        let spawned = try await ChildProcess.spawn(
            command, output: .lines { [self] line in logs.withLock { $0.append(line.text) } })
        child.withLock { $0 = spawned }
    }

    /// Starts the bridge and waits until it answers.
    func startAndWait(_ arguments: [String] = []) async throws {
        try await start(arguments)
        let isThere = try await wait(within: .seconds(120)) { (try? await command("status"))?.status == .ok }
        #expect(isThere, "the bridge answers: \(log)")
    }

    /// Ends the bridge as a crash would.
    func crash() async { await child.withLock { $0 }?.terminate(signal: SIGKILL) }

    /// Returns whether the bridge has ended within the limit.
    func ends(within limit: Duration) async -> Bool {
        guard let child = child.withLock({ $0 }) else { return true }
        return await eventually(within: limit) { child.exitStatus != nil }
    }

    /// Puts a request into its stream, with the sender behind its subject or without.
    func ask(_ request: CognitiveRequest, from sender: Token? = nil) async throws {
        let message = Envelope(
            id: request.requestID, at: .now(), from: Source(entityID: "bench", entityType: .thalamus), request)
        try await bus.publishDurably(
            shared: .cognitiveRequest(.dev), by: try sender ?? Token("bench"), payload: message.encoded(),
            id: request.requestID)
    }

    /// Asks as 2.0 did, without a sender in the subject.
    @discardableResult
    func askPlainly(_ request: CognitiveRequest) async throws -> StreamAck {
        let message = Envelope(
            id: request.requestID, at: .now(), from: Source(entityID: "bench", entityType: .thalamus), request)
        return try await bus.publishDurably(
            .cognitiveRequest(.dev), payload: message.encoded(), id: request.requestID)
    }

    /// A request of a region; of a reflex gate when it says so.
    static func request(
        _ name: String, region: String = "plant", reflex: Bool = false, sensed: String = "",
        expiresIn seconds: Double = 120
    ) throws -> CognitiveRequest {
        let witness: JSON = [
            "source": "pump", "confidence": 0.9, "age_ms": 10, "content": ["note": .string(sensed)],
        ]
        var input: JSONObject = [
            "region": .string(region), "opened_at": .string(Timestamp.now().rfc3339), "witnesses": [witness],
        ]
        if reflex { input["reflex"] = true }
        return CognitiveRequest(
            requestID: .named(name), collapseID: .named("c-\(name)"), eventType: "fault", domain: try Token("plant"),
            confidence: 0.9, structuredInput: .object(input),
            suggestedActions: [SuggestedAction(action: "inspect", confidence: 0.5)], processingBudgetLF: 10,
            responseTimeoutMilliseconds: 10_000, expiresAt: .now().advanced(milliseconds: seconds * 1000))
    }

    /// The response to a request, once it is in the stream.
    func response(to request: CognitiveRequest) async throws -> CognitiveResponse {
        var found: CognitiveResponse?
        _ = try await wait(within: .seconds(120)) {
            found = try await responses().first { $0.requestID == request.requestID }
            return found != nil
        }
        return try #require(found, "\(log)")
    }

    /// What the stream says became of a decision's commands.
    func acts(of decision: MessageID) async throws -> [Act] {
        try await bus.read(stream: SystemStreams.decisions(.dev), filter: SubjectPattern(.act(.dev)))
            .compactMap { try? Envelope<Act>(decoding: $0.message.payload).body }
            .filter { $0.requestID == decision }
    }

    /// Every response that is in the stream.
    func responses() async throws -> [CognitiveResponse] {
        try await bus.read(stream: SystemStreams.decisions(.dev), filter: SubjectPattern(.cognitiveResponse(.dev)))
            .compactMap { try? Envelope<CognitiveResponse>(decoding: $0.message.payload).body }
    }

    /// Where the record of a decision's commands stands; nil if absent.
    func state(of decision: MessageID) async throws -> String? {
        let bucket = try await bus.keyValue(
            KeyValueConfiguration(bucket: "DEV-ACTS", maximumAge: .seconds(30 * 86_400)))
        guard let entry = try await bucket.get(decision.text) else { return nil }
        return try JSON(parsing: entry.value)["state"]?.string
    }

    /// Asks the bridge as `nimmer mind` does.
    func command(_ name: String, _ payload: JSON = [:], from sender: Token? = try? Token("operator")) async throws
        -> CommandResult
    {
        let order = Envelope(
            id: .v7(), at: .now(), from: Source(entityID: "nimmer", entityType: .service),
            Command(command: name, payload: payload))
        let answer = try await bus.request(
            .request(.dev, cell: try Token("cognition-bridge")).from(sender), payload: order.encoded(),
            timeout: .seconds(10))
        return try Envelope<CommandResult>(decoding: answer.payload).body
    }

    /// Returns whether a condition comes true within the limit.
    func wait(within limit: Duration, _ condition: () async throws -> Bool) async throws -> Bool {
        let end = ContinuousClock.now + limit
        while !(try await condition()) {
            if ContinuousClock.now >= end { return false }
            try await Task.sleep(for: .milliseconds(50))
        }
        return true
    }
}
