import NimmerIris
import NimmerMemory
import NimmerPlatform
import NimmerWave
import Synchronization

/// Finds what is near to a text, within a time: a model or a store that hangs is abandoned, not awaited (spec/iris.md, Memory by meaning).
package struct MemorySearch: Sendable {
    /// Searches and recalls in progress at most, abandoned ones included.
    package static let places = 8

    /// A question.
    package struct Question: Sendable {
        /// Text that is compared.
        package var text: String
        /// Matches at most, 1 to 100.
        package var limit = 10
        /// Only items of these kinds.
        package var kinds = Set(RememberedItem.Kind.allCases)
        /// Only items of these regions; nil: of all.
        package var regions: SubjectPattern?
        /// Only items from then on.
        package var since: Timestamp?
        /// An item that is left out.
        package var except: MessageID?

        /// A question about all that is remembered.
        package init(_ text: String) { self.text = text }
    }

    private let keeper: MeaningKeeper
    private let vectors: any VectorStore
    private let embedder: MeaningKeeper.EmbedderSource
    private let calls = AbandonedCalls(places: places)

    /// Searches what a keeper keeps.
    ///
    /// - Parameters:
    ///   - vectors: the store that is asked, one with a connection of its own: no question waits for a batch; the keeper's unless given.
    ///   - embedder: finds the embedder of questions; the keeper's unless given.
    package init(
        _ keeper: MeaningKeeper, vectors: (any VectorStore)? = nil, embedder: MeaningKeeper.EmbedderSource? = nil
    ) {
        self.keeper = keeper
        self.vectors = vectors ?? keeper.vectors
        self.embedder = embedder ?? keeper.embedder
    }

    /// The nearest items, nearest first.
    ///
    /// - Throws: a `MeaningFailure` that names what does not answer.
    package func find(_ question: Question, within time: Duration) async throws -> [VectorMatch] {
        let (keeper, vectors, embedder) = (keeper, vectors, embedder)
        let deadline = ContinuousClock.now + time
        let outcome = await calls.call(within: time) { () async -> Result<[VectorMatch], MeaningFailure> in
            await Self.find(question, keeper, vectors, embedder, by: deadline)
        }
        let found: [VectorMatch]
        switch outcome {
        case .returned(.success(let matches)):
            keeper.state.withLock { $0.answered += 1 }
            found = matches
        case .returned(.failure(let failure)):
            keeper.state.withLock { $0.failed += 1 }
            throw failure
        case .late:
            keeper.state.withLock { $0.late += 1 }
            throw MeaningFailure(.late, "no answer within \(Int(saturating: time / .milliseconds(1))) ms")
        case .busy:
            keeper.state.withLock { $0.failed += 1 }
            throw MeaningFailure(.late, "\(Self.places) earlier questions have no answer yet")
        }
        return found
    }

    private static func find(
        _ question: Question, _ keeper: MeaningKeeper, _ vectors: any VectorStore,
        _ source: MeaningKeeper.EmbedderSource, by deadline: ContinuousClock.Instant
    ) async -> Result<[VectorMatch], MeaningFailure> {
        do {
            let embedder = try await source()
            guard
                let embedding = try await embedder.checked(
                    [MeaningText.harmless(question.text, MeaningText.maximumBytes)],
                    deadline: deadline
                ).first
            else { return .success([]) }
            var query = VectorQuery(embedding, model: embedder.model, in: keeper.environment)
            query.kinds = question.kinds
            query.since = question.since
            let only = question.regions.flatMap { try? Region($0.text) }
            query.region = only
            // What is left out here must not leave the answer short.
            let isFiltered = only == nil && question.regions != nil
            query.limit = isFiltered ? 1_000 : question.limit + (question.except == nil ? 0 : 1)
            let matches = try await vectors.search(query).filter { match in
                if let except = question.except, match.item.id == except { return false }
                return question.regions?.matches(match.item.region.text) ?? true
            }
            return .success(Array(matches.prefix(question.limit)))
        } catch let error as EmbeddingError {
            return .failure(MeaningFailure(error))
        } catch let error as MemoryError {
            return .failure(MeaningFailure(error))
        } catch {
            return .failure(MeaningFailure(.store, "\(error)"))
        }
    }
}
