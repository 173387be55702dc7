import NimmerBus
import NimmerBusNATS
import NimmerServers
import NimmerTesting
import NimmerWave
import Testing

@Suite("The bus over NATS when things go wrong")
struct NATSFailureTests {
    private func settings(_ url: String, waits: Bool = false) -> BusSettings {
        BusSettings(url: url, name: "failure-test", waitsForServer: waits)
    }

    private func code(_ settings: BusSettings) async -> BusError? {
        do {
            let bus = try await NATSBus.open(settings)
            await bus.close()
            return nil
        } catch {
            return error
        }
    }

    @Test func aServerThatIsNotThereIsNamedWithTheMend() async throws {
        let error = try #require(await code(settings("nats://127.0.0.1:1")))
        #expect(error.code == .notConnected)
        #expect(error.canRetry)
        #expect(error.message.contains("nats://127.0.0.1:1"))
        #expect(error.message.contains("nimmer up"))
    }

    @Test(arguments: [
        "http://127.0.0.1:4222", "nats://", "nats://host:port", "", "nats://a b:1", "nats://[", "nats://[]:1",
    ])
    func anAddressThatIsNoneIsRefused(_ url: String) async throws {
        #expect(await code(settings(url))?.code == .invalid)
    }

    @Test func aSecretInTheAddressIsNotShown() async throws {
        let error = try #require(await code(settings("nats://me:hidden@127.0.0.1:1")))
        #expect(!error.description.contains("hidden"))
    }

    @Test(arguments: await Servers.installed())
    func credentialsAreNeededAndTaken(_ binary: NATSBinary) async throws {
        let extra = "authorization { user: cell, password: secret }"
        let server = try await TestServer.start(binary, extra: extra)
        let none = await code(settings(server.url))
        #expect(none?.code == .badCredentials)
        #expect(none?.message.contains(server.url) == true)
        var wrong = settings(server.url)
        wrong.credentials = .password(user: "cell", password: "wr0ng")
        let refused = await code(wrong)
        #expect(refused?.code == .badCredentials)
        #expect(refused.map { "\($0)".contains("wr0ng") } == false)
        var right = settings(server.url)
        right.credentials = .password(user: "cell", password: "secret")
        #expect(await code(right) == nil)
        await server.stop()
    }

    @Test(arguments: await Servers.installed())
    func refusedCredentialsAreReportedWhileTheBusKeepsTrying(_ binary: NATSBinary) async throws {
        let server = try await TestServer.start(binary, extra: "authorization { token: s3cret }")
        var wrong = settings(server.url, waits: true)
        wrong.credentials = .token("nope")
        let bus = try await NATSBus.open(wrong)
        #expect(bus.status.phase == .connecting)
        #expect(bus.status.trouble?.code == .badCredentials)
        await bus.close()
        var right = settings(server.url)
        right.credentials = .token("s3cret")
        #expect(await code(right) == nil)
        await server.stop()
    }

    @Test(arguments: await Servers.installed())
    func aServerWithoutStreamsIsNamed(_ binary: NATSBinary) async throws {
        let server = try await TestServer.start(
            binary, extra: "accounts { A: { users: [{user: a, password: a}] } }\nno_auth_user: a")
        let bus = try await NATSBus.open(settings(server.url))
        do {
            try await bus.ensureStream(StreamConfiguration(name: "X", subjects: [SubjectPattern("x")]))
            Issue.record("made a stream without JetStream")
        } catch {
            #expect((error as? BusError)?.code == .noStreams)
        }
        await bus.close()
        await server.stop()
    }

    @Test(arguments: await Servers.installed())
    func whatTheServerCanDoIsNamed(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { server, bus in
            let identity = try #require(bus.status.server)
            #expect(identity.version == binary.version)
            #expect(identity.url == server.url)
            #expect(identity.maximumPayload == 1_048_576)
            #expect(identity.features.isSuperset(of: [.headers, .streams, .directGet]))
            #expect(identity.features.contains(.syncBeforeAck) == binary.isAtLeast(2, 10))
        }
    }

