import NimmerIris
import NimmerMemory
import NimmerWave

/// One thing to remember by its meaning; everything about it follows from the seed.
public struct MeaningFixture: Sendable {
    /// The item.
    public var item: RememberedItem

    /// An item with an embedding in a direction of its own.
    ///
    /// - Parameters:
    ///   - seed: id, text and embedding are made from it.
    ///   - dimensions: components of the embedding.
    public init(_ seed: String, region: String = "math", dimensions: Int = 32) throws {
        item = RememberedItem(
            id: .named("meaning \(seed)"), kind: .decision, environment: .dev, region: try Region(region),
            opening: .named("opening \(seed)"), at: DecisionFixture.time, text: "what happened: \(seed)",
            embedding: try Embedding(normalizing: Self.direction(seed, dimensions)),
            model: EmbeddingModel(name: "test/\(dimensions)@0", dimensions: dimensions))
    }

    /// Another item of the same kind and region at a cosine from this one.
    public func near(_ cosine: Double, _ seed: String) throws -> MeaningFixture {
        var other = try MeaningFixture(seed, region: item.region.text, dimensions: item.embedding.dimensions)
        let along = item.embedding.cosine(other.item.embedding)
        let own = zip(other.item.embedding.values, item.embedding.values).map { $0 - Float(along) * $1 }
        let across = try Embedding(normalizing: own)
        let rest = (1 - cosine * cosine).squareRoot()
        other.item.embedding = try Embedding(
            normalizing: zip(item.embedding.values, across.values).map { Float(cosine) * $0 + Float(rest) * $1 })
        return other
    }

    /// The question for what an item's embedding is near to.
    public static func query(_ item: RememberedItem) -> VectorQuery {
        VectorQuery(item.embedding, model: item.model, in: item.environment)
    }

    /// Components between -1 and 1 by the generator SplitMix64, from a seed's name-based id.
    private static func direction(_ seed: String, _ dimensions: Int) -> [Float] {
        let id = MessageID.named("direction \(seed)")
        var state = id.high ^ id.low
        return (0..<dimensions).map { _ in
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
            mixed ^= mixed >> 31
            return Float(Double(mixed >> 11) / Double(1 << 53) * 2 - 1)
        }
    }
}
