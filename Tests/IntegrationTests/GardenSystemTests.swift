import Glibc
import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization
import Testing

@testable import NimmerServers

/// Two variants beside a real system on one server: what they would have woken for, held against outcomes that a person gives; a crash
/// of the garden; a promotion and its way back.
@Suite("The gardens", .enabled(Prerequisites.note, Prerequisites.areMet), .timeLimit(.minutes(5)))
struct GardenSystemTests {
    private static let system = """
        nimmerverse: 1
        name: desk
        gates:
          defaults:
            # Two must agree.
            open_threshold: 0.9
            trust: earned
            window_ms: 2000
            half_life_ms: 500
            weight: 0.5
            reflex_weight: 0.7
        thalamus:
          keep_waves: true
          regions: {hall: [hall, "hall.>"]}
        virtual:
          eager: {gates: {defaults: {weight: 0.9}}}
          three: {gates: {defaults: {quorum: 3}}}
        """

    private struct Overdue: Error {
        let what: String
    }

    /// All that passes, as the owner of the server sees it.
    private final class Heard: Sendable {
        private let box = Mutex<[(subject: String, payload: [UInt8])]>([])
        func take(_ message: BusMessage) { box.withLock { $0.append((message.subject.text, message.payload)) } }
        /// Messages that the garden published, by their own account.
        var ofGarden: [(subject: String, payload: [UInt8])] {
            box.withLock { messages in
                messages.filter { message in
                    let source = (try? JSON(parsing: message.payload))?["header"]?["source"]?["entity_id"]?.string
                    return source?.hasPrefix("garden-") == true
                }
            }
        }
    }

    @Test("caught, missed and false against outcomes; a crash, a promotion and a demotion")
    func gardens() async throws {
        let desk = try TestSystem(Self.system)
        defer { desk.remove() }
        let up = try await desk.up()
        func emit(_ cell: String) async throws {
            try await desk.nimmer("wave", "emit", "--cell", cell, "--region", "hall", "--confidence", "0.97")
        }
        func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
            let end = ContinuousClock.now + .seconds(120)
            while ContinuousClock.now < end {
                if (try? await condition()) == true { return }
                try await Task.sleep(for: .milliseconds(100))
            }
            throw Overdue(what: what)
        }
        func awaited() async throws -> [String] {
            try await desk.nimmer("verify", "--pending", "--json").compactMap { try? JSON(parsing: $0)["id"]?.string }
        }
        func rest() async throws {
            try await eventually("a gate at rest") {
                let report = try await desk.json("gate", "why", "hall", "--json")
                let fresh = (report["witnesses"]?.array ?? []).contains { $0["in_window"]?.bool == true }
                return !fresh && report["state"]?.string == "stable"
            }
        }
        func report(_ variant: String) async throws -> JSON {
            let list = try await desk.json("garden", "list", "--json")
            return (list["variants"]?.array ?? []).first { $0["variant"]?.string == variant } ?? .null
        }
        func own(_ variant: String) async throws -> [Int] {
            let own = try await report(variant)["own"]
            return ["caught", "missed", "false", "avoided", "unknown"].map { own?[$0]?.int ?? -1 }
        }
        try await eventually("the garden") {
            try await desk.json("garden", "list", "--json")["variants"]?.array?.count == 2
        }
        let place = try JSON(parsing: SmallFile.read(desk.folder + "/.nimmer/dev/up.json") ?? "")
        let bus = try await desk.bus()
        let heard = Heard()
        let tap = try await bus.subscribe(SubjectPattern("dev.>")) { _, _, arrival in heard.take(arrival.message()) }

        // Two agree: the real system opens, and the eager variant; three are never there.
        try await desk.emit(["door", "window"], about: "hall")
        try await eventually("the first opening") { try await awaited().count == 1 }
        let first = try #require(try await awaited().first)
        try await desk.nimmer("verify", first, "confirmed")
        try await eventually("its outcome") { try await own("three") == [0, 1, 0, 0, 0] }
        #expect(try await own("eager") == [1, 0, 0, 0, 0])
        // Now the door is trusted alone, and is wrong.
        try await rest()
        try await emit("door")
        try await eventually("the second opening") { try await awaited().count == 1 }
        let second = try #require(try await awaited().first)
        try await desk.nimmer("verify", second, "failed")
        try await eventually("its outcome") { try await own("three") == [0, 1, 0, 1, 0] }
        #expect(try await own("eager") == [1, 0, 1, 0, 0])
        let diff = try await desk.json("garden", "diff", "three", "--json")
        #expect(diff["openings"]?.array?.map { $0["verdict"]?.string } == ["avoided", "missed"])
        let words = try await desk.nimmer("garden", "diff", "eager")
        #expect(words.contains { $0.contains("caught") } && words.contains { $0.contains("false") }, "\(words)")

