import NimmerWave
import Synchronization
import Testing

@testable import NimmerIris

/// The organ, then the table; never both in one answer (spec/iris.md, Which model answers).
@Suite struct EmbeddingChainTests {
    /// A link whose answers the test decides.
    final class Scripted: Embedder {
        let model: EmbeddingModel
        private let script: Mutex<@Sendable ([String]) -> Result<[Embedding], EmbeddingError>>
        private let asked = Mutex(0)

        init(_ name: String, _ values: [Float]) throws(EmbeddingError) {
            model = EmbeddingModel(name: name, dimensions: values.count)
            let embedding = try Embedding(normalizing: values)
            script = Mutex { .success($0.map { _ in embedding }) }
        }

        var questions: Int { asked.withLock { $0 } }

        func answer(_ script: @escaping @Sendable ([String]) -> Result<[Embedding], EmbeddingError>) {
            self.script.withLock { $0 = script }
        }

        func embed(_ texts: [String], deadline: ContinuousClock.Instant) async throws(EmbeddingError) -> [Embedding] {
            asked.withLock { $0 += 1 }
            return try script.withLock { $0 }(texts).get()
        }
    }

    private let table: Scripted
    private let organ: Scripted
    private static let far = ContinuousClock.now + .seconds(3600)

    init() throws {
        table = try Scripted("table/t@1", [1, 0])
        organ = try Scripted("organ/o@1", [0, 1, 0])
    }

    private func chain(organTime: Duration = .seconds(600)) -> EmbeddingChain {
        EmbeddingChain(
            table: table, organ: { [organ] (_) async throws(EmbeddingError) in organ }, organTime: organTime)
    }

    @Test func withoutAnOrganTheTableIsInForce() async throws {
        let chain = EmbeddingChain(table: table)
        #expect(chain.model == table.model)
        let answer = try await chain.embed(["a", "b"], deadline: Self.far)
        #expect(answer.model == table.model && answer.embeddings.count == 2 && answer.degraded == nil)
        #expect(chain.status.table?.answered == 1 && chain.status.table?.texts == 2 && chain.status.organ == nil)
        #expect(try await chain.embedder(deadline: Self.far).model == table.model)
        try await chain.prepare(deadline: Self.far)
    }

    @Test func theOrganIsInForceOnceItHasAnswered() async throws {
        let chain = chain()
        #expect(chain.model == nil, "it is not known before")
        let answer = try await chain.embed(["a"], deadline: Self.far)
        #expect(answer.model == organ.model && answer.degraded == nil && chain.model == organ.model)
        #expect(table.questions == 0 && chain.status.organ?.answered == 1)
    }

