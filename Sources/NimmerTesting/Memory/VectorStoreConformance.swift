import NimmerIris
import NimmerMemory
import NimmerWave

/// The contract of ``NimmerMemory/VectorStore``, as checks that every implementation must pass.
///
/// Each check needs an empty place; a test runs all of them:
///
///     @Test(arguments: VectorStoreConformance.checks)
///     func keepsTheContract(_ check: VectorStoreConformance.Check) async throws {
///         try await check.run(VectorStoreConformance.Place(memory: memory) { kernel in makeStore(kernel) })
///     }
public enum VectorStoreConformance {
    /// Place where stores of several kernels lie beside each other.
    public struct Place: Sendable {
        /// The memory that knows what became of openings.
        public let memory: any MemoryStore
        /// Makes a store of a kernel: another over the same rows each time.
        public let store: @Sendable (Token) async throws -> any VectorStore

        /// A place.
        public init(memory: any MemoryStore, store: @escaping @Sendable (Token) async throws -> any VectorStore) {
            self.memory = memory
            self.store = store
        }
    }

    /// One promise of the contract.
    public struct Check: Sendable, CustomStringConvertible {
        /// The promise in a few words.
        public let description: String
        private let body: @Sendable (Place, any VectorStore) async throws -> Void

        init(_ description: String, _ body: @escaping @Sendable (Place, any VectorStore) async throws -> Void) {
            self.description = description
            self.body = body
        }

        /// Throws a violation when a store does not keep the promise.
        public func run(_ place: Place) async throws {
            let store = try await place.store(try Token("main"))
            try await store.open()
            try await body(place, store)
            await store.close()
        }
    }

    /// All promises.
    public static let checks: [Check] = [
        once, duplicates, onlyTheSame, inOneBatch, models, keptByEach, withoutEmbedding, kernels, filters, limits,
        order, refusals, questions, texts,
        outcomes, twoWriters, reopening, many,
    ]

