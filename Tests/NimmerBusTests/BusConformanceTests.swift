import NimmerBus
import NimmerBusNATS
import NimmerServers
import NimmerTesting
import NimmerWave
import Synchronization
import Testing

@Suite("Every bus keeps the contract")
struct BusConformanceTests {
    @Test("in memory", arguments: BusConformance.checks)
    func inMemory(_ check: BusConformance.Check) async throws {
        try await check.run(InMemoryBus())
    }

    @Test("in memory, what was given to a subscription before it leaves is handled, whichever call delivers it")
    func leavesInOrder() async throws {
        let bus = InMemoryBus()
        let (go, data) = (try Subject(foreign: "test.go"), try Subject(foreign: "test.data"))
        let seen = Atomic<Int>(0)
        let isGiven = Atomic<Bool>(false)
        let leaver = try await bus.subscribe(SubjectPattern(data)) { _, _, _ in
            seen.add(1, ordering: .relaxed)
        }
        let left = Task.detached {
            // Leaves while its messages wait behind the handler below.
            while !isGiven.load(ordering: .acquiring) { try? await Task.sleep(for: .milliseconds(1)) }
            await leaver.drain(timeout: .seconds(60))
        }
        let holder = try await bus.subscribe(SubjectPattern(go)) { _, _, _ in
            for _ in 0..<3 { try? bus.publish(data, payload: []) }
            isGiven.store(true, ordering: .releasing)
            let end = ContinuousClock.now + .milliseconds(50)
            while ContinuousClock.now < end {}
        }
        try bus.publish(data, payload: [])
        try bus.publish(go, payload: [])
        await left.value
        #expect(seen.load(ordering: .relaxed) == 4)
        holder.cancel()
    }

    @Test("of many who make the same streams at once none is refused", arguments: await Servers.installed())
    func streamsAtOnce(_ binary: NATSBinary) async throws {
        let server = try await TestServer.start(binary)
        var buses: [NATSBus] = []
        for _ in 0..<16 {
            buses.append(try await NATSBus.open(BusSettings(url: server.url, name: "maker", waitsForServer: false)))
        }
        for round in 0..<60 {
            let made = await withTaskGroup(of: String.self) { group in
                for bus in buses {
                    group.addTask {
                        do {
                            for name in ["A", "B"] {
                                try await bus.ensureStream(
                                    StreamConfiguration(
                                        name: "\(name)-\(round)",
                                        subjects: [SubjectPattern("\(name.lowercased()).\(round).>")]))
                            }
                            return ""
                        } catch { return "\(error)" }
                    }
                }
                return await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(made == [""])
        }
        for bus in buses { await bus.close() }
        await server.stop()
    }

    @Test("over NATS", arguments: await Servers.installed())
    func overNATS(_ binary: NATSBinary) async throws {
        let server = try await TestServer.start(binary)
        for check in BusConformance.checks {
            do {
                let bus = try await NATSBus.open(BusSettings(url: server.url, name: "check", waitsForServer: false))
                try await check.run(bus)
                await bus.close()
            } catch {
                Issue.record("\(binary), \(check): \(error)")
            }
        }
        await server.stop()
    }
}
