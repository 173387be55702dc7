import NimmerIris
import NimmerMemory
import NimmerSystem
import NimmerTesting
import NimmerWave
import Synchronization
import Testing

@testable import NimmerHippocampus

@Suite("Summaries by levels, and by an organ")
struct SummaryMakingTests {
    private static let nextDay = Timestamp(nanoseconds: 1_771_113_600_000_000_000).advanced(milliseconds: 3_600_000)

    private static let rules: [MemorySettings.LevelRule] = {
        let levels: [(String, MemorySettings.Level)] = [
            ("plant", .strategy), ("plant.hall", .project), ("plant.hall.*", .task), ("plant.hall.*.>", .atomic),
        ]
        return levels.compactMap { pattern, level in
            (try? SubjectPattern(pattern)).map { MemorySettings.LevelRule($0, level) }
        }
    }()

    private static func day(_ region: String, _ openings: Int = 1) throws -> RegionDay {
        var day = RegionDay(try Region(region))
        day.openings = openings
        return day
    }

    @Test("each comes after all below it; a level without an opening of its own is there; others stand alone")
    func order() throws {
        let days = try [
            Self.day("house"), Self.day("plant.hall.pump", 3), Self.day("plant.hall.fan.blade.left", 2),
            Self.day("plant.yard"),
        ]
        let nodes = SummaryLevels(Self.rules).nodes(of: days)
        let names = nodes.map(\.day.region.text)
        #expect(
            names == [
                "house", "plant.yard", "plant.hall.fan.blade.left", "plant.hall.pump", "plant.hall.fan", "plant.hall",
                "plant",
            ])
        let below = Dictionary(uniqueKeysWithValues: nodes.map { ($0.day.region.text, $0.below.map(\.text)) })
        #expect(below["plant"] == ["plant.hall"])
        #expect(below["plant.hall"] == ["plant.hall.fan", "plant.hall.pump"])
        #expect(below["plant.hall.fan"] == ["plant.hall.fan.blade.left"])
        #expect(below["house"] == [] && below["plant.yard"] == [], "without a level")
        #expect(nodes.map(\.day.openings) == [1, 1, 2, 3, 0, 0, 0])
        let highest = SummaryLevels(Self.rules).highest(3, of: nodes)
        #expect(Set(highest.map(\.text)) == ["plant", "plant.hall", "plant.hall.pump"])
        #expect(SummaryLevels([]).nodes(of: days).map(\.day) == days, "without rules as they came")
    }

    /// A keeper of two openings, one of a pump and one of a fan of the hall.
    private func bench(
        _ making: SummaryMaking
    ) async throws -> (keeper: MeaningKeeper, vectors: InMemoryVectorStore) {
        let store = InMemoryStore()
        let table = try #require(RememberedFixture.table)
        let vectors = InMemoryVectorStore(kernel: try Token("main"), outcomes: store)
        let keeper = MeaningKeeper(
            store, vectors, embedder: { () async throws(EmbeddingError) -> any Embedder in table }, environment: .dev,
            isTrusted: { _, _ in true }, summaries: making)
        while await keeper.round() {}
        var entries: [MemoryEntry] = []
        for name in ["pump", "fan", "door", "lamp", "valve"] {
            entries += try RememberedFixture.decision(
                name, in: "plant.hall.\(name)", "a noise of the \(name)", action: "stop_\(name)")
        }
        _ = try await store.write(entries)
        while await keeper.round() {}
        while await keeper.summarize(at: Self.nextDay) {}
        return (keeper, vectors)
    }

    private func texts(_ keeper: MeaningKeeper) async throws -> [String: String] {
        var question = MemorySearch.Question("noise of the pump")
        question.kinds = [.summary]
        question.limit = 50
        let found = try await MemorySearch(keeper).find(question, within: .seconds(60))
        return Dictionary(uniqueKeysWithValues: found.map { ($0.item.region.text, $0.item.text) })
    }

    @Test("the summary of a level is made from those of the level below")
    func levels() async throws {
        let (keeper, _) = try await bench(SummaryMaking(levels: Self.rules))
        #expect(keeper.status.summaries == 7 && keeper.status.written == 0 && keeper.status.extracted.isEmpty)
        let texts = try await texts(keeper)
        #expect(texts["plant.hall.pump"]?.hasPrefix("plant.hall.pump (task) on 2026-02-14: 1 openings") == true)
        let hall = try #require(texts["plant.hall"])
        #expect(hall.hasPrefix("plant.hall (project) on 2026-02-14: 0 openings and 5 below; plant.hall.door (task) on"))
        for name in ["pump", "fan", "door", "lamp", "valve"] { #expect(hall.contains("stop_\(name)"), "\(name)") }
        let plant = try #require(texts["plant"])
        #expect(plant.hasPrefix("plant (strategy) on 2026-02-14: 0 openings and 5 below; plant.hall (project)"))
        #expect(texts.values.allSatisfy { $0.utf8.count <= MeaningText.maximumBytes })
    }

    @Test("without levels each region stands alone")
    func alone() async throws {
        let (keeper, _) = try await bench(SummaryMaking())
        #expect(keeper.status.summaries == 5)
        #expect(try await texts(keeper)["plant.hall.pump"]?.hasPrefix("plant.hall.pump on 2026-02-14:") == true)
    }

    @Test("an organ writes behind the counts, from facts alone; what it writes is harmless and cut")
    func written() async throws {
        let asked = Mutex<[String]>([])
        let (keeper, _) = try await bench(
            SummaryMaking { (facts: String, _: Duration) async throws(SummaryMaking.Failure) -> String in
                asked.withLock { $0.append(facts) }
                return "The machine\n made <b>noise</b>\u{1b}. " + String(repeating: "And more. ", count: 400)
            })
        #expect(keeper.status.written == 5 && keeper.status.extracted.isEmpty)
        let facts = asked.withLock { $0 }
        #expect(facts.count == 5 && facts.contains { $0.contains("a noise of the pump") })
        let text = try #require(try await texts(keeper)["plant.hall.pump"])
        #expect(
            text.hasPrefix("plant.hall.pump on 2026-02-14: 1 openings; decided stop_pump 1 times; The machine made "))
        #expect(text.contains("\\u{3c}b\\u{3e}noise") && !text.contains("\u{1b}"))
        #expect(text.utf8.count <= MeaningText.maximumBytes)
    }

    @Test(
        "an organ that fails leaves an extracted summary, by name, and is not asked after three failures",
        arguments: [SummaryMaking.Failure.unavailable, .late, .unusable])
    func failing(_ failure: SummaryMaking.Failure) async throws {
        let asked = Mutex(0)
        let (keeper, _) = try await bench(
            SummaryMaking { (_: String, _: Duration) async throws(SummaryMaking.Failure) -> String in
                asked.withLock { $0 += 1 }
                if failure == .unusable { return " \n" }
                throw failure
            })
        #expect(asked.withLock { $0 } == 3)
        #expect(keeper.status.extracted == [failure: 3, .skipped: 2] && keeper.status.written == 0)
        #expect(keeper.status.summaries == 5)
        #expect(keeper.status.json["summaries_extracted"]?[failure.rawValue]?.int == 3)
        #expect(try await texts(keeper)["plant.hall.pump"]?.contains("a noise of the pump") == true)
    }
}
