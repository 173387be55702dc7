import NimmerBus
import NimmerCell
import NimmerGate
import NimmerSensing
import NimmerTesting
import NimmerWave
import Testing

/// The examples of docs/reference/swift-api.md, which shows this file's very lines.
@Suite struct PublicModuleTests {
    @Test func aWaveIsWrittenAndRead() throws {
        let wave = WaveSignal(domain: try Token("door"), confidence: 0.8, semanticContent: ["open": true])
        let message = Envelope(
            id: .v7(), at: .now(), from: Source(entityID: "door-1", entityType: .cell), wave)
        #expect(try Envelope<WaveSignal>(decoding: message.encoded()).body.confidence == 0.8)
        #expect(throws: Refusal.self) { try AnyMessage.decode(Array("{}".utf8)) }
    }

    @Test func twoOriginsOpenAGate() {
        var gate = Gate()
        var transitions: ContiguousArray<Transition> = []
        for (origin, confidence) in [(Int32(1), 0.6), (Int32(2), 0.5)] {
            _ = gate.receive(
                Evidence(origin: origin, region: 0, confidence: confidence, at: Timestamp(milliseconds: 0)),
                into: &transitions)
        }
        #expect(gate.state == .open && transitions.map(\.to) == [.open])
        #expect(gate.last.support == 1 && gate.last.witnesses == 1)
    }

    @Test func aBusWithinTheProcessCarriesMessages() async throws {
        let bus = InMemoryBus()
        let waves = try await bus.messages(.waves(.dev))
        try bus.publish(.wave(.dev, cell: try Token("door")), payload: Array("{}".utf8))
        for await message in waves {
            #expect(message.subject.text == "dev.nervous.cells.door.wave")
            break
        }
        await bus.close()
    }

    @Test func aDetectorLearnsAndIsSurprised() throws {
        var detector = Detector()
        var seen: Observation?
        for reading in 0..<1000 {
            seen = detector.observe(reading < 950 ? Double(reading % 7) : 40)
        }
        #expect(try #require(seen).confidence > 0.9)
    }

    @Test func visitorsAreLearnedAcrossARestart() throws {
        var bench = try CellBench<Visitors>()
        bench.start()
        for _ in 0..<50 { try bench.receive("12", on: "door.visitors") }
        try bench.receive("24", on: "door.visitors")
        #expect(bench.waves.last?.confidence == 1)

        let kept = try #require(bench.cell.learned)
        var restarted = try CellBench<Visitors>().body
        _ = restarted.update(at: bench.now) { cell, pulse in try cell.resume(learned: kept, &pulse) }
        #expect(restarted.cell.usual == bench.cell.usual)
    }
}
