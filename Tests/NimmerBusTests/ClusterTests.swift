import NimmerBus
@testable import NimmerBusNATS
import NimmerServers
import NimmerWave
import Testing

/// Three servers on loopback ports that keep every stream three times; one is killed.
@Suite("A cluster of three servers", .serialized, .timeLimit(.minutes(5)))
struct ClusterTests {
    private func start(_ binary: NATSBinary) async throws -> [TestServer] {
        var ports: [UInt16] = []
        for _ in 0..<3 { ports.append(try LoopbackPort.free()) }
        let routes = ports.map { "\"nats-route://127.0.0.1:\($0)\"" }.joined(separator: ", ")
        var servers: [TestServer] = []
        for (number, port) in ports.enumerated() {
            servers.append(
                try await TestServer.start(
                    binary, name: "server-\(number)",
                    extra: "cluster { name: \"three\", listen: \"127.0.0.1:\(port)\", routes: [\(routes)] }"))
        }
        return servers
    }

    @Test(arguments: await Servers.installed())
    func losesNothingWithOneServer(_ binary: NATSBinary) async throws {
        let servers = try await start(binary)
        let bus = try await NATSBus.open(
            BusSettings(
                url: servers.map(\.url).joined(separator: ","), name: "cluster", waitsForServer: false, replicas: 3))
        do {
            try await use(bus, servers)
        } catch {
            await bus.close()
            for server in servers { await server.stop() }
            throw error
        }
        await bus.close()
        for server in servers { await server.stop() }
    }

    private func use(_ bus: NATSBus, _ servers: [TestServer]) async throws {
        try await ensureStreams(on: bus)
        let stream = SystemStreams.decisions(.dev)
        let subject = Subject.cognitiveResponse(.dev)
        let consumer = try await bus.consumer(ConsumerConfiguration(stream: stream, durable: try Token("reader")))
        for number in 0..<20 { try await emit(number, subject, bus) }

        // The one that this client talks to dies; it finds another, and so does the stream.
        let connected = bus.status.server?.url
        let victim = try #require(servers.first { $0.url == connected })
        await victim.server.kill()
        for number in 20..<40 { try await emit(number, subject, bus) }
        #expect(bus.status.server?.url != connected)

        var seen: [UInt64: [UInt8]] = [:]
        let deadline = ContinuousClock.now.advanced(by: .seconds(120))
        while seen.count < 40, ContinuousClock.now < deadline {
            for delivery in try await consumer.fetch(maximum: 50, wait: .seconds(2), linger: .zero) {
                seen[delivery.sequence] = delivery.message.payload
                try delivery.ack()
            }
        }
        #expect(seen.sorted { $0.key < $1.key }.map(\.value) == (0..<40).map { Array("\($0)".utf8) })

        // The one that ensures the streams without a wish for copies leaves them as they are.
        let other = try await NATSBus.open(
            BusSettings(url: bus.status.server?.url ?? "", name: "other", waitsForServer: false))
        try await ensureStreams(on: other)
        #expect(try await other.stream(stream).messages == 40)
        let info = try await other.api.call("STREAM.INFO.\(stream)")
        #expect(info["config"]?["num_replicas"]?.int == 3)
        await other.close()
    }

    /// Makes sure of the streams; the servers need a moment to find each other, and a leader for each stream.
    private func ensureStreams(on bus: NATSBus) async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(120))
        while true {
            do {
                _ = try await SystemStreams.ensure(on: bus, environment: .dev)
                return
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    private func emit(_ number: Int, _ subject: Subject, _ bus: NATSBus) async throws {
        try await bus.publishDurably(
            subject, payload: Array("\(number)".utf8), id: .named("cluster/\(number)"), timeout: .seconds(120))
    }
}
