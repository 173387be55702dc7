import NimmerThalamus
import NimmerWave
import Testing

@Suite("Sorting waves")
struct SorterTests {
    private func wave(_ domain: String, region: String? = nil) throws -> [UInt8] {
        let signal = WaveSignal(
            domain: try Token(domain), confidence: 0.5, semanticContent: [:], region: try region.map { try Region($0) })
        let source = Source(entityID: "x-1", entityType: .cell)
        return Envelope(id: .v7(), at: .now(), from: source, signal).encoded()
    }

    private func configuration() throws -> ThalamusConfiguration {
        var configuration = ThalamusConfiguration(environment: .dev)
        configuration.regions = RegionMap([
            .init(
                region: try Region("math"), patterns: [try SubjectPattern("calculate"), try SubjectPattern("sums.>")])
        ])
        return configuration
    }

    /// The part of a wave.
    private func part(_ bytes: [UInt8], _ sorter: inout Sorter) throws -> Int {
        let span = bytes.span
        return try sorter.partition(of: span.bytes)
    }

    @Test("brings all waves of one home to one part, whatever they call it")
    func together() throws {
        var sorter = Sorter(try configuration(), partitions: 64)
        let math = try part(try wave("math"), &sorter)
        #expect(math == Sorter.partition(of: GateID(region: try Region("math")), among: 64))
        for bytes in [try wave("calculate"), try wave("other", region: "sums.small"), try wave("math", region: "math")]
        {
            let found = try part(bytes, &sorter)
            #expect(found == math)
        }
        let escaped = String(decoding: try wave("other", region: "math"), as: UTF8.self)
            .split(separator: "\"math\"", maxSplits: 1).joined(separator: "\"m\\u0061th\"")
        let found = try part(Array(escaped.utf8), &sorter)
        #expect(found == math)
    }

    @Test("spreads regions evenly, and remembers as many names as come")
    func evenly() throws {
        var sorter = Sorter(try configuration(), partitions: 8)
        var counts = [Int](repeating: 0, count: 8)
        for number in 0..<4_000 {
            let bytes = try wave("d", region: "plant.r\(number)")
            let first = try part(bytes, &sorter)
            let again = try part(bytes, &sorter)
            #expect(first == again)
            counts[first] += 1
        }
        #expect(counts.allSatisfy { (400...600).contains($0) }, "\(counts)")
    }

    @Test func refusesWhatIsNoWave() {
        var sorter = Sorter(ThalamusConfiguration(environment: .dev), partitions: 2)
        #expect(throws: Refusal.self) { _ = try part(Array("{}".utf8), &sorter) }
    }
}
