import NimmerIris
import NimmerMemory
import NimmerWave

extension VectorStoreConformance {
    // MARK: - A change of the model

    private static func again(_ item: RememberedItem, by model: String) -> RememberedItem {
        var other = item
        other.model = EmbeddingModel(name: model, dimensions: item.model.dimensions)
        return other
    }

    static let keptByEach = Check("each model keeps an item once, and counts its own duplicates") { _, store in
        let fixture = try MeaningFixture("each")
        let (first, near) = (fixture.item, try fixture.near(0.97, "each near").item)
        _ = try await store.keep([first, near])
        let second = again(first, by: "second")
        try expect(try await store.keep([second]).kept, 1, "kept by another model")
        try expect(try await store.keep([second, first]).known, 2, "known to both")
        try expect(try await store.keep([again(near, by: "second")]).duplicates, 1, "a duplicate of another model")
        try expect(try await store.keep([near, again(near, by: "second")]).known, 2, "known duplicates of both")
        for item in [first, second] {
            let found = try await store.search(MeaningFixture.query(item))
            try expect(found.map(\.item), [item], "found by its model")
            try expect(found.map(\.duplicates), [1], "duplicates of its model")
        }
    }

    static let withoutEmbedding = Check("items of other models are found in pages, those of this one left out") {
        place, store in
        var items: [RememberedItem] = []
        for number in 0..<5 {
            var item = try MeaningFixture("page \(number)").item
            item.kind = .summary
            item.at = DecisionFixture.time.advanced(milliseconds: Double(number / 2) * 1_000)
            items.append(item)
        }
        var staging = try MeaningFixture("page staging").item
        staging.kind = .summary
        staging.environment = .staging
        _ = try await store.keep(items + [staging, try MeaningFixture("page decision").item])
        // One that two other models have is one; one that this model has is left out.
        _ = try await store.keep([again(items[4], by: "third"), again(items[0], by: "second")])
        let model = EmbeddingModel(name: "second", dimensions: items[0].model.dimensions)
        var found: [MessageID] = []
        var before: VectorPlace?
        for _ in 0..<4 {
            let page = try await store.withoutEmbedding(
                of: model, kind: .summary, in: .dev, before: before, limit: 2)
            found += page.map(\.id)
            before = page.last.map { VectorPlace($0) } ?? before
        }
        let expected = items.dropFirst().sorted { VectorPlace($1) < VectorPlace($0) }.map(\.id)
        try expect(found, expected, "in pages of two")
        let elsewhere = try await place.store(try Token("elsewhere"))
        let theirs = try await elsewhere.withoutEmbedding(
            of: model, kind: .summary, in: .dev, before: nil, limit: 10)
        try expect(theirs.count, 0, "of another kernel")
        await elsewhere.close()
    }
}
