import NimmerBus
import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// A person earns the first reflex with `nimmer verify`, on a whole system, and it outlives the thalamus (trust.md).
@Suite("Trust is earned", .enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(5)))
struct EarnedTrustSystemTests {
    private static let system = """
        nimmerverse: 1
        name: desk
        gates:
          defaults: {trust: earned, window_ms: 2000, half_life_ms: 500, open_threshold: 0.9, weight: 0.5, reflex_weight: 0.7}
        thalamus:
          regions: {hall: [hall, "hall.>"]}
        """

    private struct Overdue: Error {}

    @Test("a rule confirms an opening by what a cell senses afterwards")
    func rule() async throws {
        let desk = try TestSystem(
            Self.system + """

                cells:
                  - {name: bell, kind: sensor/v1, settings: {subject: home.bell, region: yard}}
                verify:
                  hall: {within: 5m, confirmed: {cell: bell, above: 0.8}}
                """)
        defer { desk.remove() }
        let up = try await desk.up()
        try await desk.emit(["door", "window"], about: "hall")
        func awaited() async throws -> Int {
            try await desk.nimmer("verify", "--pending", "--json").filter { $0.contains("\"id\"") }.count
        }
        var opened = 0
        let end = ContinuousClock.now + .seconds(120)
        while opened == 0, ContinuousClock.now < end { opened = try await awaited() }
        try #require(opened == 1)
        try await desk.nimmer("wave", "emit", "--cell", "bell", "--region", "yard", "--confidence", "0.9")
        while opened == 1, ContinuousClock.now < end { opened = try await awaited() }
        let trust = try await desk.json("trust", "list", "--json")
        #expect(
            trust["regions"]?["hall"]?.array?.compactMap { $0["ok"]?.double } == [1, 1],
            "door and window were right, by the word of the bell: \(trust)")
        await up.child.terminate(grace: .seconds(60))
    }

    @Test("two agree, a person confirms, and from then on one is enough; a failure takes it back")
    func firstReflex() async throws {
        let desk = try TestSystem(Self.system)
        defer { desk.remove() }
        let up = try await desk.up()
        func emit(_ cell: String, _ confidence: Double = 0.97) async throws {
            try await desk.nimmer("wave", "emit", "--cell", cell, "--region", "hall", "--confidence", "\(confidence)")
        }
        func awaited() async throws -> [String] {
            try await desk.nimmer("verify", "--pending", "--json").compactMap { line in
                try? JSON(parsing: line)["id"]?.string
            }
        }
        func opened(_ count: Int) async throws {
            var found = -1
            let end = ContinuousClock.now + .seconds(120)
            while found != count, ContinuousClock.now < end { found = try await awaited().count }
            try #require(found == count, "openings that await an outcome")
        }
        /// Waits until the gate is STABLE and no witness is left in its window.
        func rest() async throws {
            let end = ContinuousClock.now + .seconds(120)
            while ContinuousClock.now < end {
                let report = try await desk.json("gate", "why", "hall", "--json")
                let fresh = (report["witnesses"]?.array ?? []).contains { $0["in_window"]?.bool == true }
                if !fresh, report["state"]?.string == "stable" { return }
            }
            throw Overdue()
        }

        // One alone does not open; two do.
        try await desk.emit(["door", "window"], about: "hall")
        try await opened(1)
        let first = try #require(try await awaited().first)
        let told = try await desk.nimmer("verify", String(first.prefix(8)), "confirmed", "--why", "it rang")
        #expect(told.contains { $0.contains("door  1.0 of 1.0 confirmed") }, "\(told)")
        let again = try await desk.nimmer("verify", first, "failed", expect: 1)
        #expect(again.contains { $0.contains("is known: confirmed") }, "\(again)")
        try await desk.nimmer("verify", "ffffffff", "failed", expect: 1)
        try await desk.nimmer("verify", first, "maybe", expect: 64)

        // Now one is enough, and the gate explains why.
        try await rest()
        try await emit("door")
        try await opened(1)
        let why = try await desk.nimmer("gate", "why", "hall")
        #expect(why.contains { $0.contains("door alone at 0.97: trusted 0.75, 1 of 1 confirmed") }, "\(why)")

        // What was earned outlives the process that earned it, to the last digit.
        let before = try await desk.nimmer("trust", "export")
        try await desk.nimmer("restart", "thalamus")
        let after = try await desk.nimmer("trust", "export")
        #expect(before == after && before.contains { $0.contains("\"door\"") }, "\(before)")
        let second = try #require(try await awaited().first)
        try await desk.nimmer("verify", second, "failed")
        let trust = try await desk.json("trust", "list", "--json")
        let records = trust["regions"]?["hall"]?.array ?? []
        #expect(records.first { $0["origin"]?.string == "door" }?["failed"]?.double == 1, "\(trust)")
        #expect(records.first { $0["origin"]?.string == "window" }?["failed"]?.double == 0, "\(trust)")
        try await rest()
        // A busy machine may take longer than the gate's window until the question: then the door speaks again.
        let isTrustedHalf = "trusted 0.5, 1 of 2 confirmed"
        var kept: [String] = []
        let explained = ContinuousClock.now + .seconds(120)
        while !kept.contains(where: { $0.contains(isTrustedHalf) }), ContinuousClock.now < explained {
            try await emit("door")
            kept = try await desk.nimmer("gate", "why", "hall")
        }
        #expect(kept.contains { $0.contains(isTrustedHalf) }, "\(kept)")
        #expect(try await awaited().isEmpty, "one failure has taken the reflex back")

        // A slip is taken back: trust is as it was, and the opening awaits its outcome again.
        let undone = try await desk.nimmer("verify", second, "--undo")
        #expect(undone.contains { $0.contains("taken back: failed") }, "\(undone)")
        #expect(try await desk.nimmer("trust", "export") == before)
        let nothing = try await desk.nimmer("verify", second, "--undo", expect: 1)
        #expect(nothing.contains { $0.contains("no outcome counts for") }, "\(nothing)")
        #expect(try await awaited() == [second])
        try await desk.nimmer("restart", "thalamus")
        #expect(try await desk.nimmer("trust", "export") == before)
        try await desk.nimmer("verify", second, "confirmed")

        // Forgetting is for people, and asked about.
        try await desk.nimmer("trust", "reset", expect: 64)
        try await desk.nimmer("trust", "reset", "hall", "nose", "--yes", expect: 1)
        try await desk.nimmer("trust", "reset", "hall", "door", "--yes")
        let left = try await desk.json("trust", "list", "--json")
        #expect(left["regions"]?["hall"]?.array?.compactMap { $0["origin"]?.string } == ["window"], "\(left)")
        await up.child.terminate(grace: .seconds(60))
    }
}
