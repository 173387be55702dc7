import NimmerIris
import NimmerMemory
import NimmerSystem
import NimmerWave
import Synchronization

extension MeaningKeeper {
    /// Keeps the summaries of the oldest day that is due; days that were missed come one after the other (spec/iris.md, Summaries).
    ///
    /// - Returns: whether another day may be due; false also where this one cannot be summarized now.
    package func summarize(at now: Timestamp) async -> Bool {
        // Nothing new is known of what cannot be embedded.
        let before = status
        guard before.trouble == nil, let model = before.model else { return false }
        guard lastDay.withLock({ $0 != DailySummary.due(after: nil, at: now).last?.date }) else { return false }
        do {
            let embedder = try await self.embedder()
            guard embedder.model == model else { return false }
            let last = try await source.summarizedDay(environment)
            guard let day = DailySummary.due(after: last, at: now).first else {
                lastDay.withLock { $0 = DailySummary.due(after: nil, at: now).last?.date }
                return false
            }
            let end = day.start.advanced(milliseconds: 86_400_000)
            let regions = try await source.regionDays(environment, from: day.start, until: end)
            var below: [Region: (text: String, openings: Int)] = [:]
            let nodes = summaries.levels.nodes(of: regions)
            var writing = SummaryMaking.Day(summaries.levels.highest(SummaryMaking.most, of: nodes))
            for start in stride(from: 0, to: nodes.count, by: Self.batch) {
                var drafts: [MeaningDraft] = []
                for node in nodes[start..<min(start + Self.batch, nodes.count)] {
                    let region = node.day.region
                    var place = DailySummary.Place()
                    place.level = node.level?.rawValue
                    place.below = node.below.compactMap { below[$0]?.text }
                    place.openingsBelow = node.below.reduce(0) { $0 + (below[$1]?.openings ?? 0) }
                    let summary = await summary(
                        of: node.day, on: day.date, texts: try await texts(of: node.day), at: place, &writing)
                    if node.level != nil {
                        below[region] = (summary.text, node.day.openings + place.openingsBelow)
                    }
                    drafts.append(
                        MeaningDraft(
                            id: summary.id, kind: .summary, region: region, opening: nil,
                            at: end.advanced(milliseconds: -1), text: summary.text))
                }
                let report = try await vectors.keep(try await items(of: drafts, by: embedder))
                note(report)
                state.withLock { $0.summaries += report.kept }
            }
            try await source.summarized(environment, through: day.date)
            return true
        } catch {
            // The next round finds out what is wrong, and names it.
            return false
        }
    }

    /// Texts of a day's strongest openings.
    private func texts(of day: RegionDay) async throws(MemoryError) -> [String] {
        var texts: [String] = []
        for id in day.strongest {
            guard let trail = try await source.trail(of: id) else { continue }
            if let text = text(of: trail) { texts.append(text) }
        }
        return texts
    }

    /// A summary that the organ writes, where one is named and answers; else an extracted one, with the reason counted.
    private func summary(
        of day: RegionDay, on date: String, texts: [String], at place: DailySummary.Place,
        _ writing: inout SummaryMaking.Day
    ) async -> DailySummary {
        let extracted = DailySummary(day, on: date, texts: texts, in: environment, at: place)
        guard let writer = summaries.writer else { return extracted }
        guard writing.asks(about: day.region) else {
            state.withLock { $0.extracted[.skipped, default: 0] += 1 }
            return extracted
        }
        let facts = ([extracted.counts] + place.below + texts).joined(separator: "\n")
        do throws(SummaryMaking.Failure) {
            let text = try await writer(MeaningText.cut(facts, SummaryMaking.factBytes), SummaryMaking.time)
            let written = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            guard !written.isEmpty else { throw .unusable }
            writing.answered(true)
            state.withLock { $0.written += 1 }
            return DailySummary(day, on: date, texts: [], in: environment, at: place, written: written)
        } catch {
            writing.answered(false)
            state.withLock { $0.extracted[error, default: 0] += 1 }
            return extracted
        }
    }
}
