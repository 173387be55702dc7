import NimmerCognition
import NimmerSystem
import NimmerWave
import Testing

/// What an organ makes of a server's vectors.
@Suite struct OrganEmbeddingsTests {
    private func organ(_ model: String = "m", prefix: String = "", dimensions: Int? = nil) -> OrganSettings {
        var organ = OrganSettings(name: "iris", kind: .openai, model: model, url: "http://h")
        organ.embeddings = true
        organ.prefix = prefix
        organ.dimensions = dimensions
        return organ
    }

    private func name(_ settings: OrganSettings, content: String = "", _ vector: [Double] = [1, 0]) throws -> String {
        var embeddings = OrganEmbeddings(settings, content: content)
        return try #require(try embeddings.result([vector], cut: 0).result["embedding_model"]?.string)
    }

    @Test func itsVectorsHaveLengthOne() throws {
        var embeddings = OrganEmbeddings(organ(), content: "")
        let result = try embeddings.result([[3, 4], [0, -1e-9], [1e100, 0]], cut: 1)
        #expect(result.result["vectors"] == [[0.6, 0.8], [0, -1], [1, 0]], "\(result)")
        #expect(result.result["dimensions"] == 2 && result.result["cut"] == 1 && result.result["model"] == "m")
    }

    @Test func theNameChangesWithEverythingThatMakesItsVectors() throws {
        let names = [
            try name(organ()), try name(organ("n")), try name(organ(prefix: "query: ")),
            try name(organ(), content: "size=1"),
            try name(organ(), [1, 0, 0]),
        ]
        #expect(Set(names).count == names.count, "\(names)")
        #expect(names[0].hasPrefix("organ/m@") && names[0].utf8.count == "organ/m@".utf8.count + 8)
        #expect(try name(organ()) == names[0])
        let long = try name(organ(String(repeating: "ä ", count: 200)))
        #expect(long.utf8.count <= 120 && long.utf8.allSatisfy { (0x21...0x7e).contains($0) })
    }

    @Test func itsNumberOfComponentsIsThatOfTheFirst() throws {
        var embeddings = OrganEmbeddings(organ(), content: "")
        _ = try embeddings.result([[1, 0]], cut: 0)
        let error = #expect(throws: MindError.self) { try embeddings.result([[1, 0], [1, 0, 0]], cut: 0) }
        #expect(error?.code == .malformed)
        #expect(error?.message == "the model's vector of text 2 has 3 components; expected 2")
        // It is still there for the next.
        #expect(try embeddings.result([[0, 1]], cut: 0).status == .ok)
    }

    @Test func theSystemFileBindsTheFirstAnswer() throws {
        var embeddings = OrganEmbeddings(organ(dimensions: 384), content: "")
        let error = #expect(throws: MindError.self) { try embeddings.result([[1, 0]], cut: 0) }
        #expect(error?.message == "the model's vector of text 1 has 2 components; expected 384")
    }

    @Test(arguments: [
        ([0.0, 0], "has no length"), ([.nan, 1], "not a finite number"), ([.infinity, 1], "not a finite number"),
        ([1e200, 1e200], "not a finite number"), ([], "has 0 components; expected 1 to 4096"),
    ])
    func whatHasNoMeaningIsRefusedByName(_ vector: [Double], _ words: String) {
        var embeddings = OrganEmbeddings(organ(), content: "")
        let error = #expect(throws: MindError.self) { try embeddings.result([vector], cut: 0) }
        #expect(error?.message.contains(words) == true, "\(String(describing: error))")
    }

    @Test func whatDoesNotFitIntoAMessageIsRefused() throws {
        var embeddings = OrganEmbeddings(organ(), content: "")
        let vector = [Double](repeating: -1, count: 384)
        let error = #expect(throws: MindError.self) {
            try embeddings.result([[Double]](repeating: vector, count: 16), cut: 0)
        }
        #expect(error?.code == .tooLarge && error?.message.contains("expected at most 15 texts") == true)
        let result = try embeddings.result([[Double]](repeating: vector, count: 15), cut: 0)
        let message = Envelope(id: .v7(), at: .now(), from: Source(entityID: "iris", entityType: .service), result)
        #expect(message.encoded().count <= Wire.maximumBytes)
        var large = OrganEmbeddings(organ(), content: "")
        #expect(try large.result([[Double](repeating: -1, count: 4096)], cut: 0).status == .ok)
    }
}
