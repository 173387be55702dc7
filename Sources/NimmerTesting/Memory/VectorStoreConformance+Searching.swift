import NimmerIris
import NimmerMemory
import NimmerWave

extension VectorStoreConformance {
    // MARK: - Searching

    static let models = Check("embeddings of different models never meet") { _, store in
        let item = try MeaningFixture("model").item
        _ = try await store.keep([item])
        for model in [
            EmbeddingModel(name: "another", dimensions: 32),
            EmbeddingModel(name: item.model.name + " ", dimensions: 32),
        ] {
            var query = VectorQuery(item.embedding, model: model, in: item.environment)
            try expect(try await store.search(query).count, 0, "matches of another model")
            query.minimumCosine = -1
            try expect(try await store.search(query).count, 0, "matches of another model, however far")
        }
        let small = try MeaningFixture("model small", dimensions: 8).item
        _ = try await store.keep([small])
        try expect(try await store.search(MeaningFixture.query(small)).map(\.item), [small], "of other dimensions")
        try expect(try await store.search(MeaningFixture.query(item)).map(\.item), [item], "of the first model")
    }

    static let kernels = Check("kernels never see each other") { place, store in
        let elsewhere = try await place.store(try Token("elsewhere"))
        try await elsewhere.open()
        let item = try MeaningFixture("kernel").item
        var theirs = item
        theirs.text = "theirs"
        try expect(try await store.keep([item]).kept, 1, "kept")
        try expect(try await elsewhere.search(MeaningFixture.query(item)).count, 0, "found elsewhere")
        try expect(try await elsewhere.keep([theirs]).kept, 1, "the same id elsewhere")
        try expect(try await store.search(MeaningFixture.query(item)).map(\.item), [item], "found here")
        try expect(try await elsewhere.search(MeaningFixture.query(item)).map(\.item), [theirs], "found there")
        await elsewhere.close()
    }

    static let filters = Check("a question's filters leave out what they do not name") { _, store in
        var items: [RememberedItem] = []
        for (number, kind) in RememberedItem.Kind.allCases.enumerated() {
            for hour in 0..<3 {
                var item = try MeaningFixture("filter \(number) \(hour)", region: hour == 1 ? "pump" : "door.front")
                    .item
                item.kind = kind
                item.at = DecisionFixture.time.advanced(milliseconds: Double(hour) * 3_600_000)
                items.append(item)
            }
        }
        var staging = items[0]
        staging.id = .named("filter staging")
        staging.environment = .staging
        _ = try await store.keep(items + [staging])
        func expected(_ isMeant: (RememberedItem) -> Bool) -> Set<MessageID> { Set(items.filter(isMeant).map(\.id)) }
        let pump = try Region("pump")
        let since = DecisionFixture.time.advanced(milliseconds: 3_600_000)
        try expect(try await found(near: items[0], store) { _ in }, expected { _ in true }, "all")
        try expect(
            try await found(near: items[0], store) { $0.region = pump }, expected { $0.region == pump }, "of a region")
        try expect(
            try await found(near: items[0], store) { $0.since = since }, expected { $0.at >= since }, "since a time")
        try expect(
            try await found(near: items[0], store) { $0.kinds = [.decision, .summary] },
            expected { $0.kind == .decision || $0.kind == .summary },
            "of two kinds")
        try expect(
            try await found(near: items[0], store) {
                $0.kinds = [.collapse]
                $0.region = pump
                $0.since = since
            }, expected { $0.kind == .collapse && $0.region == pump && $0.at >= since }, "all three")
        try expect(try await found(near: items[0], store) { $0.kinds = [] }, [], "of no kind")
        try expect(
            try await found(near: items[0], store) { $0.region = try Region("door") }, [], "of a region's prefix")
        try expect(
            try await found(near: items[0], store) { $0.environment = .staging }, [staging.id], "of another environment"
        )
        try expect(try await found(near: items[0], store) { $0.minimumCosine = 0.999 }, [items[0].id], "near enough")
    }

    private static func found(
        near item: RememberedItem, _ store: any VectorStore, _ change: (inout VectorQuery) throws -> Void
    ) async throws -> Set<MessageID> {
        var query = MeaningFixture.query(item)
        query.limit = 100
        try change(&query)
        return Set(try await store.search(query).map(\.item.id))
    }

