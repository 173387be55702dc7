/// Turns texts into embeddings of one model: the table in the process, or an organ with the real model.
public protocol Embedder: Sendable {
    /// The model of all its embeddings.
    var model: EmbeddingModel { get }

    /// The embeddings of texts, in their order.
    ///
    /// - Throws: ``EmbeddingError``; ``EmbeddingError/timedOut`` once the deadline has passed.
    func embed(_ texts: [String], deadline: ContinuousClock.Instant) async throws(EmbeddingError) -> [Embedding]
}
