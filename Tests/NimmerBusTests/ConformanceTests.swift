import NimmerBus
import NimmerBusNATS
import NimmerServers
import NimmerTesting
import Testing

@Suite("Every bus keeps the contract")
struct ConformanceTests {
    @Test("in memory", arguments: BusConformance.checks)
    func inMemory(_ check: BusConformance.Check) async throws {
        try await check.run(InMemoryBus())
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
