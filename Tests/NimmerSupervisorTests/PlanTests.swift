import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerSupervisor

private func system(_ yaml: String) throws -> SystemFile {
    try SystemFile(parsing: Array("nimmerverse: 1\nname: t\n\(yaml)".utf8), file: "t.yaml")
}

@Suite struct SystemPlanTests {
    private let yaml = """
        cells:
          - {name: vitals, kind: vitals/v1}
          - {name: left, kind: distance/v2}
          - {name: door, command: [python3, door.py]}
        nerves:
          - {name: evade, kind: collision_avoidance/v1}
        """

    private func plan(only: [String] = [], database: Bool = true) throws -> SystemPlan {
        try SystemPlan(
            system(yaml), path: "/x/t.yaml", natsURL: "nats://h:1", only: only, hasDatabase: database)
    }

    @Test func everyProcessHasItsProgramAndWhatItMustKnow() throws {
        let processes = try plan().processes
        #expect(
            processes.map(\.program) == [
                "hippocampus", "cognition-bridge", "thalamus", "vitals-cell", "distance-cell-v2", "python3",
                "collision-avoidance-nerve",
            ])
        #expect(processes[3].arguments == ["--name", "vitals", "--system", "/x/t.yaml", "--nats", "nats://h:1"])
        #expect(processes[5].arguments == ["door.py"])
        #expect(processes[0].layer < processes[2].layer && processes[2].layer < processes[3].layer)
        #expect(processes[2].policy == .always && processes[3].policy == .unlessDone)
    }

    @Test func anOrganIsStartedUnderItsName() throws {
        let yaml = "organs:\n  - {name: language, kind: ollama, model: m, url: http://127.0.0.1:11434}\n"
        let plan = try SystemPlan(system(yaml), path: "/x/t.yaml", natsURL: "nats://h:1", only: [], hasDatabase: false)
        let organ = try #require(plan.processes.first { $0.name == "language" })
        #expect(organ.program == "organ" && organ.policy == .always)
        #expect(organ.arguments == ["--name", "language", "--system", "/x/t.yaml", "--nats", "nats://h:1"])
    }

    @Test func withoutADatabaseThereIsNoHippocampus() throws {
        #expect(try plan(database: false).processes.first?.name == "cognition-bridge")
    }

    @Test func onlyStartsWhatIsNamedAndRefusesWhatIsNot() throws {
        #expect(try plan(only: ["thalamus", "left"]).processes.map(\.name) == ["thalamus", "left"])
        let failure = #expect(throws: Failure.self) { try plan(only: ["thalmus"]) }
        #expect(failure?.message == "--only: nothing in /x/t.yaml is called thalmus; did you mean thalamus?")
        #expect(failure?.remedy?.text.contains("left") == true)
    }
}

@Suite struct DisplayRateLimiterTests {
    private func wave(_ confidence: Double, origin: String = "a") throws -> AnyMessage {
        .waveSignal(
            Envelope(
                id: MessageID(high: 0, low: 1), at: Timestamp(milliseconds: 0),
                from: Source(entityID: "c", entityType: .cell),
                WaveSignal(
                    domain: try Token("d"), confidence: confidence, semanticContent: [:], origin: try Token(origin))))
    }

    private func at(_ milliseconds: Double) -> Timestamp { Timestamp(milliseconds: 1e12 + milliseconds) }

    @Test func calmOriginsAreHeardNowAndThen() throws {
        var sieve = DisplayRateLimiter()
        let (calm, weak, other, loud) = (try wave(0), try wave(0.1), try wave(0, origin: "b"), try wave(0.2))
        #expect(sieve.judge(calm, at: at(0)) == .show)
        #expect(sieve.judge(weak, at: at(1000)) == .hide)
        #expect(sieve.judge(other, at: at(1000)) == .show)
        #expect(sieve.judge(loud, at: at(2000)) == .show)
        #expect(sieve.judge(calm, at: at(DisplayRateLimiter.calmInterval)) == .show)
    }

    @Test func aFloodIsCountedAndReported() throws {
        var sieve = DisplayRateLimiter()
        let loud = try wave(0.9)
        for _ in 0..<DisplayRateLimiter.perSecond { #expect(sieve.judge(loud, at: at(5)) == .show) }
        for _ in 0..<7 { #expect(sieve.judge(loud, at: at(6)) == .hide) }
        #expect(sieve.judge(loud, at: at(1100)) == .showAfter(heldBack: 7))
        #expect(sieve.judge(loud, at: at(1101)) == .show)
    }

    @Test func attentionIsHeardWhenItsModeChanges() {
        func attention(_ mode: AttentionMode) -> AnyMessage {
            .attention(
                Envelope(
                    id: MessageID(high: 0, low: 1), at: Timestamp(milliseconds: 0),
                    from: Source(entityID: "thalamus", entityType: .thalamus),
                    Attention(
                        mode: mode, openGates: [], risingGates: [], regions: 0, wavesPerSecond: 0, waves: 0,
                        openings: 0, collapses: 0, escalations: 0, rejected: 0, lost: 0)))
        }
        var sieve = DisplayRateLimiter()
        #expect(sieve.judge(attention(.idle), at: at(0)) == .show)
        #expect(sieve.judge(attention(.idle), at: at(1000)) == .hide)
        #expect(sieve.judge(attention(.focused), at: at(2000)) == .show)
        #expect(sieve.judge(attention(.focused), at: at(2000 + DisplayRateLimiter.attentionInterval)) == .show)
    }

    @Test func whatCannotBeDecodedIsShown() {
        var sieve = DisplayRateLimiter()
        #expect(sieve.judge(nil, at: at(0)) == .show)
    }
}

@Suite struct UpDisplayTests {
    private let display = UpDisplay(paint: .plain, names: ["math"]) { nil }

    @Test func logLinesOfTheSystemOmitWhatTheColumnsShow() {
        let line = display.log("math", "18:30:00.123 warning math: Too slow, messages were lost lost=3")
        #expect(line.text.dropFirst(13) == "│ warning   math                    Too slow, messages were lost lost=3")
    }

    @Test func otherLinesStandAsTheyAre() {
        #expect(
            display.log("math", "Segmentation fault").text.dropFirst(13)
                == "│ output    math                    Segmentation fault")
    }

    @Test func endsAreDescribedInWords() {
        #expect(
            display.notice(.ended("math", .exited(3), again: 250)).text.hasSuffix(
                "math ended with status 3; starting it again in 250 ms"))
        #expect(display.notice(.slowing("math", failures: 6)).text.contains("never giving up"))
    }
}

extension SystemPlanTests {
    @Test func variantsBringTheGarden() throws {
        let text = "virtual: {eager: {gates: {defaults: {quorum: 2}}}}\n"
        let plan = try SystemPlan(system(text), path: "/x/t.yaml", natsURL: "nats://h:1", only: [], hasDatabase: false)
        let garden = try #require(plan.processes.first { $0.name == "garden" })
        #expect(garden.program == "garden" && garden.policy == .always)
        #expect(garden.arguments == ["--system", "/x/t.yaml", "--nats", "nats://h:1"])
        #expect(try self.plan().processes.allSatisfy { $0.name != "garden" })
    }
}
