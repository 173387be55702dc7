import Glibc
import NimmerBus
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// Memory by meaning on a whole system, with a real nats-server and PostgreSQL (spec/iris.md, Memory by meaning).
@Suite("Memory by meaning", .enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(10)))
struct MeaningfulMemoryTests {
    private static let system = """
        nimmerverse: 1
        name: desk
        gates:
          defaults: {trust: earned, window_ms: 2000, half_life_ms: 500, open_threshold: 0.9, weight: 0.5, reflex_weight: 0.7}
        thalamus:
          regions: {plant.pump: [plant.pump], house.door: [house.door], school.sums: [school.sums]}
        iris: {}
        """

    private struct Overdue: Error, CustomStringConvertible { let description: String }

    private func until(_ what: String, _ holds: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(120)
        while try await !holds() {
            if ContinuousClock.now > end { throw Overdue(description: what) }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Two witnesses of an opening that notice the same.
    private func open(_ region: String, _ note: String, on bus: any Bus) async throws {
        for cell in ["ear", "eye"] {
            let wave = WaveSignal(
                domain: try Token(cell), confidence: 0.97, semanticContent: ["note": .string(note)],
                region: try Region(region))
            let id = MessageID.v7()
            let message = Envelope(id: id, at: .now(), from: Source(entityID: cell, entityType: .cell), wave)
            try bus.publish(
                .wave(.dev, cell: try Token(cell)), payload: message.encoded(),
                headers: [Headers.messageID: id.text])
        }
        try await bus.flush(timeout: .seconds(60))
    }

    private func pending(_ desk: TestSystem) async throws -> [JSON] {
        try await desk.nimmer("verify", "--pending", "--json").compactMap { try? JSON(parsing: $0) }
    }

    private func search(_ desk: TestSystem, _ words: String...) async throws -> [JSON] {
        let command = desk.command(["memory", "search"] + words + ["--json"])
        let answer = try await ChildProcess.run(command, limit: .seconds(60))
        let text = answer.lines.filter { $0.stream == .output }.map(\.text).joined(separator: "\n")
        return (try? JSON(parsing: text)["matches"]?.array) ?? []
    }

    /// Ends the hippocampus at once; `nimmer up` starts it again.
    private func killHippocampus(_ desk: TestSystem) throws {
        let state = try JSON(parsing: SmallFile.read("\(desk.folder)/.nimmer/dev/up.json") ?? "")
        let entry = state["processes"]?.array?.first { $0["name"]?.string == "hippocampus" }
        let identity = try #require(entry?["process"]?.string.flatMap { ProcessIdentity($0) })
        kill(identity.pid, SIGKILL)
    }

    @Test("the right opening is found first, with its outcome; a hippocampus killed in between loses nothing")
    func whole() async throws {
        let desk = try TestSystem(Self.system)
        defer { desk.remove() }
        let up = try await desk.up()
        let bus = try await desk.bus("cells")
        try await open("plant.pump", "a grinding noise of the pump before it stopped", on: bus)
        try await open("house.door", "the front door was left open at night", on: bus)
        try await until("two openings") { try await pending(desk).count == 2 }
        let pump = try await pending(desk).first { $0["region"]?.string == "plant.pump" }
        try await desk.nimmer("verify", try #require(pump?["id"]?.string), "failed")
        try await until("the pump is found first, and failed") {
            let found = try await search(desk, "pump noise before a stop", "--kind", "collapse")
            return found.first?["region"]?.string == "plant.pump" && found.first?["outcome"]?.string == "failed"
                && found.count == 2
        }
        let door = try await search(desk, "the entrance door was not shut", "--kind", "collapse")
        #expect(door.first?["region"]?.string == "house.door", "\(door)")
        let limited = try await search(desk, "pump", "--region", "house.>", "--limit", "5")
        #expect(limited.allSatisfy { $0["region"]?.string == "house.door" })
        let id = try #require(door.first?["id"]?.string)
        #expect(try await desk.nimmer("memory", "why", id).contains { $0.contains("front door was left open") })

        // What is committed while it is killed again and again is found in the end.
        try killHippocampus(desk)
        try await open("school.sums", "the addition of two numbers was wrong", on: bus)
        try await until("a third opening") { try await pending(desk).count == 2 }
        try await until("it is committed") {
            try await desk.nimmer("status", "--json").joined().contains("hippocampus")
        }
        try? killHippocampus(desk)
        try await until("the sums are found first") {
            let found = try await search(desk, "a mistake in arithmetic", "--kind", "collapse")
            return found.first?["region"]?.string == "school.sums" && found.count == 3
        }
        let lines = try await desk.nimmer("memory", "search", "pump noise before a stop", "--kind", "collapse")
        #expect(lines.contains { $0.contains("plant.pump") && $0.contains("failed") }, "\(lines)")
        #expect(try await desk.json("status", "--json").text.contains("\"meaning\""))
        await bus.close()
        await up.child.terminate(grace: .seconds(60))
    }

    @Test("without iris the search names what to add")
    func off() async throws {
        let desk = try TestSystem(Self.system.replacing("iris: {}", with: ""))
        defer { desk.remove() }
        let up = try await desk.up()
        var answered: [String] = []
        try await until("the hippocampus answers") {
            let answer = try await ChildProcess.run(
                desk.command(["memory", "search", "pump noise"]), limit: .seconds(60))
            answered = answer.lines.map(\.text)
            return answered.contains { $0.contains("iris: {}") }
        }
        #expect(answered.contains { $0.contains("iris: {}") }, "\(answered)")
        await up.child.terminate(grace: .seconds(60))
    }
}
