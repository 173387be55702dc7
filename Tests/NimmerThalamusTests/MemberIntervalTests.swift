import NimmerGate
import NimmerSystem
import NimmerWave
import Testing

@testable import NimmerThalamus

/// Whose stated interval a region's gate follows (gates.md, Window and half-life).
@Suite struct MemberIntervalTests {
    /// Two sensors of one region, a third of another, a nerve, a program, and a cell that names no region.
    static func system(gates: GateOverrides = GateOverrides()) -> SystemFile {
        func cell(_ name: String, _ settings: [(String, String)] = [], kind: String = "sensor/v1") -> Organism {
            Organism(
                role: .cell, name: name, kind: kind,
                settings: settings.map { key, text in
                    .init(
                        key: key, mark: .start, value: YAMLNode(.scalar(text, quoted: false), mark: .start))
                })
        }
        var system = SystemFile(name: "plant")
        system.cells = [
            cell("flow", [("region", "plant.pump")]), cell("heat", [("region", "plant.pump")]),
            cell("door", [("domain", "house")]), cell("plain"), cell("own", kind: ""),
        ]
        system.nerves = [Organism(role: .nerve, name: "arm", kind: "arm/v1")]
        system.thalamus.regions = [.init(region: "plant", patterns: ["plant.>"])]
        system.gates.defaults = gates
        return system
    }

    fileprivate struct Plant {
        var thalamus: Thalamus

        init(
            _ system: SystemFile = MemberIntervalTests.system(),
            _ tune: (inout ThalamusConfiguration) -> Void = { _ in }
        )
            throws
        {
            var configuration = try ThalamusConfiguration(system, environment: .dev)
            tune(&configuration)
            thalamus = Thalamus(configuration)
        }

        @discardableResult
        mutating func wave(
            _ cell: String, _ region: String = "plant.pump", _ confidence: Double = 0.1, at second: Double,
            interval: Double? = nil, isNerve: Bool = false, entity: String? = nil
        ) throws -> Verdict {
            let name = try Token(cell)
            let signal = WaveSignal(
                domain: try Token("sensor"), confidence: confidence, semanticContent: [:], region: try Region(region),
                intervalMilliseconds: interval)
            let bytes = Envelope(
                id: .v7(), at: Bench.epoch.advanced(milliseconds: second * 1000),
                from: Source(entityID: entity ?? cell, entityType: .cell), signal
            ).encoded()
            let subject: Subject = isNerve ? .nerveWave(.dev, nerve: name) : .wave(.dev, cell: name)
            let text = Array(subject.text.utf8)
            return try thalamus.receive(subject: text.span.bytes, payload: bytes.span.bytes, arrival: nil)
        }

        func window(_ gate: String = "plant") -> Double? {
            thalamus.explanation(of: gate, at: Bench.epoch)?["window_ms"]?.double
        }

        func halfLife(_ gate: String = "plant") -> Double? {
            thalamus.explanation(of: gate, at: Bench.epoch)?["half_life_ms"]?.double
        }

        mutating func take() -> [Conclusion] {
            defer { thalamus.conclusions.removeAll() }
            return Array(thalamus.conclusions)
        }
    }

    @Test func theSlowestDeclaredMemberCounts() throws {
        var plant = try Plant()
        try plant.wave("flow", at: 0)
        #expect(plant.window() == 1500 && plant.halfLife() == 2000)
        try plant.wave("flow", at: 1, interval: 1000)
        #expect(plant.window() == 30_000 && plant.halfLife() == 15_000)
        try plant.wave("heat", at: 2, interval: 60_000)
        try plant.wave("flow", at: 3, interval: 1000)
        // What it says no more still holds.
        try plant.wave("heat", at: 4)
        #expect(plant.window() == 1_800_000 && plant.halfLife() == 900_000)
        #expect(plant.thalamus.explanation(of: "plant", at: Bench.epoch)?["interval_ms"] == 60_000)
        try plant.wave("heat", at: 5, interval: 500)
        #expect(plant.window() == 30_000)
    }

    @Test func strangersNervesAndCellsOfOtherRegionsWidenNothing() throws {
        var plant = try Plant()
        try plant.wave("flow", at: 0, interval: 1000)
        try plant.wave("stranger", at: 1, interval: Wire.maximumInterval)
        // It says that it is another; the subject decides.
        try plant.wave("stranger", at: 1, interval: Wire.maximumInterval, entity: "flow")
        try plant.wave("door", at: 2, interval: Wire.maximumInterval)
        try plant.wave("plain", at: 2, interval: Wire.maximumInterval)
        try plant.wave("own", at: 2, interval: Wire.maximumInterval)
        try plant.wave("arm", at: 3, interval: Wire.maximumInterval, isNerve: true)
        try plant.wave("flow", at: 4, interval: 1000)
        #expect(plant.window() == 30_000)
        // Each in its own: by its domain, its kind or its name, and within that.
        try plant.wave("door", "house", at: 5, interval: 60_000)
        try plant.wave("door", "house.cellar", at: 5, interval: 60_000)
        try plant.wave("door", "houseboat", at: 5, interval: 60_000)
        try plant.wave("plain", "sensor", at: 5, interval: 60_000)
        try plant.wave("own", "own.part", at: 5, interval: 60_000)
        #expect(plant.window("house") == 1_800_000 && plant.window("house.cellar") == 1_800_000)
        #expect(plant.window("sensor") == 1_800_000 && plant.window("own.part") == 1_800_000)
        #expect(plant.window("houseboat") == 1500)
        // A member that lies widens its own region, within the bound.
        try plant.wave("heat", at: 6, interval: Wire.maximumInterval)
        #expect(plant.window() == 30 * GateConfiguration.slowestInterval)
    }

