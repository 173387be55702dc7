import NimmerBus
import NimmerBusNATS
import NimmerServers
import NimmerWave
import Testing

@Suite("Keys when answers are lost", .timeLimit(.minutes(5)))
struct KeyValueFailureTests {
    private func with(
        _ binary: NATSBinary, _ body: (FaultyLink, NATSBus, any KeyValue, NATSBus) async throws -> Void
    ) async throws {
        try await TestServer.with(binary) { server, direct in
            let link = try FaultyLink(to: server.server.port)
            defer { link.close() }
            let bus = try await NATSBus.open(BusSettings(url: link.url, name: "writer", waitsForServer: false))
            do {
                try await body(link, bus, try await bus.keyValue(KeyValueConfiguration(bucket: "facts")), direct)
            } catch {
                await bus.close()
                throw error
            }
            await bus.close()
        }
    }

    /// Gives up an update that is still on its way, and lets it arrive.
    private func giveUp(updating key: String, of store: any KeyValue, over revision: UInt64, _ link: FaultyLink)
        async throws
    {
        link.stall(at: "$KV.facts.\(key)")
        let task = Task { try await store.update(key, [2], revision: revision) }
        while !link.isStalled { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        await #expect(throws: BusError.self) { try await task.value }
        link.flow()
    }

    @Test(
        "an update whose answer the connection took is a success, and stored once", arguments: await Servers.installed()
    )
    func lostAnswer(_ binary: NATSBinary) async throws {
        try await with(binary) { link, bus, store, direct in
            let first = try await store.put("a", [1])
            link.lose(after: 0)
            let second = try await store.update("a", [2], revision: first)
            #expect(second == first + 1)
            link.lose(after: 0)
            let other = try await store.create("b", [3])
            #expect(other == second + 1)
            link.lose(after: 0)
            try await store.put("b", [4])
            #expect(try await direct.stream("KV_facts").lastSequence == other + 1)
            #expect(bus.status.counters.reconnects == 3)
        }
    }

    @Test(
        "an update that was given up and is stored later is no conflict for the same update made again",
        arguments: await Servers.installed())
    func givenUp(_ binary: NATSBinary) async throws {
        try await with(binary) { link, _, store, direct in
            let first = try await store.put("a", [1])
            try await giveUp(updating: "a", of: store, over: first, link)
            #expect(try await store.update("a", [2], revision: first) == first + 1)
            #expect(try await direct.stream("KV_facts").lastSequence == first + 1)
        }
    }

    @Test(
        "an update that was given up, stored later and written over by another is a conflict when it is made again",
        arguments: await Servers.installed())
    func writtenOver(_ binary: NATSBinary) async throws {
        try await with(binary) { link, _, store, direct in
            let first = try await store.put("a", [1])
            try await giveUp(updating: "a", of: store, over: first, link)
            while try await direct.stream("KV_facts").lastSequence == first {
                try await Task.sleep(for: .milliseconds(5))
            }
            try await direct.keyValue(KeyValueConfiguration(bucket: "facts")).update("a", [9], revision: first + 1)
            let error = await #expect(throws: BusError.self) { try await store.update("a", [2], revision: first) }
            #expect(error?.code == .conflict)
        }
    }

    @Test("another's update is a conflict, even to the same value", arguments: await Servers.installed())
    func others(_ binary: NATSBinary) async throws {
        try await with(binary) { _, _, store, direct in
            let others = try await direct.keyValue(KeyValueConfiguration(bucket: "facts"))
            let first = try await store.put("a", [1])
            try await others.update("a", [2], revision: first)
            for _ in 0..<2 {
                do {
                    try await store.update("a", [2], revision: first)
                    Issue.record("took another's update for its own")
                } catch { #expect((error as? BusError)?.code == .conflict) }
            }
        }
    }

    @Test(
        "updates survive that others are told that nobody serves what they sent", arguments: await Servers.installed())
    func spurious(_ binary: NATSBinary) async throws {
        try await with(binary) { _, bus, store, direct in
            let nowhere = try Subject(foreign: "nowhere")
            let noise = Task {
                while !Task.isCancelled {
                    bus.publishDurably(nowhere, payload: [], id: .v7(), headers: [:], timeout: .seconds(5)) { _ in }
                    try await Task.sleep(for: .milliseconds(4))
                }
            }
            var revision = try await store.put("a", [0])
            for number in 1...10 {
                let next = try await store.update("a", [UInt8(number)], revision: revision)
                #expect(next == revision + 1)
                revision = next
            }
            noise.cancel()
            #expect(try await direct.stream("KV_facts").lastSequence == revision)
        }
    }
}
