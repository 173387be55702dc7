import NimmerIris

extension Embedder {
    /// The embeddings of texts, each with as many components as the model states.
    ///
    /// - Throws: ``EmbeddingError``; ``EmbeddingError/wrongDimensions(found:expected:)`` for a vector of another size, and
    ///   ``EmbeddingError/unavailable(_:)`` for another number of vectors than texts.
    func checked(
        _ texts: [String], deadline: ContinuousClock.Instant
    ) async throws(EmbeddingError) -> [Embedding] {
        let found = try await embed(texts, deadline: deadline)
        guard found.count == texts.count else {
            throw .unavailable("it answered \(texts.count) texts with \(found.count) vectors")
        }
        for embedding in found where embedding.dimensions != model.dimensions {
            throw .wrongDimensions(found: embedding.dimensions, expected: model.dimensions)
        }
        for embedding in found where !embedding.values.allSatisfy(\.isFinite) { throw .notFinite }
        return found
    }
}