        // Nothing but traces left it.
        let traces = heard.ofGarden
        #expect(!traces.isEmpty)
        for message in traces {
            let trace = try Envelope<CorrelationEvent>(decoding: message.payload)
            #expect(message.subject == "dev.nervous.traces.correlation" && trace.header.source.garden == .virtual)
        }
        let openings = traces.compactMap { try? Envelope<CorrelationEvent>(decoding: $0.payload).body }
            .filter { $0.result == .opened }
        #expect(openings.count == 2 && openings.allSatisfy { $0.variant?.text == "eager" && $0.opening != nil })

        // A crash loses nothing that is older than a second, the interval in which the state is written (garden.md).
        try await Task.sleep(for: .seconds(3))
        let before = try await desk.json("garden", "list", "--json")
        let trust = try await desk.json("garden", "show", "eager", "--json")["trust"]
        let entry = (place["processes"]?.array ?? []).first { $0["name"]?.string == "garden" }
        let garden = try #require(entry?["process"]?.string.flatMap { ProcessIdentity($0) })
        kill(garden.pid, SIGKILL)
        try await eventually("the garden again") {
            let state = try JSON(parsing: SmallFile.read(desk.folder + "/.nimmer/dev/up.json") ?? "")
            let now = (state["processes"]?.array ?? []).first { $0["name"]?.string == "garden" }
            guard let text = now?["process"]?.string, text != garden.description else { return false }
            return try await desk.json("garden", "list", "--json") == before
        }
        #expect(try await desk.json("garden", "show", "eager", "--json")["trust"] == trust)

        // Too little evidence is refused; a person may decide nevertheless, and take it back.
        let file = desk.folder + "/desk.yaml"
        let text = SmallFile.read(file)
        let refused = try await desk.nimmer("garden", "promote", "three", "--yes", expect: 1)
        #expect(refused.contains { $0.contains("expected 5 or more") }, "\(refused)")
        #expect(SmallFile.read(file) == text)
        try await desk.nimmer("garden", "promote", "three", expect: 1)
        try await desk.nimmer("garden", "promote", "three", "--json", expect: 64)
        // The figures of other settings are no evidence.
        try SmallFile.write((text ?? "").replacing("quorum: 3", with: "quorum: 4"), to: file)
        let other = try await desk.nimmer("garden", "promote", "three", "--yes", expect: 1)
        #expect(other.contains { $0.contains("with other settings") }, "\(other)")
        try SmallFile.write(text ?? "", to: file)
        chmod(file, 0o600)
        let shown = try await desk.nimmer("garden", "promote", "three", "--yes", "--force")
        #expect(shown.contains { $0.contains("+    quorum: 3") }, "\(shown)")
        #expect(SmallFile.read(file)?.contains("    quorum: 3\n") == true)
        #expect(SmallFile.read(file)?.contains("# Two must agree.") == true)
        let copy = try #require(SmallFile.names(in: desk.folder).first { $0.contains(".before-three-") })
        var status = stat()
        #expect(stat(desk.folder + "/" + copy, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let again = try await desk.nimmer("garden", "promote", "three", "--yes", "--force", expect: 1)
        #expect(again.contains { $0.contains("is real already") }, "\(again)")
        try await desk.nimmer("garden", "demote")
        #expect(SmallFile.read(file) == text)
        try await desk.nimmer("garden", "demote", expect: 1)
        let history = try await desk.nimmer("garden", "history", "--json").compactMap { try? JSON(parsing: $0) }
        #expect(history.map { $0["action"]?.string } == ["promote", "demote"])
        #expect(history.first?["forced"]?.bool == true && history.first?["evidence"]?["own"]?["missed"]?.int == 1)

        // The waves of the last hour, by these outcomes.
        let explored = try await desk.json("garden", "explore", "--budget", "5", "--json")
        #expect(explored["tried"]?.int == 5 && explored["real"]?["faults"]?.int == 1, "\(explored)")
        tap.cancel()
        await bus.close()
        await up.child.terminate(grace: .seconds(60))
    }

    @Test("without variants there is no garden, and a question about it is answered by what to do")
    func noGarden() async throws {
        let desk = try TestSystem()
        defer { desk.remove() }
        let up = try await desk.up()
        let lines = try await desk.nimmer("garden", "list", expect: 69)
        #expect(lines.contains { $0.contains("no service garden is running") }, "\(lines)")
        #expect(lines.contains { $0.contains("section virtual") }, "\(lines)")
        #expect(try await desk.nimmer("garden", "history") == ["nothing was promoted yet"])
        await up.child.terminate(grace: .seconds(60))
    }
}
