import NimmerBus
import NimmerWave
import Testing

@testable import NimmerInspection

@Suite("What the doctor finds of streams")
struct StreamFindingsTests {
    @Test func aStreamWithoutABoundIsNamedWithItsMend() async throws {
        let bus = InMemoryBus()
        // Nothing there, nothing found.
        #expect(await StreamFindings.unbounded(on: bus, .dev).isEmpty)
        // As an earlier version made it.
        _ = try await bus.ensureStream(
            StreamConfiguration(name: "DEV-DECISIONS", subjects: [SubjectPattern(.act(.dev))]))
        _ = try await bus.keyValue(KeyValueConfiguration(bucket: "DEV-ACTS"))
        _ = try await bus.keyValue(SystemStreams.acts(.prod))
        let found = await StreamFindings.unbounded(on: bus, .dev)
        #expect(found.map(\.state) == [.lacking, .lacking])
        #expect(found.map(\.text).allSatisfy { $0.contains("has no max_bytes") })
        #expect(
            found.map(\.remedy) == [
                "nats stream edit DEV-DECISIONS --max-bytes 268435456",
                "nats stream edit KV_DEV-ACTS --max-bytes 33554432",
            ])
        #expect(await StreamFindings.unbounded(on: bus, .prod).isEmpty)
        await bus.close()
    }
}
