import NimmerIris
import NimmerMemory
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
            for start in stride(from: 0, to: regions.count, by: Self.batch) {
                var drafts: [MeaningDraft] = []
                for region in regions[start..<min(start + Self.batch, regions.count)] {
                    var texts: [String] = []
                    for id in region.strongest {
                        guard let trail = try await source.trail(of: id) else { continue }
                        if let text = text(of: trail) { texts.append(text) }
                    }
                    let summary = DailySummary(region, on: day.date, texts: texts, in: environment)
                    drafts.append(
                        MeaningDraft(
                            id: summary.id, kind: .summary, region: region.region, opening: nil,
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
}
