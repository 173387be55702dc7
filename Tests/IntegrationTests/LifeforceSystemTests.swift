import NimmerBus
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// What is spent and earned on a whole system, with real servers (docs/reference/lifeforce.md).
@Suite("Lifeforce", .enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(10)))
struct LifeforceSystemTests {
    private static let system = """
        nimmerverse: 1
        name: desk
        gates:
          defaults: {trust: earned, window_ms: 2000, half_life_ms: 500, open_threshold: 0.9, weight: 0.5, reflex_weight: 0.7}
        thalamus:
          regions: {hall: [hall, "hall.>"]}
        lifeforce: {confirmed: 40, failed: -3}
        cells:
          - name: load
            kind: vitals/v1
            settings: {interval_ms: 200}
            origins: ["*-cpu", "*-memory", "*-disk", "*-disk_latency", "*-load", "*-network_errors", "*-temperature"]
            lifeforce: {budget: 2, every: 5, regions: [hall]}
        """

    private struct Overdue: Error, CustomStringConvertible { let description: String }

    @Test("costs and earnings are shown; a hungry cell slows, and a confirmed opening feeds it")
    func whole() async throws {
        let desk = try TestSystem(Self.system)
        defer { desk.remove() }
        let up = try await desk.up()
        func until(_ what: String, seconds: Int = 180, _ holds: () async throws -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(seconds)
            while try await !holds() {
                if ContinuousClock.now > end { throw Overdue(description: what) }
            }
        }
        func cell() async throws -> JSON { try await desk.json("cell", "info", "load", "--json") }

        try await until("it is hungry") { try await cell().text.contains("HUNGRY") }
        #expect(try await desk.nimmer("cell", "list").contains { $0.contains("load") && $0.contains("HUNGRY") })

        // Two that agree open; the cell's name among the asserting witnesses is what feeds it.
        try await desk.emit(["load", "door"], about: "hall", cost: 2.5)
        var opening: String?
        try await until("an opening") {
            opening = try await desk.nimmer("verify", "--pending", "--json").compactMap { line in
                try? JSON(parsing: line)["id"]?.string
            }.first
            return opening != nil
        }
        try await desk.nimmer("verify", try #require(opening), "confirmed")
        try await until("it is fed") { try await !cell().text.contains("HUNGRY") }

        // The thalamus publishes what waves cost at the begin of each minute.
        func day() async throws -> JSON? {
            try await desk.json("lifeforce", "--json", "--region", "hall")["days"]?.array?.last
        }
        try await until("what was earned") { try await day()?["earned"]?.double == 40 }
        try await until("what was spent") { try await day()?["cells"]?.double ?? 0 >= 5 }
        let table = try await desk.nimmer("lifeforce", "--days", "1")
        #expect(table.contains { $0.contains("hall") && $0.contains("40") }, "\(table)")
        #expect(table.contains { $0.contains("earned +") } && table.contains { $0.contains("spent  #") }, "\(table)")
        await up.child.terminate(grace: .seconds(60))
    }
}
