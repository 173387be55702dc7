import NimmerWave
import Synchronization

/// The organ with the real model, and the table where it does not answer; each answer names its model
/// (spec/iris.md, Which model answers).
///
/// The model in force is the organ's where there is one, else the table's. It never changes with what can be reached: while the organ is gone
/// the table's answers are marked as degraded, and are compared with its own alone.
public final class EmbeddingChain: Sendable {
    /// Connects to the organ and learns its model, by a deadline.
    public typealias Connection =
        @Sendable (_ deadline: ContinuousClock.Instant) async throws(EmbeddingError) -> any Embedder

    private struct State {
        var status = EmbeddingChainStatus()
        var organ: (any Embedder)?
        var breaker = EmbeddingBreaker()
    }

    private let table: (any Embedder)?
    private let connect: Connection?
    /// Time that the organ may take over one question.
    private let organTime: Duration
    private let state: Mutex<State>

    /// A chain that has asked nothing yet.
    ///
    /// - Parameters:
    ///   - table: the table in the process; nil: there is none.
    ///   - organ: the connection to the organ; nil: none is configured. It is called until it has succeeded once.
    ///   - organTime: the time that the organ may take over one question.
    public init(table: (any Embedder)?, organ: Connection? = nil, organTime: Duration = .milliseconds(250)) {
        self.table = table
        connect = organ
        self.organTime = organTime
        var state = State()
        state.status.table = table.map { table in
            var link = EmbeddingChainStatus.Link()
            link.model = table.model
            return link
        }
        state.status.organ = organ.map { _ in EmbeddingChainStatus.Link() }
        state.status.model = organ == nil ? table?.model : nil
        self.state = Mutex(state)
    }

    /// The model in force: the organ's where one is configured and has answered since the start, else the table's; nil: not known yet, or
    /// neither is there.
    public var model: EmbeddingModel? { state.withLock { $0.status.model } }

    /// State of the chain now.
    public var status: EmbeddingChainStatus {
        let now = ContinuousClock.now
        return state.withLock { state in
            var status = state.status
            status.organ?.paused = state.breaker.remaining(at: now)
            return status
        }
    }

    /// Connects to the organ in a time in which it may load its model, or asks one that failed whether it answers again; without an organ
    /// it does nothing.
    ///
    /// - Throws: ``EmbeddingError`` with what keeps the organ from answering; a later question tries again.
    public func prepare(deadline: ContinuousClock.Instant) async throws(EmbeddingError) {
        guard connect != nil else { return }
        let known = state.withLock { $0.status.organ?.trouble.isEmpty == false ? $0.organ : nil }
        do throws(EmbeddingError) {
            if let known { _ = try await known.embed(["organ"], deadline: deadline) }
            _ = try await organ(by: deadline)
            state.withLock { state in
                state.breaker.succeed()
                state.status.organ?.trouble = ""
            }
        } catch {
            state.withLock { $0.status.organ?.trouble = error.description }
            throw error
        }
    }

    /// The link with the model in force alone: the organ where one is configured, else the table. For what is stored, and compared later.
    ///
    /// - Throws: ``EmbeddingError/unavailable(_:)`` where it is not there, or has not answered yet by the deadline.
    public func embedder(deadline: ContinuousClock.Instant) async throws(EmbeddingError) -> any Embedder {
        if connect != nil { return Link(chain: self, model: try await organ(by: deadline).model) }
        guard let table else { throw .unavailable("there is no table") }
        return Link(chain: self, model: table.model)
    }

    private struct Link: Embedder {
        let chain: EmbeddingChain
        let model: EmbeddingModel

        func embed(
            _ texts: [String], deadline: ContinuousClock.Instant
        ) async throws(EmbeddingError) -> [Embedding] { try await chain.embed(texts, in: model, deadline: deadline) }
    }

    /// The embeddings of texts by the first link that answers.
    ///
    /// - Throws: ``EmbeddingError`` of the last link, where neither answers: regions are then compared by their patterns.
    public func embed(
        _ texts: [String], deadline: ContinuousClock.Instant
    ) async throws(EmbeddingError) -> EmbeddingAnswer {
        var reason: String?
        if connect != nil {
            do throws(EmbeddingError) { return try await askOrgan(texts, by: deadline) } catch {
                reason = error.description
            }
        }
        do throws(EmbeddingError) {
            let answer = try await askTable(texts, by: deadline, degraded: reason)
            if reason != nil { state.withLock { $0.status.degraded += 1 } }
            return answer
        } catch {
            state.withLock { $0.status.unanswered += 1 }
            throw error
        }
    }