    @Test func theTableStandsInAndIsNamed() async throws {
        let chain = chain()
        try await chain.prepare(deadline: Self.far)
        organ.answer { _ in .failure(.unavailable("no organ iris is running")) }
        let answer = try await chain.embed(["a"], deadline: Self.far)
        #expect(answer.model == table.model && answer.degraded == "no organ iris is running")
        #expect(chain.model == organ.model, "the model in force stays")
        #expect(chain.status.degraded == 1 && chain.status.organ?.trouble == "no organ iris is running")
        // Who stores what it embeds asks the model in force alone.
        let embedder = try await chain.embedder(deadline: Self.far)
        #expect(embedder.model == organ.model)
        await #expect(throws: EmbeddingError.unavailable("no organ iris is running")) {
            try await embedder.embed(["a"], deadline: Self.far)
        }
        organ.answer { _ in .success([]) }
        await #expect(throws: EmbeddingError.self) { try await embedder.embed(["a"], deadline: Self.far) }
    }

    @Test(arguments: [
        EmbeddingError.notFinite, .wrongDimensions(found: 3, expected: 4), .timedOut, .unknownText, .unavailable("x"),
    ])
    func everyFailureOfTheOrganIsTheTablesTurn(_ error: EmbeddingError) async throws {
        organ.answer { _ in .failure(error) }
        let answer = try await chain().embed(["a"], deadline: Self.far)
        #expect(answer.model == table.model && answer.degraded == error.description)
    }

    @Test func anEmbeddingOfAnotherLengthIsNoneOfTheOrgan() async throws {
        let other = try Embedding(normalizing: [1, 1])
        organ.answer { $0.isEmpty ? .success([]) : .success([other]) }
        let answer = try await chain().embed(["a"], deadline: Self.far)
        #expect(answer.model == table.model)
        #expect(answer.degraded == "an embedding has 2 components; expected 3")
    }

    @Test func anOrganThatFailedThreeTimesIsLeftOut() async throws {
        let chain = chain()
        try await chain.prepare(deadline: Self.far)
        organ.answer { _ in .failure(.unavailable("broken")) }
        for _ in 0..<3 { _ = try await chain.embed(["a"], deadline: Self.far) }
        let asked = organ.questions
        let answer = try await chain.embed(["a"], deadline: Self.far)
        #expect(organ.questions == asked && answer.degraded?.contains("left out for") == true)
        #expect(answer.degraded?.contains("broken") == true && chain.status.organ?.paused != nil)
        // Whoever looks whether it is back brings it back.
        let embedding = try Embedding(normalizing: [0, 0, 1])
        organ.answer { texts in .success(texts.map { _ in embedding }) }
        try await chain.prepare(deadline: Self.far)
        #expect(try await chain.embed(["a"], deadline: Self.far).model == organ.model)
        #expect(chain.status.organ?.paused == nil && chain.status.organ?.trouble == "")
    }

    @Test func aCallerWithLittleTimeProvesNothingAboutTheOrgan() async throws {
        organ.answer { _ in .failure(.timedOut) }
        let chain = chain()
        for _ in 0..<5 { _ = try await chain.embed(["a"], deadline: .now + .seconds(60)) }
        #expect(organ.questions == 5, "it is asked each time")
        #expect(chain.status.organ?.paused == nil)
    }

    @Test func oneModelIsAskedForAndNoOther() async throws {
        let chain = chain()
        #expect(try await chain.embed(["a"], in: table.model, deadline: Self.far).first?.dimensions == 2)
        #expect(try await chain.embed(["a"], in: organ.model, deadline: Self.far).first?.dimensions == 3)
        let other = EmbeddingModel(name: "organ/o@2", dimensions: 3)
        await #expect(throws: EmbeddingError.unavailable("the organ is organ/o@1, not organ/o@2")) {
            try await chain.embed(["a"], in: other, deadline: Self.far)
        }
    }

    @Test func withNeitherThePatternsDecide() async throws {
        let chain = EmbeddingChain(table: nil)
        await #expect(throws: EmbeddingError.unavailable("there is no table")) {
            try await chain.embed(["a"], deadline: Self.far)
        }
        #expect(chain.model == nil && chain.status.unanswered == 1)
    }

    @Test func itsStateIsJSON() async throws {
        let chain = chain()
        organ.answer { _ in .failure(.timedOut) }
        _ = try await chain.embed(["a", "b"], deadline: Self.far)
        let json = chain.status.json
        #expect(json["degraded"] == 1 && json["table"]?["texts"] == 2 && json["table"]?["model"] == "table/t@1")
        #expect(json["organ"]?["failed"] == 1 && json["organ"]?["trouble"] == "no answer in time")
    }
}

@Suite struct EmbeddingBreakerTests {
    @Test func afterThePauseOneQuestionTriesIt() {
        var breaker = EmbeddingBreaker()
        let start = ContinuousClock.now
        for _ in 0..<EmbeddingBreaker.failures {
            let mayAsk = breaker.mayAsk(at: start)
            #expect(mayAsk)
            breaker.fail(at: start)
        }
        let atOnce = breaker.mayAsk(at: start)
        #expect(!atOnce && breaker.remaining(at: start) == EmbeddingBreaker.pause)
        let later = start + EmbeddingBreaker.pause
        let (first, second) = (breaker.mayAsk(at: later), breaker.mayAsk(at: later))
        #expect(first && !second, "one at a time")
        breaker.abandon()
        let again = breaker.mayAsk(at: later)
        #expect(again)
        breaker.fail(at: later)
        let failedAgain = breaker.mayAsk(at: later)
        #expect(!failedAgain, "one failure is enough then")
        breaker.succeed()
        let healed = breaker.mayAsk(at: later)
        #expect(healed && breaker.remaining(at: later) == nil)
    }

    @Test func anAnswerForgetsEarlierFailures() {
        var breaker = EmbeddingBreaker()
        let now = ContinuousClock.now
        for _ in 0..<10 {
            breaker.fail(at: now)
            breaker.fail(at: now)
            breaker.succeed()
        }
        let mayAsk = breaker.mayAsk(at: now)
        #expect(mayAsk)
    }
}