    static func expect<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) throws {
        try StoreConformance.expect(found, expected, what)
    }

    // MARK: - Keeping

    static let once = Check("an item is kept once, and comes back as it was") { _, store in
        let items = try (0..<5).map { try MeaningFixture("once \($0)").item }
        try expect(try await store.keep(items).kept, 5, "kept")
        let again = try await store.keep(items + [items[0]])
        try expect([again.kept, again.known, again.duplicates], [0, 6, 0], "kept, known, duplicates the second time")
        let found = try await store.search(MeaningFixture.query(items[3]))
        try expect(found.count, 5, "matches")
        try expect(found.first?.item, items[3], "the nearest item")
        try expect(found.first.map { $0.cosine > 0.9999 }, true, "its cosine is 1")
        try expect(found.map(\.duplicates), [0, 0, 0, 0, 0], "duplicates")
        var other = try MeaningFixture("once other").item
        other.id = items[2].id
        try expect(try await store.keep([other]).known, 1, "another content under a known id")
    }

    static let duplicates = Check("of near duplicates the first stays, and each is counted once") { _, store in
        let first = try MeaningFixture("first")
        let near = try (0..<3).map { try first.near(0.97, "near \($0)").item }
        let far = try first.near(0.93, "far").item
        try expect(try await store.keep([first.item]).kept, 1, "kept")
        let report = try await store.keep(near)
        try expect([report.kept, report.duplicates], [0, 3], "kept and counted")
        try expect(try await store.keep(near).known, 3, "known: a duplicate is not counted again")
        try expect(try await store.keep([far]).kept, 1, "below the bound")
        let found = try await store.search(MeaningFixture.query(first.item))
        try expect(found.map(\.item), [first.item, far], "items")
        try expect(found.map(\.duplicates), [3, 0], "duplicates")
    }

    static let onlyTheSame = Check("duplicates are of one kind, region, environment, model and kernel") {
        place, store in
        let first = try MeaningFixture("same")
        func copy(_ seed: String, _ change: (inout RememberedItem) throws -> Void) rethrows -> RememberedItem {
            var item = first.item
            item.id = .named("copy \(seed)")
            try change(&item)
            return item
        }
        let others = [
            first.item, copy("kind") { $0.kind = .outcome },
            try copy("region") { $0.region = try Region("door.front") },
            copy("environment") { $0.environment = .staging },
            copy("model") { $0.model = EmbeddingModel(name: "another", dimensions: $0.model.dimensions) },
        ]
        for item in others { try expect(try await store.keep([item]).kept, 1, "kept") }
        let elsewhere = try await place.store(try Token("elsewhere"))
        try expect(try await elsewhere.keep([first.item]).kept, 1, "kept in another kernel")
        await elsewhere.close()
        try expect(try await store.keep([copy("all") { _ in }]).duplicates, 1, "a duplicate of all of it")
    }

    static let inOneBatch = Check("a batch is checked against itself") { _, store in
        let first = try MeaningFixture("batch")
        let near = try first.near(0.98, "batch near").item
        let report = try await store.keep([first.item, near, first.item, try MeaningFixture("batch other").item])
        try expect([report.kept, report.duplicates, report.known], [2, 1, 1], "kept, counted, known")
        try expect(try await store.search(MeaningFixture.query(first.item)).first?.duplicates, 1, "duplicates")
        try expect(try await store.keep([]), VectorReport(), "an empty batch")
    }

    static let refusals = Check("an item that cannot be kept is refused alone, by name") { _, store in
        let good = try (0..<3).map { try MeaningFixture("good \($0)").item }
        var wrong = try MeaningFixture("wrong").item
        wrong.model = EmbeddingModel(name: wrong.model.name, dimensions: 31)
        var long = try MeaningFixture("long").item
        long.text = String(repeating: "é", count: 1001)
        var cut = try MeaningFixture("nul").item
        cut.text = "before\0after"
        var unnamed = try MeaningFixture("unnamed").item
        unnamed.model = EmbeddingModel(name: "", dimensions: unnamed.model.dimensions)
        let report = try await store.keep([good[0], wrong, good[1], long, cut, unnamed, good[2]])
        try expect(report.kept, 3, "kept")
        try expect(report.refused.map(\.id), [wrong, long, cut, unnamed].map(\.id), "refused")
        let reasons = report.refused.map(\.reason)
        for (reason, part) in zip(reasons, ["32 components, its model 31", "2002 bytes", "U+0000", "0 characters"])
        where !reason.contains(part) {
            throw StoreConformance.Violation(description: "a refusal names '\(part)': found '\(reason)'")
        }
        let isRefused =
            (try? Embedding(normalizing: [1, .nan])) == nil && (try? Embedding(normalizing: [0, 0])) == nil
        try expect(isRefused, true, "an embedding that is not finite, or has no length")
    }

    static let texts = Check("texts come back byte for byte: controls, quotes, 2,000 bytes") { _, store in
        let texts = [
            "tab\tnewline\n\u{1b}[31mred\u{7f} \"quoted\" back\\slash, {braces} NULL",
            "ignore all rules; drop table memory_meanings; --'", "", "\u{202e}é🙂\r\n",
            String(repeating: "x", count: 2_000),
        ]
        var items: [RememberedItem] = []
        for (number, text) in texts.enumerated() {
            var item = try MeaningFixture("text \(number)").item
            item.text = text
            items.append(item)
        }
        try expect(try await store.keep(items).kept, texts.count, "kept")
        for item in items {
            let found = try await store.search(MeaningFixture.query(item))
            try expect(found.first.map { Array($0.item.text.utf8) }, Array(item.text.utf8), "text")
        }
    }

    static let outcomes = Check("a match has the outcome that counts of its opening") { place, store in
        let decision = try DecisionFixture(seed: "meaning")
        var item = try MeaningFixture("outcome").item
        item.opening = decision.transition.header.messageID
        var summary = try MeaningFixture("summary").item
        summary.kind = .summary
        summary.opening = nil
        _ = try await store.keep([item, summary])
        try expect(try await outcome(of: item, store), nil, "before")
        _ = try await place.memory.write([decision.opening, decision.accepted()])
        try expect(try await outcome(of: item, store), "confirmed", "accepted")
        _ = try await place.memory.write([decision.later(.withdrawal, .confirmed, after: 10)])
        try expect(try await outcome(of: item, store), nil, "taken back")
        _ = try await place.memory.write([decision.later(.outcome, .failed, after: 20)])
        try expect(try await outcome(of: item, store), "failed", "judged again")
        try expect(try await store.search(MeaningFixture.query(summary)).first?.outcome, nil, "of a summary")
        await place.memory.close()
    }

    private static func outcome(of item: RememberedItem, _ store: any VectorStore) async throws -> String? {
        try await store.search(MeaningFixture.query(item)).first?.outcome
    }

    static let twoWriters = Check("two writers of the same items keep each once") { place, store in
        var items: [RememberedItem] = []
        for number in 0..<60 {
            let fixture = try MeaningFixture("writers \(number)", region: "region-\(number % 5)")
            items += [fixture.item, try fixture.near(0.98, "writers near \(number)").item]
        }
        let all = items
        let reports = try await withThrowingTaskGroup(of: VectorReport.self) { group in
            for writer in 0..<2 {
                group.addTask {
                    let mine = try await place.store(try Token("main"))
                    var sum = VectorReport()
                    let order = writer == 0 ? all : all.reversed()
                    for start in stride(from: 0, to: order.count, by: 17) {
                        let report = try await mine.keep(Array(order[start..<min(start + 17, order.count)]))
                        sum.kept += report.kept
                        sum.known += report.known
                        sum.duplicates += report.duplicates
                    }
                    await mine.close()
                    return sum
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try expect(reports.reduce(0) { $0 + $1.kept }, 60, "kept")
        try expect(reports.reduce(0) { $0 + $1.duplicates }, 60, "duplicates")
        try expect(reports.reduce(0) { $0 + $1.known }, 120, "known")
        var query = MeaningFixture.query(all[0])
        query.limit = 1_000
        let found = try await store.search(query)
        try expect(found.count, 60, "matches")
        try expect(found.map(\.duplicates), [Int](repeating: 1, count: 60), "duplicates of each")
    }

    static let reopening = Check("a store that was closed opens again, and another finds the same") { place, store in
        let item = try MeaningFixture("reopen").item
        _ = try await store.keep([item])
        await store.close()
        try expect(try await store.search(MeaningFixture.query(item)).map(\.item), [item], "after it was closed")
        let other = try await place.store(try Token("main"))
        try await other.open()
        try await other.open()
        let later = try MeaningFixture("reopen later").item
        _ = try await store.keep([later])
        try expect(try await other.search(MeaningFixture.query(later)).first?.item, later, "what another wrote since")
        try expect(try await other.keep([item]).known, 1, "known to another")
        await other.close()
    }
}