    static let limits = Check("a search returns as many as are asked for, 1 to 1,000") { _, store in
        var items: [RememberedItem] = []
        for number in 0..<30 { items.append(try MeaningFixture("limit \(number)").item) }
        _ = try await store.keep(items)
        for limit in [1, 7, 30, 1_000] {
            var query = MeaningFixture.query(items[4])
            query.limit = limit
            try expect(try await store.search(query).count, min(limit, 30), "matches at a limit of \(limit)")
        }
    }

    static let questions = Check("a question that makes no sense is refused by name") { _, store in
        let item = try MeaningFixture("question").item
        _ = try await store.keep([item])
        let changes: [(String, @Sendable (inout VectorQuery) -> Void)] = [
            ("0 matches", { $0.limit = 0 }), ("1001 matches", { $0.limit = 1_001 }), ("-1 matches", { $0.limit = -1 }),
            ("nan", { $0.minimumCosine = .nan }), ("2.0", { $0.minimumCosine = 2 }),
            ("31", { $0.model = EmbeddingModel(name: $0.model.name, dimensions: 31) }),
        ]
        for (part, change) in changes {
            var query = MeaningFixture.query(item)
            change(&query)
            do throws(MemoryError) {
                _ = try await store.search(query)
            } catch {
                guard error.code == .data, error.message.contains(part), !error.canRetry else {
                    throw StoreConformance.Violation(description: "a refusal names \(part): found \(error)")
                }
                continue
            }
            throw StoreConformance.Violation(description: "a question with \(part) was answered")
        }
    }

    static let order = Check("nearest first; of equals the newest, then by id") { _, store in
        let first = try MeaningFixture("order")
        var expected: [MessageID] = []
        var items: [RememberedItem] = []
        for (step, cosine) in [0.94, 0.7, 0.3, -0.4].enumerated() {
            let near = try first.near(cosine, "order \(step)").item
            var twins: [RememberedItem] = []
            for (place, region) in ["a", "b", "c", "d"].enumerated() {
                var twin = near
                twin.id = .named("order \(step) \(region)")
                twin.region = try Region(region)
                twin.at = DecisionFixture.time.advanced(milliseconds: place < 2 ? 0 : Double(place) * 1_000)
                twins.append(twin)
            }
            items += twins
            expected += [twins[3].id, twins[2].id] + [twins[0].id, twins[1].id].sorted()
        }
        _ = try await store.keep(items.reversed())
        var query = MeaningFixture.query(first.item)
        query.limit = 16
        let found = try await store.search(query)
        try expect(found.map(\.item.id), expected, "order")
        for (match, cosine) in zip(found, [0.94, 0.7, 0.3, -0.4].flatMap { [$0, $0, $0, $0] })
        where abs(match.cosine - cosine) > 0.001 {
            throw StoreConformance.Violation(description: "a cosine of \(cosine): found \(match.cosine)")
        }
        query.limit = 6
        try expect(try await store.search(query).map(\.item.id), Array(expected.prefix(6)), "the first six")
    }

    static let many = Check("10,000 items: the nearest are found, also through filters") { _, store in
        var items: [RememberedItem] = []
        for number in 0..<10_000 {
            items.append(try MeaningFixture("many \(number)", region: "region-\(number % 40)").item)
        }
        var kept = 0
        for start in stride(from: 0, to: items.count, by: 1_000) {
            kept += try await store.keep(Array(items[start..<start + 1_000])).kept
        }
        try expect(kept, 10_000, "kept")
        var found = 0
        for number in stride(from: 3, to: 10_000, by: 997) {
            let item = items[number]
            var query = MeaningFixture.query(item)
            query.limit = 5
            // A region has 250, which are compared one by one: none is missed.
            query.region = item.region
            let nearest = items.filter { $0.region == item.region }
                .sorted { $0.embedding.cosine(item.embedding) > $1.embedding.cosine(item.embedding) }
            try expect(
                try await store.search(query).map(\.item.id), nearest.prefix(5).map(\.id), "nearest of \(item.region)")
            query.region = nil
            let all = items.sorted { $0.embedding.cosine(item.embedding) > $1.embedding.cosine(item.embedding) }.prefix(
                5)
            let matches = try await store.search(query).map(\.item.id)
            try expect(matches.first, item.id, "itself")
            try expect(matches.count, 5, "matches")
            found += Set(matches).intersection(all.map(\.id)).count
        }
        // An index may miss a neighbour; of eleven times five at most five.
        guard found >= 50 else {
            throw StoreConformance.Violation(description: "nearest of all: expected at least 50 of 55, found \(found)")
        }
    }
}
