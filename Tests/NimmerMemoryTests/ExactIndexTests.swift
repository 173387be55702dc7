import NimmerIris
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerMemory

@Suite("The exact index")
struct ExactIndexTests {
    @Test(
        "finds what a comparison of each with each finds, in any number of components",
        arguments: [1, 2, 31, 32, 33, 128, 384])
    func exact(dimensions: Int) throws {
        var index = ExactIndex(dimensions: dimensions)
        let items = try (0..<200).map { try MeaningFixture("exact \($0)", dimensions: dimensions).item }
        for item in items { index.add(item) }
        for wanted in items.prefix(10) {
            var query = MeaningFixture.query(wanted)
            query.limit = 7
            let hits = index.nearest(query)
            let all = items.map { $0.embedding.cosine(wanted.embedding) }.sorted(by: >)
            #expect(hits.count == 7)
            for (hit, cosine) in zip(hits, all) { #expect(abs(hit.cosine - cosine) < 1e-5) }
        }
    }

    @Test("keeps the newest rows at their places")
    func newest() throws {
        var index = ExactIndex(dimensions: 8)
        let items = try (0..<50).map { try MeaningFixture("newest \($0)", dimensions: 8).item }
        for item in items { index.add(item) }
        index.keepNewest(20)
        #expect(index.count == 20)
        var query = MeaningFixture.query(items[40])
        query.limit = 100
        #expect(Set(index.nearest(query).map(\.id)) == Set(items.suffix(20).map(\.id)))
        #expect(index.nearest(query).first?.id == items[40].id)
        #expect(index.nearest(query).first?.place == 10)
        index.keepNewest(0)
        #expect(index.nearest(query) == [])
    }

    @Test("an embedding of other dimensions finds nothing")
    func otherDimensions() throws {
        var index = ExactIndex(dimensions: 8)
        index.add(try MeaningFixture("eight", dimensions: 8).item)
        #expect(index.nearest(MeaningFixture.query(try MeaningFixture("nine", dimensions: 9).item)) == [])
    }

    @Test("what was kept comes back bit for bit, and nothing of another length")
    func stored() throws {
        let embedding = try MeaningFixture("stored", dimensions: 384).item.embedding
        #expect(try Embedding(stored: embedding.values) == embedding)
        for values: [Float] in [[], [0, 0], [2, 0], [.nan, 1], [.infinity, 0]] {
            #expect(throws: EmbeddingError.notFinite) { try Embedding(stored: values) }
        }
    }
}
