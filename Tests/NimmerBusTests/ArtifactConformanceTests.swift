import NimmerBus
import NimmerBusNATS
import NimmerServers
import NimmerTesting
import NimmerWave
import Testing

@Suite("Every store of artifacts keeps the contract")
struct ArtifactConformanceTests {
    @Test("in memory", arguments: ArtifactConformance.checks)
    func inMemory(_ check: ArtifactConformance.Check) async throws {
        try await check.run { bounds, now in InMemoryArtifactStore(bounds: bounds, now: now) }
    }

    @Test("as objects of the bus in memory", arguments: ArtifactConformance.checks)
    func overTheBus(_ check: ArtifactConformance.Check) async throws {
        try await check.run { bounds, now in
            try await StreamArtifactStore.open(.dev, bounds: bounds, on: InMemoryBus(now: now), now: now)
        }
    }

    @Test("as objects of NATS", .timeLimit(.minutes(5)), arguments: await Servers.installed())
    func overNATS(_ binary: NATSBinary) async throws {
        try await TestServer.with(binary) { _, bus in
            for check in ArtifactConformance.checks {
                do {
                    try await check.run { bounds, now in
                        try await StreamArtifactStore.open(.dev, bounds: bounds, on: bus, now: now)
                    }
                } catch {
                    Issue.record("\(binary), \(check): \(error)")
                }
                try await bus.deleteStream("OBJ_DEV-ARTIFACTS")
            }
        }
    }
}
