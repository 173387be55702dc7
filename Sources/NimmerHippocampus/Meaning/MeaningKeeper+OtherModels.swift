import NimmerIris
import NimmerMemory
import NimmerWave
import Synchronization

/// Place up to which summaries that other models embedded were taken up.
struct TakenUp: Sendable {
    /// The model that embeds them; nil: none yet.
    var model: EmbeddingModel?
    /// The last that was taken up; nil: none yet.
    var before: VectorPlace?
    /// Number of those that were taken up.
    var count = 0
    /// Indicates whether no more are left.
    var isDone = false
}

extension MeaningKeeper {
    /// Embeds a batch of the summaries that other models embedded, the newest first (spec/iris.md, Memory by meaning).
    ///
    /// Rows are taken up by their source; summaries have no row, and the text that is kept is the only one.
    ///
    /// - Returns: whether more may be left.
    package func takeUpSummaries() async -> Bool {
        let now = status
        guard now.trouble == nil, let model = now.model else { return false }
        var place = takenUp.withLock { $0 }
        if place.model != model { place = TakenUp(model: model) }
        guard !place.isDone else { return false }
        do {
            let embedder = try await self.embedder()
            guard embedder.model == model else { return false }
            let limit = min(Self.batch, PendingMeanings.backfill - place.count)
            let others =
                limit > 0
                ? try await vectors.withoutEmbedding(
                    of: model, kind: .summary, in: environment, before: place.before, limit: limit) : []
            let drafts = others.map { item in
                MeaningDraft(
                    id: item.id, kind: item.kind, region: item.region, opening: item.opening, at: item.at,
                    text: item.text)
            }
            if !drafts.isEmpty { note(try await vectors.keep(try await items(of: drafts, by: embedder))) }
            place.before = others.last.map { VectorPlace($0) } ?? place.before
            place.count += others.count
            place.isDone = others.count < Self.batch
            let next = place
            takenUp.withLock { $0 = next }
            return !next.isDone
        } catch {
            // The next round finds out what is wrong, and names it.
            return false
        }
    }
}
