import NimmerWave

/// The embedding of a region's name, with the model that made it.
package struct NameMeaning: Sendable, Hashable {
    /// Largest number of components that a decision carries.
    package static let maximumDimensions = 1024
    /// Steps of a component: what a decision carries is rounded, and what is decided goes by the rounded one, so that whoever folds the log
    /// finds the same.
    private static let steps = 100_000.0

    /// The model's name.
    package let model: String
    /// The embedding, rounded.
    package let embedding: Embedding
    /// The components as a decision carries them.
    package let vector: [Double]

    /// Rounds an embedding.
    ///
    /// - Throws: ``EmbeddingError/wrongDimensions(found:expected:)`` above ``maximumDimensions``; ``EmbeddingError/notFinite`` where nothing is
    ///   left of it.
    package init(_ embedding: Embedding, by model: EmbeddingModel) throws(EmbeddingError) {
        try self.init(
            vector: embedding.values.map { (Double($0) * Self.steps).rounded() / Self.steps }, model: model.name)
    }

    /// The meaning that a decision carries.
    ///
    /// - Throws: as ``init(_:by:)``.
    package init(vector: [Double], model: String) throws(EmbeddingError) {
        guard (1...Self.maximumDimensions).contains(vector.count) else {
            throw .wrongDimensions(found: vector.count, expected: Self.maximumDimensions)
        }
        self.vector = vector
        self.model = model
        embedding = try Embedding(normalizing: vector.map { Float($0) })
    }
}

/// Model that embeds names at once, in the process: the table (iris.md, Embeddings).
package struct NameMeanings: Sendable {
    /// The model.
    package let model: EmbeddingModel
    private let embed: @Sendable (String) throws(EmbeddingError) -> Embedding
    private let link: @Sendable (String, String) -> Bool

    /// - Parameters:
    ///   - embed: the embedding of a text.
    ///   - isLinked: whether a dictionary links two names.
    package init(
        model: EmbeddingModel, embed: @escaping @Sendable (String) throws(EmbeddingError) -> Embedding,
        isLinked: @escaping @Sendable (String, String) -> Bool
    ) {
        self.model = model
        self.embed = embed
        link = isLinked
    }

    /// The embedding of a region's name.
    ///
    /// - Throws: an ``EmbeddingError`` where the model knows no part of it.
    package func meaning(of region: Region) throws(EmbeddingError) -> NameMeaning {
        try NameMeaning(embed(region.text), by: model)
    }

    /// Returns whether a dictionary links the names of two regions.
    package func isLinked(_ a: Region, _ b: Region) -> Bool { link(a.text, b.text) }
}
