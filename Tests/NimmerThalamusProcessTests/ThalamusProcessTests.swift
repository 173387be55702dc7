import NimmerBus
import NimmerProcess
import NimmerSystem
import NimmerThalamusProcess
import NimmerWave
import ProcessBench
import Testing

/// A thalamus as a process, on a bus within this one: bytes of waves in, bytes of openings out.
@Suite(.timeLimit(.minutes(5))) struct ThalamusProcessTests {
    private static let manifest = Manifest(name: "thalamus", version: "0.1.0", summary: "Correlates waves.")

    private func bench(on bus: InMemoryBus = InMemoryBus()) throws -> ProcessBench {
        var system = SystemFile(name: "two")
        system.thalamus.regions = [.init(region: "math", patterns: ["calculate"])]
        return try ProcessBench(Self.manifest, kind: .thalamus, system: system, on: bus)
    }

    private func publish(_ cell: String, _ confidence: Double, on bus: any Bus) throws {
        let signal = WaveSignal(
            domain: try Token(cell), confidence: confidence, semanticContent: .raw(Array(#"{"a":1}"#.utf8)),
            region: nil, polarity: 1, origin: nil)
        let wave = Envelope(id: .v7(), at: .now(), from: Source(entityID: cell, entityType: .cell), signal)
        try bus.publish(.wave(.dev, cell: try Token(cell)), payload: wave.encoded())
    }

    @Test func wavesComeInAndAnOpeningGoesOut() async throws {
        let bench = try bench()
        let bus = bench.bus
        let thalamus = try ThalamusProcess(bench.process, keepsWaves: false)
        let stored = try await bus.messages(.transitions(.dev))
        let collapses = try await bus.messages(SubjectPattern(.collapse(.dev)))
        let questions = try await bus.messages(SubjectPattern(.cognitiveRequest(.dev)))
        try await bench.run({ try await thalamus.run() }) {
            #expect(GateList(try await bench.ask("gates").result)?.gates == [])
            #expect(try await bench.ask("regions").result.resolved == [["region": "math", "patterns": ["calculate"]]])
            try publish("math", 0.6, on: bus)
            try publish("calculate", 0.5, on: bus)

            let message = try #require(await stored.first { _ in true })
            let opening = try Envelope<GateTransition>(decoding: message.payload, on: message.subject)
            #expect(opening.body.isOpening && opening.body.gateID.text == "math")
            // Observers are told what follows from it, under the same ids.
            let told = try #require(await collapses.first { _ in true })
            let collapse = try Envelope<Collapse>(decoding: told.payload, on: told.subject)
            #expect(collapse == opening.collapsed)
            let asked = try #require(await questions.first { _ in true })
            let question = try Envelope<CognitiveRequest>(decoding: asked.payload, on: asked.subject)
            #expect(question == opening.escalated)

            let why = try await bench.ask("explain", ["gate": "math"])
            #expect(why.status == .ok, "\(why.error ?? "")")
            let unknown = try await bench.ask("explain", ["gate": "plant"])
            #expect(unknown.error == "no gate 'plant': no wave of that region has come yet")
        }
        #expect(try await bus.stream(SystemStreams.transitions(.dev)).messages >= 1)
    }

    /// What folds regions into others is stated for those who show waves beside their gates.
    @Test func itStatesItsMapOfRegions() async throws {
        var system = SystemFile(name: "folds")
        system.thalamus.regions = [.init(region: "home", patterns: ["home.>", "door"])]
        let bench = try ProcessBench(Self.manifest, kind: .thalamus, system: system, on: InMemoryBus())
        let thalamus = try ThalamusProcess(bench.process, keepsWaves: false)
        try await bench.run({ try await thalamus.run() }) {
            let map = try #require(RegionMap(try await bench.ask("regions").result))
            #expect(map.json == [["region": "home", "patterns": ["home.>", "door"]]])
        }
    }

    @Test func anotherOneTakesUpTheGatesThatTheStreamHolds() async throws {
        let bus = InMemoryBus()
        let first = try bench(on: bus)
        let stored = try await bus.messages(.transitions(.dev))
        let thalamus = try ThalamusProcess(first.process, keepsWaves: false)
        try await first.run({ try await thalamus.run() }) {
            _ = try await first.ask("gates")
            try publish("math", 0.6, on: bus)
            try publish("calculate", 0.5, on: bus)
            _ = await stored.first { _ in true }
        }
        let second = try bench(on: bus)
        let next = try ThalamusProcess(second.process, keepsWaves: false)
        try await second.run({ try await next.run() }) {
            let gates = try #require(GateList(try await second.ask("gates").result)).gates
            #expect(gates.compactMap { $0["gate_id"]?.string } == ["math"], "\(gates)")
        }
    }

    @Test func aGateOfSlowSensorsIsTakenUpWithTheirPace() async throws {
        var system = SystemFile(name: "slow")
        for name in ["a", "b"] {
            let region = YAMLNode.Entry(key: "region", mark: .start, value: YAMLNode(text: "house"))
            system.cells.append(Organism(role: .cell, name: name, kind: "sensor/v1", settings: [region]))
        }
        func publish(_ cell: String, _ interval: Double, on bus: any Bus) throws {
            let signal = WaveSignal(
                domain: try Token("sensor"), confidence: 0.9, semanticContent: [:], region: try Region("house"),
                intervalMilliseconds: interval)
            let wave = Envelope(id: .v7(), at: .now(), from: Source(entityID: cell, entityType: .cell), signal)
            try bus.publish(.wave(.dev, cell: try Token(cell)), payload: wave.encoded())
        }
        let bus = InMemoryBus()
        let stored = try await bus.messages(.transitions(.dev))
        let first = try ProcessBench(Self.manifest, kind: .thalamus, system: system, on: bus)
        let thalamus = try ThalamusProcess(first.process, keepsWaves: false)
        try await first.run({ try await thalamus.run() }) {
            _ = try await first.ask("gates")
            // Who is not in the file changes nothing.
            try publish("mallory", 604_800_000, on: bus)
            try publish("a", 3_600_000, on: bus)
            try publish("b", 60_000, on: bus)
            let message = try #require(await stored.first { _ in true })
            let opening = try Envelope<GateTransition>(decoding: message.payload, on: message.subject).body
            #expect(opening.isOpening && opening.intervalMilliseconds == 3_600_000)
        }
        let second = try ProcessBench(Self.manifest, kind: .thalamus, system: system, on: bus)
        let next = try ThalamusProcess(second.process, keepsWaves: false)
        try await second.run({ try await next.run() }) {
            let why = try await second.ask("explain", ["gate": "house"]).result
            #expect(why["state"] == "open" && why["interval_ms"] == 3_600_000)
            #expect(why["window_ms"] == 108_000_000 && why["half_life_ms"] == 54_000_000)
        }
    }

    /// protocol.md, ChangeEvent: what is for people never reaches a gate, whatever stands in it.
    @Test func aChangeEventReachesNoGate() async throws {
        let bench = try bench()
        let bus = bench.bus
        let thalamus = try ThalamusProcess(bench.process, keepsWaves: false)
        let rejects = try await bus.messages(.rejects(.dev))
        try await bench.run({ try await thalamus.run() }) {
            _ = try await bench.ask("gates")
            let source = Source(entityID: "flow", entityType: .cell)
            let event = ChangeEvent(
                edge: .begin, domain: try Token("flow"), view: "level", value: 1, normal: 0, times: 9,
                direction: .above, confidence: 1, at: .now())
            let wave = WaveSignal(domain: try Token("flow"), confidence: 1, semanticContent: [:])
            for isNerve in [false, true] {
                for number in 0..<3 {
                    let subject = Subject.change(.dev, try Token("flow\(number)"), isNerve: isNerve)
                    let event = Envelope(id: .v7(), at: .now(), from: source, event)
                    try bus.publish(subject, payload: event.encoded())
                    // Not even a wave that stands there.
                    try bus.publish(subject, payload: Envelope(id: .v7(), at: .now(), from: source, wave).encoded())
                }
            }
            // On the subject of waves it is refused.
            let event2 = Envelope(id: .v7(), at: .now(), from: source, event)
            try bus.publish(.wave(.dev, cell: try Token("flow")), payload: event2.encoded())
            let message = try #require(await rejects.first { _ in true })
            let reject = try Envelope<Reject>(decoding: message.payload, on: message.subject).body
            #expect(reject.field == "header.message_type" && reject.rejected == 1)
            #expect(GateList(try await bench.ask("gates").result)?.gates == [])
        }
    }

    @Test func whatIsNoWaveIsRefusedWithTheReason() async throws {
        let bench = try bench()
        let thalamus = try ThalamusProcess(bench.process, keepsWaves: false)
        let rejects = try await bench.bus.messages(.rejects(.dev))
        try await bench.run({ try await thalamus.run() }) {
            _ = try await bench.ask("gates")
            try bench.bus.publish(.wave(.dev, cell: try Token("math")), payload: Array("{}".utf8))
            _ = try #require(await rejects.first { _ in true })
        }
        #expect(thalamus.rejected == 1)
    }
}