    /// The embeddings of texts by the link that has a model, and by no other.
    ///
    /// - Throws: ``EmbeddingError/unavailable(_:)`` where neither link has the model, else the link's error.
    public func embed(
        _ texts: [String], in model: EmbeddingModel, deadline: ContinuousClock.Instant
    ) async throws(EmbeddingError) -> [Embedding] {
        if model == table?.model { return try await askTable(texts, by: deadline, degraded: nil).embeddings }
        guard connect != nil else { throw .unavailable("no organ is configured, and the table is not \(model.name)") }
        let answer = try await askOrgan(texts, by: deadline)
        guard answer.model == model else { throw .unavailable("the organ is \(answer.model.name), not \(model.name)") }
        return answer.embeddings
    }

    // MARK: The links

    private func askOrgan(
        _ texts: [String], by deadline: ContinuousClock.Instant
    ) async throws(EmbeddingError) -> EmbeddingAnswer {
        let began = ContinuousClock.now
        let left: Duration? = state.withLock { state in
            state.breaker.mayAsk(at: began) ? nil : state.breaker.remaining(at: began) ?? .zero
        }
        if let left {
            let trouble = state.withLock { $0.status.organ?.trouble ?? "" }
            throw .unavailable("the organ is left out for \(Int(saturating: left / .seconds(1))) s: \(trouble)")
        }
        // A caller that gives it less than its time learns nothing about it; a part remains for the table.
        let whole = began + organTime
        let end = min(whole, began + began.duration(to: deadline) * 4 / 5)
        do throws(EmbeddingError) {
            let organ = try await organ(by: end)
            let embeddings = try await organ.embed(texts, deadline: end)
            guard embeddings.count == texts.count else {
                throw .unavailable("the organ answered \(embeddings.count) embeddings for \(texts.count) texts")
            }
            for embedding in embeddings where embedding.dimensions != organ.model.dimensions {
                throw .wrongDimensions(found: embedding.dimensions, expected: organ.model.dimensions)
            }
            state.withLock { state in
                state.breaker.succeed()
                state.status.organ?.answered += 1
                state.status.organ?.texts += texts.count
                state.status.organ?.trouble = ""
            }
            return EmbeddingAnswer(embeddings: embeddings, model: organ.model)
        } catch {
            let isItsFault = error != .unknownText && !Task.isCancelled && (error != .timedOut || end == whole)
            state.withLock { state in
                state.status.organ?.failed += 1
                state.status.organ?.trouble = error.description
                if isItsFault { state.breaker.fail(at: .now) } else { state.breaker.abandon() }
            }
            throw error
        }
    }

    /// The organ, connected; its model is that of its first answer from then on.
    private func organ(by deadline: ContinuousClock.Instant) async throws(EmbeddingError) -> any Embedder {
        if let organ = state.withLock({ $0.organ }) { return organ }
        guard let connect else { throw .unavailable("no organ is configured") }
        let organ = try await connect(deadline)
        return state.withLock { state in
            // Of two questions that connect at once the first decides.
            if let first = state.organ { return first }
            state.organ = organ
            state.status.model = organ.model
            state.status.organ?.model = organ.model
            return organ
        }
    }

    private func askTable(
        _ texts: [String], by deadline: ContinuousClock.Instant, degraded: String?
    ) async throws(EmbeddingError) -> EmbeddingAnswer {
        guard let table else {
            throw .unavailable(degraded.map { "there is no table, and no organ: \($0)" } ?? "there is no table")
        }
        do throws(EmbeddingError) {
            let embeddings = try await table.embed(texts, deadline: deadline)
            state.withLock { state in
                state.status.table?.answered += 1
                state.status.table?.texts += texts.count
                state.status.table?.trouble = ""
            }
            return EmbeddingAnswer(embeddings: embeddings, model: table.model, degraded: degraded)
        } catch {
            state.withLock { state in
                state.status.table?.failed += 1
                state.status.table?.trouble = error.description
            }
            throw error
        }
    }
}
