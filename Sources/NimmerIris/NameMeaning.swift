import NimmerWave

/// The embedding of a region's name, with the model that made it.
package struct NameMeaning: Sendable, Hashable {
    /// Largest number of components that a decision carries.
    package static let maximumDimensions = 1024
    /// Steps of a component: what a decision carries is rounded, and what is decided goes by the rounded one, so that all who fold the log find
    /// the same.
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

/// Model that embeds names at once, in the process, with the dictionary: the table (spec/iris.md, Embeddings).
package struct NameMeanings: Sendable {
    /// The model.
    package let model: EmbeddingModel
    /// The digest of what relates names beside the model; empty without a dictionary.
    package let links: String
    private let embed: @Sendable (String) throws(EmbeddingError) -> Embedding
    private let relate: @Sendable (String, String) -> NameRelation

    /// - Parameters:
    ///   - embed: the embedding of a text.
    ///   - relation: the relation of two names by their words.
    package init(
        model: EmbeddingModel, links: String = "",
        embed: @escaping @Sendable (String) throws(EmbeddingError) -> Embedding,
        relation: @escaping @Sendable (String, String) -> NameRelation
    ) {
        self.model = model
        self.links = links
        self.embed = embed
        relate = relation
    }

    /// The table, and the dictionary beside it.
    package init(_ table: EmbeddingTable, _ links: NameLinks) {
        self.init(model: table.model, links: links.digest) { (name) throws(EmbeddingError) in
            guard let embedding = table.embedding(of: name) else { throw .unknownText }
            return embedding
        } relation: {
            links.relation($0, $1)
        }
    }

    /// The embedding of a region's name.
    ///
    /// - Throws: an ``EmbeddingError`` where the model knows no part of it.
    package func meaning(of region: Region) throws(EmbeddingError) -> NameMeaning {
        try NameMeaning(embed(region.text), by: model)
    }

    /// The relation of the names of two regions by their words.
    package func relation(_ a: Region, _ b: Region) -> NameRelation { relate(a.text, b.text) }
}
