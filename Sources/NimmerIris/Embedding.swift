/// Meaning of a text, as a vector of length 1 (spec/iris.md).
///
/// The cosine of two embeddings of one model is their dot product; embeddings of different models cannot be compared.
public struct Embedding: Sendable, Hashable {
    /// The components: finite, and of length 1 together.
    public let values: [Float]

    /// Scales components to length 1.
    ///
    /// - Throws: ``EmbeddingError/notFinite`` when a component is not finite, or all are zero.
    public init(normalizing values: [Float]) throws(EmbeddingError) {
        var sum = 0.0
        for value in values { sum += Double(value) * Double(value) }
        guard sum.isFinite, sum > 0 else { throw .notFinite }
        let scale = 1 / sum.squareRoot()
        self.values = values.map { Float(Double($0) * scale) }
    }

    /// Number of components.
    public var dimensions: Int { values.count }

    /// The cosine between two embeddings of one model, -1…1.
    ///
    /// - Precondition: both have as many components.
    public func cosine(_ other: Embedding) -> Double {
        precondition(values.count == other.values.count, "embeddings of one model are compared")
        var sum: Float = 0
        for place in values.indices { sum += values[place] * other.values[place] }
        return Double(max(-1, min(1, sum)))
    }
}

/// The model that made an embedding: its name and the number of components.
///
/// Stored with every embedding, so that those of different models never meet.
public struct EmbeddingModel: Sendable, Hashable {
    /// `table/minilm-l6-v2-128@1f0c2a3b`, `organ/bge-small-en@1f0c2a3b`: where it runs, which it is, and a digest of what makes its vectors, at
    /// most 120 characters.
    public let name: String
    /// Number of components, 1 to 4096.
    public let dimensions: Int

    /// A model of a name.
    public init(name: String, dimensions: Int) {
        self.name = name
        self.dimensions = dimensions
    }
}

/// Reason why there is no embedding.
public enum EmbeddingError: Error, Sendable, Hashable {
    /// The model does not answer; the text names why.
    case unavailable(String)
    /// The deadline has passed.
    case timedOut
    /// The vector has another number of components than the model has.
    case wrongDimensions(found: Int, expected: Int)
    /// The vector has a component that is not finite, or has no length.
    case notFinite
    /// The model knows no part of the text.
    case unknownText
}