    @Test(arguments: await Servers.installed())
    func everythingComesBackAfterTheServerWasKilled(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { server, bus in
            let events = bus.events()
            try await bus.ensureStream(StreamConfiguration(name: "KEPT", subjects: [SubjectPattern("kept.*")]))
            let consumer = try await bus.consumer(
                ConsumerConfiguration(stream: "KEPT", durable: Token("reader"), ackWait: .seconds(2)))
            let messages = try await bus.messages(SubjectPattern("plain"))
            let subject = try Subject(foreign: "kept.1")
            try await bus.publishDurably(subject, payload: [1], id: .v7())
            let first = try await consumer.fetch(maximum: 10, wait: .seconds(60), linger: .zero)
            #expect(first.map(\.message.payload) == [[1]])
            try first[0].ack()
            try await bus.flush(timeout: .seconds(60))
            // A killed server may have forgotten the acknowledgement: at least once.
            let reading = Task {
                while true {
                    let batch = try await consumer.fetch(maximum: 10, wait: .seconds(60), linger: .zero)
                    for delivery in batch { try delivery.ack() }
                    if batch.isEmpty || batch.contains(where: { $0.message.payload == [2] }) { return !batch.isEmpty }
                }
            }

            await server.server.kill()
            var isDown = false
            for await event in events {
                if case .disconnected(let why) = event {
                    #expect(why?.code == .notConnected)
                    isDown = true
                    break
                }
            }
            #expect(isDown)
            // Buffered while nobody is there, and sent when the server is back.
            try bus.publish(Subject(foreign: "plain"), payload: [9])
            let waiting = Task { try await bus.publishDurably(subject, payload: [2], id: .v7(), timeout: .seconds(60)) }
            try await server.server.restart()
            #expect(try await waiting.value.sequence == 2)
            #expect(try await reading.value)
            var iterator = messages.makeAsyncIterator()
            #expect(await iterator.next()?.payload == [9])
            #expect(bus.status.phase == .connected)
            #expect(bus.status.counters.reconnects == 1)
        }
    }

    @Test(arguments: await Servers.installed())
    func aBusWaitsForItsServer(_ binary: NATSBinary) async throws {
        let server = try await TestServer.start(binary)
        await server.server.stop()
        let bus = try await NATSBus.open(settings(server.url, waits: true))
        #expect(bus.status.trouble?.code == .notConnected)
        let messages = try await bus.messages(SubjectPattern("early"))
        try bus.publish(Subject(foreign: "early"), payload: [1])
        try await server.server.restart()
        var iterator = messages.makeAsyncIterator()
        #expect(await iterator.next()?.payload == [1])
        await bus.drain()
        await server.stop()
    }

    @Test(arguments: await Servers.installed())
    func aDeletedConsumerIsMadeAgain(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { _, bus in
            try await bus.ensureStream(StreamConfiguration(name: "GONE", subjects: [SubjectPattern("gone")]))
            let consumer = try await bus.consumer(ConsumerConfiguration(stream: "GONE", durable: Token("reader")))
            let reading = Task { try await consumer.fetch(maximum: 1, wait: .seconds(60), linger: .zero) }
            let answer = try await bus.request(
                Subject(foreign: "$JS.API.CONSUMER.DELETE.GONE.reader"), payload: [], timeout: .seconds(60))
            #expect(try JSON(parsing: answer.payload)["success"]?.bool == true)
            try await bus.publishDurably(Subject(foreign: "gone"), payload: [5], id: .v7())
            #expect(try await reading.value.map(\.message.payload) == [[5]])
        }
    }

    @Test(arguments: await Servers.installed())
    func drainingIsBoundedWhenTheServerIsGone(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { server, bus in
            _ = try await bus.messages(SubjectPattern("x"))
            await server.server.kill()
            await bus.drain(timeout: .milliseconds(500))
            #expect(bus.status.phase == .closed)
        }
    }
}