    @Test func aRefusedWaveStatesNothing() throws {
        var plant = try Plant()
        let signal = WaveSignal(
            domain: try Token("sensor"), confidence: 0.9, semanticContent: [:], region: try Region("plant.pump"),
            origin: try Token("heat"), intervalMilliseconds: 60_000)
        let bytes = Envelope(
            id: .v7(), at: Bench.epoch, from: Source(entityID: "flow", entityType: .cell), signal
        ).encoded()
        let subject = Array(Subject.wave(.dev, cell: try Token("flow")).text.utf8)
        #expect(throws: Refusal.self) {
            try plant.thalamus.receive(subject: subject.span.bytes, payload: bytes.span.bytes, arrival: nil)
        }
        try plant.wave("flow", at: 1)
        #expect(plant.window() == 1500)
    }

    @Test func whatTheFileNamesIsFixed() throws {
        var overrides = GateOverrides()
        overrides.windowMS = 3000
        var plant = try Plant(Self.system(gates: overrides))
        try plant.wave("flow", at: 0, interval: 60_000)
        #expect(plant.window() == 3000 && plant.halfLife() == 900_000)
    }

    @Test func aGateKeepsItsIntervalThroughEvictionAndNewNumbers() throws {
        var plant = try Plant { $0.maximumRegions = 4 }
        try plant.wave("flow", at: 0, interval: 60_000)
        // Its place goes to others, and it comes back: its statements count again.
        for index in 0..<40 { try plant.wave("stranger", "r\(index)", at: 1 + Double(index), interval: 7) }
        for index in 0..<40 {
            try plant.wave("flow", index % 2 == 0 ? "plant.pump" : "r\(index)", at: 50, interval: 60_000)
        }
        try plant.wave("flow", at: 51, interval: 60_000)
        #expect(plant.window() == 1_800_000)
        #expect(!(0..<40).contains { plant.window("r\($0)").map { $0 != 1500 } ?? false })
        plant.thalamus.renumber()
        try plant.wave("heat", at: 52, interval: 1000)
        try plant.wave("flow", at: 53, interval: 1000)
        try plant.wave("heat", at: 54, interval: 1000)
        #expect(plant.window() == 30_000)
    }

    @Test func anotherThalamusTakesUpTheGateAtItsPace() throws {
        var plant = try Plant()
        try plant.wave("flow", "plant.pump", 0.9, at: 0, interval: 3_600_000)
        try plant.wave("heat", "plant.pump", 0.9, at: 0, interval: 3_600_000)
        let opening = try #require(plant.take().first)
        #expect(opening.transition.isOpening && opening.transition.intervalMilliseconds == 3_600_000)
        let release = plant.release()
        #expect(release != nil)
        // As the stream holds it.
        let stored = Envelope(
            id: opening.id, at: Bench.epoch, from: Source(entityID: "thalamus", entityType: .thalamus),
            opening.transition
        ).encoded()
        let read = try Envelope<GateTransition>(decoding: stored).body
        var other = try Plant()
        other.thalamus.resume(read, id: opening.id, now: Bench.epoch.advanced(milliseconds: 1_800_000))
        let taken = other.release()
        #expect(taken == release)
        #expect(other.window() == 108_000_000)
        // Readings an hour later do not open it again.
        for hour in 1...12 {
            try other.wave("flow", "plant.pump", 0.9, at: Double(hour) * 3600, interval: 3_600_000)
            try other.wave("heat", "plant.pump", 0.9, at: Double(hour) * 3600, interval: 3_600_000)
        }
        #expect(other.take().isEmpty)
        // The release names the pace, too; after it members count again.
        try other.wave("flow", at: 200 * 3600, interval: 1000)
        let end = try #require(other.take().first).transition
        #expect(end.toState == .stable && end.intervalMilliseconds == 3_600_000)
        #expect(other.window() == 108_000_000)
        try other.wave("heat", at: 201 * 3600, interval: 1000)
        #expect(other.window() == 30_000)
        // Taken up again: what was known of its members is not held against it.
        other.thalamus.resume(read, id: opening.id, now: Bench.epoch)
        #expect(other.window() == 108_000_000)
    }

    @Test func aGateWithoutIntervalsSaysNothingOfThem() throws {
        var plant = try Plant()
        try plant.wave("flow", "plant.pump", 0.9, at: 0)
        try plant.wave("heat", "plant.pump", 0.9, at: 0)
        let opening = try #require(plant.take().first).transition
        #expect(opening.isOpening && opening.intervalMilliseconds == nil)
        #expect(plant.thalamus.explanation(of: "plant", at: Bench.epoch)?["interval_ms"] == nil)
    }
}

extension MemberIntervalTests.Plant {
    fileprivate mutating func release() -> Timestamp? { thalamus.nextRelease }
}
