import MindServers
import NimmerBus
import NimmerIris
import NimmerPlatform
import NimmerProcess
import NimmerWave
import Testing

extension OrganTests {
    /// The real model behind a real organ on a real bus: what means the same is near, what is too long is cut, and the chain names who answered.
    @Test(.enabled(MeaningModel.note, MeaningModel.isThere))
    func whatMeansTheSameIsNear() async throws {
        let command = try #require(MeaningModel.command)
        let yaml = """
            organs:
              - name: iris
                kind: openai
                model: all-MiniLM-L6-v2
                command: \(JSON.array(command.map { .string($0) }).text)
                embeddings: true
                dimensions: 384
                warm_ms: 600000
            iris: {organ: iris}
            """
        try await Self.withOrgans(["iris"], yaml) { place in
            let iris = try Token("iris")
            let source = Source(entityID: "test", entityType: .service)
            let requests = SharedRequests(place.bus)
            let chain = EmbeddingChain(
                table: nil,
                organ: { (deadline: ContinuousClock.Instant) async throws(EmbeddingError) -> any Embedder in
                    try await OrganEmbedder.connect(iris, in: .dev, by: requests, from: source, deadline: deadline)
                }, organTime: .seconds(60))
            try await chain.prepare(deadline: .now + .seconds(120))
            let model = try #require(chain.model)
            #expect(model.dimensions == 384 && model.name.hasPrefix("organ/all-MiniLM-L6-v2@"), "\(model)")

            // Digits and points are a token each: 2,000 bytes are four times what the model takes.
            let long = String(repeating: "1.2.", count: 500)
            let answer = try await chain.embed(
                ["math", "calculate", "door", "pump noise before a stop", "the pump was loud, then it stopped", long],
                deadline: .now + .seconds(120))
            #expect(answer.model == model && answer.degraded == nil && answer.embeddings.count == 6)
            let found = answer.embeddings
            #expect(found[0].cosine(found[1]) > 0.5, "math ~ calculate")
            #expect(found[0].cosine(found[2]) < 0.4, "math and door")
            #expect(found[3].cosine(found[4]) > 0.5, "a sentence")
            let cut = try await place.ask("iris", "embed", ["texts": ["a", .string(long)]])
            #expect(cut.status == .ok && cut.result["cut"] == 1, "\(cut.error ?? "")")

            let state = try await place.ask("iris", "state").result
            #expect(state["embedding_model"]?.string == model.name && state["dimensions"]?.int == 384)
            // Loaded again it is the same model.
            _ = try await place.ask("iris", "release")
            _ = try await place.until("iris", isLoaded: false)
            #expect(
                try await chain.embed(["math"], deadline: .now + .seconds(120)).embeddings[0].cosine(found[0]) > 0.999)

            let status = try await place.iris("status", "--json")
            let json = try JSON(parsing: status.lines.joined(separator: "\n"))
            #expect(status.status == .exited(0), "\(status.lines)")
            #expect(json["organs"]?[0]?["data"]?["embedding_model"]?.string == model.name, "\(json.text)")
            #expect(json["table"]?["dimensions"]?.int == 128)
        }
    }
}
