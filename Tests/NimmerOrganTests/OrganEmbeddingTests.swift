import MindServers
import NimmerBus
import NimmerCognition
import NimmerCognitionHTTP
import NimmerIris
import NimmerOrgan
import NimmerProcess
import NimmerSystem
import NimmerWave
import ProcessBench
import Testing

/// An organ that embeds, with a server behind it that answers well and wrongly, and who asks it over the bus.
@Suite(.timeLimit(.minutes(5))) struct OrganEmbeddingTests {
    private static let manifest = Manifest(name: "organ", version: "0.1.0", summary: "Owns a model.")
    private static let source = Source(entityID: "test", entityType: .service)

    /// A server of OpenAI's protocol: a vector of a text's length and 1, or what a test makes of the texts.
    private static func serve(
        _ server: FaultServer, size: Int = 7, _ page: (@Sendable ([String]) -> [FaultServer.Step])? = nil
    ) {
        server.answer { request in
            guard request.line.hasPrefix("POST /v1/embeddings") else {
                return Reply.page("200 OK", #"{"data":[{"id":"m","meta":{"n_params":\#(size),"n_embd":2}}]}"#)
            }
            let texts = (try? JSON(parsing: request.body))?["input"]?.array?.compactMap(\.string) ?? []
            if let page { return page(texts) }
            return Reply.page("200 OK", answer(texts.map { "[\($0.utf8.count),1]" }))
        }
    }

    private static func answer(_ vectors: [String]) -> String {
        let entries = vectors.enumerated().map { #"{"index":\#($0),"embedding":\#($1)}"# }
        return #"{"data":[\#(entries.joined(separator: ","))]}"#
    }

    private struct Place: Sendable {
        let bench: ProcessBench
        let server: FaultServer

        func ask(_ texts: [String]) async throws -> CommandResult {
            try await bench.ask(
                "embed", ["texts": .array(texts.map { .string($0) })],
                on: .organ(.dev, organ: Token("iris"), verb: Token("embed")))
        }

        func connect() async throws(EmbeddingError) -> OrganEmbedder {
            guard let iris = try? Token("iris") else { throw .unknownText }
            return try await OrganEmbedder.connect(
                iris, in: .dev, by: SharedRequests(bench.bus), from: OrganEmbeddingTests.source,
                deadline: .now + .seconds(60))
        }
    }

    private func with(
        _ change: @escaping @Sendable (inout OrganSettings) -> Void = { _ in },
        _ body: @escaping @Sendable (Place) async throws -> Void
    ) async throws {
        try await FaultServer.run { server in
            Self.serve(server)
            var settings = OrganSettings(name: "iris", kind: .openai, model: "m", url: server.url)
            settings.embeddings = true
            change(&settings)
            var system = SystemFile(name: "organs")
            system.organs = [settings]
            let bench = try ProcessBench(Self.manifest, kind: .organ, name: "iris", system: system)
            let organ = try OrganProcess(bench.process, lockFolder: "/tmp") { mind throws(MindError) in
                try HTTPMind(mind, variables: [:])
            }
            try await bench.run({ try await organ.run() }) {
                // It listens.
                _ = try await bench.ask("state", on: .organ(.dev, organ: Token("iris"), verb: Token("state")))
                try await body(Place(bench: bench, server: server))
            }
        }
    }

    @Test func whatIsAskedOverTheBusIsAnEmbedding() async throws {
        try await with { place in
            let embedder = try await place.connect()
            #expect(embedder.model.dimensions == 2 && embedder.model.name.hasPrefix("organ/m@"))
            let texts = (1...150).map { String(repeating: "a", count: $0) }
            let found = try await embedder.embed(texts, deadline: .now + .seconds(60))
            #expect(found.count == 150)
            for (text, embedding) in zip(texts, found) {
                let expected = try Embedding(normalizing: [Float(text.utf8.count), 1])
                #expect(embedding.cosine(expected) > 0.9999, "\(text.count)")
            }
            let state = try await place.bench.ask(
                "state", on: .organ(.dev, organ: Token("iris"), verb: Token("state")))
            #expect(state.result["embedding_model"]?.string == embedder.model.name)
            #expect(state.result["dimensions"] == 2)
        }
    }

    /// As many numbers as a real model has, and texts that JSON makes longer: each request and each answer fits into a message.
    @Test func manyTextsComeInSeveralAnswers() async throws {
        try await with { place in
            let numbers = (0..<384).map { "-1.\($0)" }.joined(separator: ",")
            Self.serve(place.server) { texts in
                Reply.page("200 OK", Self.answer(texts.map { _ in "[\(numbers)]" }))
            }
            let embedder = try await place.connect()
            #expect(embedder.model.dimensions == 384)
            let texts = (1...64).map { String(repeating: "\u{1}", count: $0 * 16) }
            let found = try await embedder.embed(texts, deadline: .now + .seconds(60))
            #expect(found.count == 64)
        }
    }

    @Test func theTextBeforeEachTextIsSentAlong() async throws {
        try await with({ $0.prefix = "search_query: " }) { place in
            let answer = try await place.ask(["pump"])
            #expect(answer.status == .ok)
            let body = place.server.requests.last?.bodyText ?? ""
            #expect(body.contains(#""search_query: pump""#), "\(body)")
        }
    }

    @Test(arguments: [
        ("[null,1]", "has 1 components that are not finite numbers"), ("[]", "no list of numbers"),
        ("[0,0]", "has no length"), ("[1e999,1]", "not"), (#"["a",1]"#, "not finite numbers"),
        ("[1,2,3]", "has 3 components; expected 2"),
    ])
    func whatIsNoEmbeddingIsNamed(_ vector: String, _ words: String) async throws {
        try await with { place in
            let embedder = try await place.connect()
            Self.serve(place.server) { texts in Reply.page("200 OK", Self.answer(texts.map { _ in vector })) }
            let error = await #expect(throws: EmbeddingError.self) {
                try await embedder.embed(["a"], deadline: .now + .seconds(60))
            }
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
            // The organ is ready for the next one.
            Self.serve(place.server)
            #expect(try await embedder.embed(["a"], deadline: .now + .seconds(60)).count == 1)
        }
    }

    @Test func theNumberOfComponentsOfTheFileBindsTheFirstAnswer() async throws {
        try await with({ $0.dimensions = 384 }) { place in
            let error = await #expect(throws: EmbeddingError.self) { try await place.connect() }
            #expect(
                error?.description.contains("has 2 components; expected 384") == true, "\(String(describing: error))")
        }
    }

    /// As llama.cpp's server does: the whole batch fails for one text of too many tokens.
    @Test func aTextThatIsTooLongIsCutAndTheOthersAreNot() async throws {
        try await with { place in
            Self.serve(place.server) { texts in
                texts.contains { $0.utf8.count > 400 }
                    ? Reply.page(
                        "500 Internal Server Error", #"{"error":{"message":"too large","type":"server_error"}}"#)
                    : Reply.page("200 OK", Self.answer(texts.map { "[\($0.utf8.count),1]" }))
            }
            let long = String(repeating: "ä", count: 900)
            let answer = try await place.ask(["pump", long])
            #expect(answer.status == .ok && answer.result["cut"] == 1, "\(answer.error ?? "")")
            let vectors = answer.result["vectors"]?.array ?? []
            // Of 1,800 bytes the eighth.
            #expect(vectors.count == 2 && vectors[0][0]?.double == (4 / 17.squareRoot() * 1e6).rounded() / 1e6)
            Self.serve(place.server) { _ in Reply.page("500 Internal Server Error", "{}") }
            let broken = try await place.ask(["pump"])
            #expect(broken.status == .error, "a short text that is refused is not about its length")
        }
    }

    @Test func anotherModelUnderTheSameNameIsNoticed() async throws {
        try await with({ $0.warmMS = 0 }) { place in
            let embedder = try await place.connect()
            // The server has another file now; the organ looks when it loads the model again.
            Self.serve(place.server, size: 8)
            let error = await #expect(throws: EmbeddingError.self) {
                while true { _ = try await embedder.embed(["a"], deadline: .now + .seconds(60)) }
            }
            #expect(error?.description.contains("; expected \(embedder.model.name), until a restart") == true)
        }
    }

    @Test func withoutAnOrganOrItsSettingNothingIsLearned() async throws {
        try await with({ $0.embeddings = false }) { place in
            let error = await #expect(throws: EmbeddingError.self) { try await place.connect() }
            #expect(error?.description.contains("needs embeddings: true") == true)
        }
        let bus = InMemoryBus()
        let iris = try Token("iris")
        let error = await #expect(throws: EmbeddingError.self) {
            try await OrganEmbedder.connect(
                iris, in: .dev, by: SharedRequests(bus), from: Self.source, deadline: .now + .seconds(60))
        }
        #expect(error == .unavailable("no organ iris is running"))
    }

    @Test func anOrganThatHangsCostsItsDeadline() async throws {
        try await with { place in
            let embedder = try await place.connect()
            Self.serve(place.server) { _ in [.hang] }
            let error = await #expect(throws: EmbeddingError.self) {
                try await embedder.embed(["a"], deadline: .now + .milliseconds(300))
            }
            // The organ may be the first of the two to notice.
            #expect(error == .timedOut || error?.description.contains("the organ iris: ") == true)
        }
    }
}
