import NimmerSystem
import NimmerSystemFile
import NimmerThalamus
import NimmerWave
import Testing

@Suite("What waves cost, by region") struct SpendingTests {
    private func thalamus(maximumRegions: Int = 100) throws -> Thalamus {
        let text = "nimmerverse: 1\nname: spending\nthalamus: {regions: {plant: [\"plant.>\"]}}\n"
        var configuration = try ThalamusConfiguration(
            SystemFile(parsing: Array(text.utf8), file: "s.yaml"), environment: .dev)
        configuration.origins = .asTheyAre
        configuration.maximumRegions = maximumRegions
        return Thalamus(configuration)
    }

    private func wave(
        _ thalamus: inout Thalamus, _ region: String, _ cost: Double, nerve: Bool = false, at second: Double
    ) throws {
        let subject = nerve ? "dev.nervous.nerves.n.wave" : "dev.nervous.cells.c.wave"
        let at = Timestamp(milliseconds: second * 1000)
        let message = Envelope(
            id: .named("\(region) \(second)"), at: at, from: Source(entityID: "c", entityType: nerve ? .nerve : .cell),
            WaveSignal(
                domain: try Token("flow"), confidence: 0.4, semanticContent: [:], lifeforceCost: cost,
                region: try Region(region)))
        _ = try thalamus.receive(
            subject: Array(subject.utf8).span.bytes, payload: message.encoded().span.bytes, arrival: nil)
    }

    @Test("cells and nerves apart, in the region where the gate is, once")
    func sums() throws {
        var thalamus = try thalamus()
        try wave(&thalamus, "plant.pump", 0.5, at: 1)
        try wave(&thalamus, "plant.valve", 0.25, at: 2)
        try wave(&thalamus, "plant", 2, nerve: true, at: 3)
        try wave(&thalamus, "hall", 0, at: 4)
        thalamus.spend(1.5, byNerveIn: try Region("plant.pump"))
        thalamus.spend(0.125, byOrganIn: try Region("plant.pump"))
        let expected = RegionSpending(region: try Region("plant"), cells: 0.75, nerves: 3.5, organs: 0.125)
        #expect(thalamus.takeSpending() == [expected])
        #expect(thalamus.takeSpending().isEmpty)
    }

    @Test("a region that makes room for another loses nothing")
    func forgotten() throws {
        var thalamus = try thalamus(maximumRegions: 2)
        for number in 0..<10 { try wave(&thalamus, "r\(number)", 1, at: Double(number)) }
        let spent = thalamus.takeSpending()
        #expect(spent.map(\.region.text) == (0..<10).map { "r\($0)" } && spent.allSatisfy { $0.cells == 1 })
    }

    @Test("a sum beyond all numbers has a bound")
    func bounded() throws {
        var thalamus = try thalamus()
        for second in 0..<4 { try wave(&thalamus, "r", 1e308, at: Double(second)) }
        let cells = try #require(thalamus.takeSpending().first?.cells)
        #expect(cells == 1e290)
    }
}
