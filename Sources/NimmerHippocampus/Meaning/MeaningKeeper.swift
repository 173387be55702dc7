import NimmerIris
import NimmerMemory
import NimmerWave
import Synchronization

/// Embeds what was committed, in a task of its own: in batches, after the commit, and never in its way (spec/iris.md, Memory by meaning).
///
/// Rows that wait stand in the database, so that a process that ends finds it again. A model or a store that does not answer leaves it there; a
/// text without an embedding is counted and left out.
package final class MeaningKeeper: Sendable {
    /// Finds the embedder whose model is in force.
    package typealias EmbedderSource = @Sendable () async throws(EmbeddingError) -> any Embedder

    /// Notice that is logged, once for each change.
    package enum Notice: Sendable, Hashable {
        /// Nothing is embedded for now.
        case stopped(MeaningStatus.Trouble, String)
        /// It works again.
        case works(EmbeddingModel)
    }

    /// Rows of one batch.
    package static let batch = 64
    /// Time for which the model may work on a batch.
    static let deadline = Duration.seconds(10)

    let source: any MeaningSource & SummarySource
    let vectors: any VectorStore
    let embedder: EmbedderSource
    let environment: Environment
    private let isTrusted: @Sendable (String, Token) -> Bool
    private let notify: @Sendable (Notice) -> Void
    private let wakeUps: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation
    let state = Mutex(MeaningStatus())
    /// Way in which summaries are made.
    let summaries: SummaryMaking
    /// Summaries of other models that were taken up, of the model in force.
    let takenUp = Mutex(TakenUp())
    /// The last day that is known to have summaries; nil before the first look.
    let lastDay = Mutex<String?>(nil)

    /// A keeper that does not run yet.
    ///
    /// - Parameters:
    ///   - source: where rows wait.
    ///   - vectors: where items are kept.
    ///   - embedder: finds the embedder whose model is in force; asked before each batch.
    ///   - isTrusted: whether a sender may speak as an origin; the content of others is left out.
    ///   - summaries: levels of regions, and what writes summaries; extracted unless given.
    ///   - notify: called once for each change that a person should know.
    package init(
        _ source: any MeaningSource & SummarySource, _ vectors: any VectorStore, embedder: @escaping EmbedderSource,
        environment: Environment, isTrusted: @escaping @Sendable (String, Token) -> Bool,
        summaries: SummaryMaking = SummaryMaking(),
        notify: @escaping @Sendable (Notice) -> Void = { _ in }
    ) {
        self.source = source
        self.vectors = vectors
        self.embedder = embedder
        self.environment = environment
        self.isTrusted = isTrusted
        self.summaries = summaries
        self.notify = notify
        (wakeUps, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Current status.
    package var status: MeaningStatus { state.withLock { $0 } }

    /// Something was committed; never waits.
    package func committed() { wakeUp.yield() }

    /// Embeds until the task is cancelled: after each commit, and every two seconds. Summaries have a task of their own: no row waits for what
    /// writes them.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                while (try? await Task.sleep(for: .seconds(2))) != nil { self.wakeUp.yield() }
            }
            group.addTask {
                while (try? await Task.sleep(for: .seconds(2))) != nil {
                    while !Task.isCancelled, await self.summarize(at: .now()) {}
                }
            }
            wakeUp.yield()
            for await _ in wakeUps {
                while !Task.isCancelled, await round() {}
                while !Task.isCancelled, await takeUpSummaries() {}
                if Task.isCancelled { break }
            }
            group.cancelAll()
        }
        await vectors.close()
    }

    /// Lets nothing wait any more in an environment that is not remembered by meaning; a store that is away is asked again.
    package static func stop(_ source: any MeaningSource, _ environment: Environment) async {
        while !Task.isCancelled {
            do throws(MemoryError) { return try await source.stopMeanings(environment) } catch {
                guard (try? await Task.sleep(for: .seconds(30))) != nil else { return }
            }
        }
    }

    /// Embeds one batch of what waits.
    ///
    /// - Returns: whether more may be ready.
    package func round() async -> Bool {
        do throws(MeaningFailure) {
            let model = try await embed()
            changed(nil, model)
            return model.hasMore
        } catch {
            if !Task.isCancelled { changed(error, nil) }
            return false
        }
    }

    private func embed() async throws(MeaningFailure) -> (model: EmbeddingModel, hasMore: Bool) {
        let embedder: any Embedder
        do throws(EmbeddingError) { embedder = try await self.embedder() } catch { throw MeaningFailure(error) }
        let batch: Batch
        do throws(MemoryError) { batch = try await nextBatch(embedder.model) } catch { throw MeaningFailure(error) }
        let items = try await items(of: batch.drafts, by: embedder)
        do throws(MemoryError) {
            if !items.isEmpty { note(try await vectors.keep(items)) }
            try await source.endMeanings(batch.rows)
        } catch { throw MeaningFailure(error) }
        state.withLock { $0.waiting = max(0, $0.waiting - batch.rows.count) }
        return (embedder.model, !batch.rows.isEmpty && batch.waiting > batch.rows.count)
    }

    /// Rows that are ready, and what of them is to be embedded.
    private struct Batch {
        var rows: [Int] = []
        var drafts: [MeaningDraft] = []
        var waiting = 0
    }

    private func nextBatch(_ model: EmbeddingModel) async throws(MemoryError) -> Batch {
        let isBegun = state.withLock { $0.model == model && $0.trouble == nil }
        if !isBegun { try await source.beginMeanings(environment, model: model) }
        // Rows whose trail is not whole yet must not keep others from their turn.
        let pending = try await source.pendingMeanings(environment, limit: Self.batch * 4)
        state.withLock {
            $0.waiting = pending.waiting
            $0.dropped = pending.dropped
        }
        var batch = Batch(waiting: pending.waiting)
        for row in pending.rows where batch.rows.count < Self.batch {
            let trail = try await source.trail(of: row.opening ?? row.id)
            guard !row.waits(for: trail) else { continue }
            batch.rows.append(row.number)
            if let draft = row.draft(trail, in: environment, isTrusted: isTrusted) {
                batch.drafts.append(draft)
            } else {
                state.withLock { $0.empty += 1 }
            }
        }
        return batch
    }

    /// The items of drafts; what has no embedding is counted and left out.
    func items(
        of drafts: [MeaningDraft], by embedder: any Embedder
    ) async throws(MeaningFailure) -> [RememberedItem] {
        guard !drafts.isEmpty else { return [] }
        do throws(EmbeddingError) {
            let embeddings = try await embedder.checked(drafts.map(\.text), deadline: .now + Self.deadline)
            return zip(drafts, embeddings).map { $0.item($1, model: embedder.model, in: environment) }
        } catch {
            guard error == .notFinite || error == .unknownText else { throw MeaningFailure(error) }
            // One text is at fault: it is found by halving.
            guard drafts.count > 1 else {
                state.withLock { $0.unembeddable += 1 }
                return []
            }
            let half = drafts.count / 2
            let first = try await items(of: Array(drafts[..<half]), by: embedder)
            return first + (try await items(of: Array(drafts[half...]), by: embedder))
        }
    }

    /// The text of an opening that a summary quotes.
    func text(of trail: MemoryTrail) -> String? {
        MeaningText(trail, as: .decision, isTrusted: isTrusted)?.text
            ?? MeaningText(trail, as: .collapse, isTrusted: isTrusted)?.text
    }

    func note(_ report: VectorReport) {
        state.withLock {
            $0.kept += report.kept
            $0.known += report.known
            $0.duplicates += report.duplicates
            $0.refused += report.refused.count
        }
    }

    private func changed(_ failure: MeaningFailure?, _ model: (model: EmbeddingModel, hasMore: Bool)?) {
        let notice = state.withLock { state -> Notice? in
            let before = (state.trouble, state.model)
            state.trouble = failure?.trouble
            state.reason = failure?.description ?? ""
            if let model { state.model = model.model }
            if let failure { return before.0 == failure.trouble ? nil : .stopped(failure.trouble, failure.description) }
            guard let model, before.0 != nil || before.1 != model.model else { return nil }
            return .works(model.model)
        }
        if let notice { notify(notice) }
    }
}
