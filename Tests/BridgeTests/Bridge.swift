import Glibc
import IdentifiedServers
import NimmerBus
import NimmerBusNATS
import NimmerPlatform
import NimmerServers
import NimmerWave
import Synchronization
import Testing

/// The bridge as a process on a private bus, with every cell of the world played by the test: it hears each command that is sent
/// to anybody, and does it.
struct Bridge: Sendable {
    /// What was seen on the bus.
    private final class Ears: Sendable {
        let responses = Mutex<[CognitiveResponse]>([])
        /// A response is said again when its acknowledgement is late, under the same id.
        let heard = Mutex<Set<MessageID>>([])
        let orders = Mutex<[(target: String, command: Command)]>([])
        /// Sent for each response and each order.
        let arrived = TaskSignal()
    }

    let bus: NATSBus
    /// Its process.
    let pid: Int32
    private let ears = Ears()
    private let source = Source(entityID: "test", entityType: .service)

    /// Where `swift build` put the executables: beside the running test bundle.
    static let products: String = {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        return String(decoding: buffer[..<max(0, count)], as: UTF8.self).split(separator: "/").dropLast()
            .reduce("") { $0 + "/" + $1 }
    }()

    /// The folder of the checkout.
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// Runs a bridge with this part of a system file, and a body beside it.
    static func run(bridge yaml: String, _ body: (Bridge) async throws -> Void) async throws {
        var template = Array("/tmp/nimmer-bridge-XXXXXX".utf8CString)
        let folder = String(cString: try #require(mkdtemp(&template)))
        let system = "nimmerverse: 1\nname: bridge\n" + yaml
        write(system, to: folder + "/system.yaml")
        let nats = try await IdentifiedServer.start(
            system, in: folder, try await NATSBinary.choose(), syncsAlways: false)
        var child: ChildProcess?
        let log = Mutex<[String]>([])
        var problem: (any Error)?
        do {
            let bus = try await NATSBus.open(nats.client("test"))
            try await SystemStreams.ensure(on: bus, environment: .dev)
            var variables = nats.variables(for: "cognition-bridge")
            variables["MIND_KEY"] = "sk-very-secret-0123456789"
            let started = try await ChildProcess.spawn(
                ChildCommand(
                    products + "/cognition-bridge", ["--system", folder + "/system.yaml"], environment: variables),
                output: .lines { line in log.withLock { $0.append(line.text) } })
            child = started
            let bridge = Bridge(bus: bus, pid: started.pid)
            try await bridge.listen()
            try await body(bridge)
            await bus.close()
        } catch { problem = error }
        let exit = await child?.terminate(grace: .seconds(60))
        let lines = log.withLock { $0 }
        #expect(exit?.isSuccess == true, "the bridge ended with \(String(describing: exit)): \(lines.suffix(20))")
        #expect(!lines.contains { $0.contains("very-secret") }, "the key stands in the log")
        await nats.server.stop()
        _ = try await ChildProcess.run(ChildCommand("rm", ["-rf", folder]))
        if let problem {
            print(lines.suffix(40).joined(separator: "\n"))
            throw problem
        }
    }

    static func write(_ text: String, to path: String) {
        guard let file = fopen(path, "w") else { return }
        fputs(text, file)
        fclose(file)
    }

    static func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func listen() async throws {
        let (ears, bus, source) = (ears, bus, source)
        _ = try await bus.subscribe(SubjectPattern(.cognitiveResponse(.dev))) { _, _, arrival in
            guard let said = try? Envelope<CognitiveResponse>(decoding: arrival.message().payload),
                ears.heard.withLock({ $0.insert(said.header.messageID).inserted })
            else { return }
            ears.responses.withLock { $0.append(said.body) }
            ears.arrived.send()
        }
        _ = try await bus.subscribe(SubjectPattern("dev.nervous.>")) { _, _, arrival in
            let message = arrival.message()
            let words = message.subject.text.split(separator: ".")
            guard words.count == 5 || words.count == 6, words[4] == "request", words[3] != "cognition-bridge",
                let command = try? Envelope<Command>(decoding: message.payload).body
            else { return }
            ears.orders.withLock { $0.append((String(words[3]), command)) }
            ears.arrived.send()
            let done = Envelope(id: .v7(), at: .now(), from: source, CommandResult(status: .ok))
            try? bus.respond(to: message, payload: done.encoded())
        }
    }

    /// Every response so far, each once, however often it was said.
    var responses: [CognitiveResponse] { ears.responses.withLock { $0 } }
    /// Every response that is in the stream.
    func stored() async throws -> [CognitiveResponse] {
        try await bus.read(stream: SystemStreams.decisions(.dev), filter: SubjectPattern(.cognitiveResponse(.dev)))
            .compactMap { try? Envelope<CognitiveResponse>(decoding: $0.message.payload).body }
    }
    /// Every command that anybody was sent, and whom.
    var orders: [(target: String, command: Command)] { ears.orders.withLock { $0 } }

    /// The most memory that it has had resident at once, in MiB.
    var peakMemory: Double {
        let line = (Self.read("/proc/\(pid)/status") ?? "").split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(separator: " ").dropLast().last).flatMap { Double($0) }.map { $0 / 1024 } ?? .infinity
    }

    /// Sends a request.
    func send(_ request: CognitiveRequest) async throws {
        let message = Envelope(id: request.requestID, at: .now(), from: source, request)
        try await bus.publishDurably(
            shared: .cognitiveRequest(.dev), by: try Token("test"), payload: message.encoded(), id: request.requestID,
            timeout: .seconds(60))
    }

    /// Sends a request and waits for its one response.
    func decide(_ request: CognitiveRequest, within limit: Duration = .seconds(120)) async throws -> CognitiveResponse {
        try await send(request)
        guard let found = await responses(to: [request.requestID], within: limit).first else {
            throw Trouble(description: "no response to \(request.requestID) within \(limit)")
        }
        return found
    }

    /// Waits until each of these requests has a response; those that there are after the limit.
    func responses(to ids: Set<MessageID>, within limit: Duration = .seconds(120)) async -> [CognitiveResponse] {
        await heard(atLeast: ids.count, within: limit) { responses.filter { ids.contains($0.requestID) } }
    }

    /// Waits until so many commands of a decision have arrived; those that there are after the limit.
    func orders(of decision: MessageID, atLeast count: Int, within limit: Duration = .seconds(120)) async
        -> [(target: String, command: Command)]
    {
        await heard(atLeast: count, within: limit) { orders.filter { $0.command.cause == decision.text } }
    }

    /// Looks at what was heard each time that something arrives, until there is enough or the limit has passed.
    private func heard<Heard>(atLeast count: Int, within limit: Duration, _ look: () -> [Heard]) async -> [Heard] {
        let end = ContinuousClock.now + limit
        while true {
            let arrived = ears.arrived.count
            let found = look()
            if found.count >= count || ContinuousClock.now >= end { return found }
            await ears.arrived.wait(from: arrived, until: end)
        }
    }

    struct Trouble: Error, CustomStringConvertible { let description: String }
}

extension Bridge {
    /// Indicates whether pages are written instead of compared.
    static var isWriting: Bool { ChildCommand.inheritedEnvironment["NIMMER_WRITE_DOCS"] == "1" }
}
