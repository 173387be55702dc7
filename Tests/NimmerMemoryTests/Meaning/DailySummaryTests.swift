import NimmerIris
import NimmerMemory
import NimmerTesting
import NimmerWave
import Testing

@testable import NimmerHippocampus

@Suite("Summaries of a region's day")
struct DailySummaryTests {
    /// An hour after the day of the fixtures, 2026-02-14.
    private static let nextDay = Timestamp(nanoseconds: 1_771_113_600_000_000_000).advanced(milliseconds: 3_600_000)

    @Test("name openings, outcomes, actions and the strongest openings, in at most 2,000 bytes")
    func text() throws {
        var day = RegionDay(try Region("plant.pump"))
        day.openings = 12
        day.outcomes = [.failed: 1, .confirmed: 3]
        day.actions = [RegionDay.Action("stop_pump", count: 9), RegionDay.Action("<wait>", count: 3)]
        let summary = DailySummary(day, on: "2026-02-14", texts: ["grinding", "grinding", "rattling"], in: .dev)
        #expect(
            summary.text
                == "plant.pump on 2026-02-14: 12 openings, 3 confirmed, 1 failed; decided stop_pump 9 times, "
                + "\\u{3c}wait\\u{3e} 3 times; grinding; rattling")
        let again = DailySummary(day, on: "2026-02-14", texts: [], in: .dev)
        let later = DailySummary(day, on: "2026-02-15", texts: [], in: .dev)
        #expect(summary.id == again.id && summary.id != later.id)
        day.actions = (0..<100).map { RegionDay.Action(String(repeating: "é", count: 900) + "\($0)", count: 1) }
        let long = DailySummary(
            day, on: "2026-02-14", texts: (0..<10).map { String(repeating: "n\($0) ", count: 900) }, in: .dev)
        #expect(long.text.utf8.count <= MeaningText.maximumBytes)
    }

    @Test("are due ten minutes after the day's end, and for at most 31 days that were missed")
    func due() {
        let now = Self.nextDay
        #expect(DailySummary.due(after: nil, at: now).map(\.date) == ["2026-02-14"])
        #expect(DailySummary.due(after: "2026-02-14", at: now).isEmpty)
        #expect(DailySummary.due(after: "2026-02-12", at: now).map(\.date) == ["2026-02-13", "2026-02-14"])
        #expect(DailySummary.due(after: "2025-01-01", at: now).count == 31)
        let early = now.advanced(milliseconds: -3_600_000 + 300_000)
        #expect(DailySummary.due(after: "2026-02-13", at: early).isEmpty, "late rows still come")
    }

    @Test("are kept once for each region and day, also for days that were missed")
    func kept() async throws {
        let store = InMemoryStore()
        let table = try #require(RememberedFixture.table)
        let vectors = InMemoryVectorStore(kernel: try Token("main"), outcomes: store)
        func keeper() -> MeaningKeeper {
            MeaningKeeper(
                store, vectors, embedder: { () async throws(EmbeddingError) -> any Embedder in table },
                environment: .dev, isTrusted: { _, _ in true })
        }
        let first = keeper()
        while await first.round() {}
        _ = try await store.write(
            RememberedFixture.decision(
                "pump", in: "plant.pump", "a grinding noise of the pump", action: "stop_pump", result: .failed)
                + RememberedFixture.decision("door", in: "house.door", "the door is open", action: "close_door"))
        while await first.round() {}
        while await first.summarize(at: Self.nextDay) {}
        #expect(first.status.summaries == 2)
        // Another run, three days later, and one opening in between.
        let between = DecisionFixture.time.advanced(milliseconds: 2 * 86_400_000)
        _ = try await store.write(
            RememberedFixture.decision(
                "sums", in: "school.sums", "the addition was wrong", action: "repeat", at: between))
        let second = keeper()
        while await second.round() {}
        let later = Self.nextDay.advanced(milliseconds: 3 * 86_400_000)
        while await second.summarize(at: later) {}
        while await second.summarize(at: later) {}
        #expect(second.status.summaries == 1)
        #expect(try await store.summarizedDay(.dev) == "2026-02-17")
        var question = MemorySearch.Question("noise of the pump")
        question.kinds = [.summary]
        let found = try await MemorySearch(second).find(question, within: .seconds(60))
        #expect(found.count == 3 && found.first?.item.region.text == "plant.pump")
        #expect(found.first?.item.text.contains("1 openings, 1 failed; decided stop_pump 1 times") == true)
    }
}
