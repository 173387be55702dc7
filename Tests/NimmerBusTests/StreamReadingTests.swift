import NimmerBus
import NimmerBusNATS
import NimmerServers
import NimmerWave
import Testing

@Suite("Reading a stream returns all of it, or fails", .timeLimit(.minutes(5)))
struct StreamReadingTests {
    private static let count = 3000

    /// A stream of many messages of three subjects, and a bus on a link that can fail.
    private func with(
        _ binary: NATSBinary, _ body: (FaultyLink, NATSBus, [UInt64]) async throws -> Void
    ) async throws {
        try await TestServer.with(binary) { server, direct in
            try await direct.ensureStream(StreamConfiguration(name: "PART", subjects: [SubjectPattern("part.*")]))
            let payload = [UInt8](repeating: 7, count: 200)
            for number in 0..<Self.count {
                try direct.publish(Subject(foreign: "part.\(number % 3)"), payload: payload)
            }
            try await direct.flush(timeout: .seconds(60))
            while try await direct.stream("PART").messages < UInt64(Self.count) {}
            let link = try FaultyLink(to: server.server.port)
            defer { link.close() }
            let bus = try await NATSBus.open(BusSettings(url: link.url, name: "reader", waitsForServer: false))
            do {
                try await body(link, bus, Array(1...UInt64(Self.count)))
            } catch {
                await bus.close()
                throw error
            }
            await bus.close()
        }
    }

    @Test("when the network stands still longer than a fetch waits", arguments: await Servers.installed())
    func stall(_ binary: NATSBinary) async throws {
        try await with(binary) { link, bus, all in
            link.stall(at: "CONSUMER.MSG.NEXT.PART")
            async let found = bus.read(stream: "PART")
            while !link.isStalled { try await Task.sleep(for: .milliseconds(5)) }
            // Longer than any fetch of a reading may stay empty without a consequence.
            try await Task.sleep(for: .seconds(6))
            link.flow()
            #expect(try await found.map(\.sequence) == all)
        }
    }

    @Test("when the connection breaks and takes deliveries with it", arguments: await Servers.installed())
    func lost(_ binary: NATSBinary) async throws {
        try await with(binary) { link, bus, all in
            for bytes in [300, 20_000, 200_000] {
                link.lose(after: 8_000 + bytes)
                let found = try await bus.read(stream: "PART")
                #expect(found.map(\.sequence) == all, "after \(bytes) bytes")
            }
            for bytes in [0, 100, 400, 900] {
                link.lose(after: 2_000 + bytes)
                let newest = try await bus.lastPerSubject(stream: "PART")
                #expect(newest.map(\.sequence) == Array(all.suffix(3)), "after \(bytes) bytes")
            }
            #expect(bus.status.counters.reconnects > 0)
        }
    }

    @Test("when nothing comes any more: what was found, and of how many")
    func timeout() async throws {
        let binary = try #require(await Servers.installed().first)
        try await with(binary) { link, bus, all in
            link.stall(at: "CONSUMER.MSG.NEXT.PART")
            do {
                let found = try await bus.read(stream: "PART", timeout: .milliseconds(300))
                Issue.record("found \(found.count) as if that were all")
            } catch {
                let error = try #require(error as? BusError)
                #expect(error.code == .timeout)
                #expect(error.message.contains("the stream PART: found 0 of \(all.count) messages"))
            }
        }
    }

    @Test("in batches, until enough was seen, in memory and over NATS")
    func batches() async throws {
        let binary = try #require(await Servers.installed().first)
        let memory = InMemoryBus()
        try await memory.ensureStream(StreamConfiguration(name: "PART", subjects: [SubjectPattern("part.*")]))
        for number in 0..<Self.count { try memory.publish(Subject(foreign: "part.\(number % 3)"), payload: []) }
        try await with(binary) { _, nats, all in
            for bus in [memory, nats] as [any Bus] {
                var seen: [UInt64] = []
                try await bus.read(stream: "PART") { batch in
                    seen += batch.map(\.sequence)
                    return seen.count < 1500
                }
                #expect((1500..<all.count).contains(seen.count))
                #expect(seen == Array(all.prefix(seen.count)))
                let tail = try await bus.read(stream: "PART", start: .sequence(2990))
                #expect(tail.map(\.sequence) == Array(all.suffix(11)))
                let few = try await bus.read(stream: "PART", filter: SubjectPattern("part.1"), limit: 4)
                #expect(few.map(\.sequence) == [2, 5, 8, 11])
                let none = try await bus.read(stream: "PART", filter: SubjectPattern("part.9"))
                #expect(none.isEmpty)
            }
        }
    }

    @Test(
        "readers without acknowledgements miss nothing when their server comes back",
        arguments: await Servers.installed())
    func watch(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { server, direct in
            let store = try await direct.keyValue(KeyValueConfiguration(bucket: "watched"))
            let link = try FaultyLink(to: server.server.port)
            defer { link.close() }
            let bus = try await NATSBus.open(BusSettings(url: link.url, name: "watcher", waitsForServer: false))
            try await store.put("a", [0])
            let watched = try await bus.keyValue(KeyValueConfiguration(bucket: "watched")).watch(">")
            var changes = watched.makeAsyncIterator()
            #expect(await changes.next()?.value == [0])
            // The next change is on its way when the connection breaks.
            link.lose(after: 10)
            try await store.put("a", [1])
            #expect(await changes.next()?.value == [1])
            await bus.close()
        }
    }
}
