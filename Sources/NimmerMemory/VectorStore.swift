import NimmerIris
import NimmerWave

/// Contract of memory by meaning: embeddings of what happened, found again by what they are near to.
///
/// One conformance suite, `VectorStoreConformance`, holds every implementation to this text: embeddings of another model, and those of
/// another kernel, are never found; writing an item of one model again changes nothing; of near duplicates the first stays and is counted.
public protocol VectorStore: Sendable {
    /// Connects, and checks that there is a place for embeddings; when that is done already, checks that the store still answers.
    func open() async throws(MemoryError)

    /// Keeps items, each unless one of the same kind and region is nearer than ``RememberedItem/duplicateCosine``: then that one's counter
    /// goes up. One that cannot be kept is refused alone, by name.
    func keep(_ items: [RememberedItem]) async throws(MemoryError) -> VectorReport

    /// Items of one kind that other models embedded and this one did not, the newest first; of several models one counts.
    ///
    /// - Parameters:
    ///   - before: only items before that place in this order; nil: from the newest.
    ///   - limit: items at most.
    func withoutEmbedding(
        of model: EmbeddingModel, kind: RememberedItem.Kind, in environment: Environment, before: VectorPlace?,
        limit: Int
    ) async throws(MemoryError) -> [RememberedItem]

    /// The nearest items, nearest first; of equals the newest first, then by id.
    func search(_ query: VectorQuery) async throws(MemoryError) -> [VectorMatch]

    /// Ends; a later call of another method opens again.
    func close() async
}

/// One thing that is remembered by its meaning.
public struct RememberedItem: Sendable, Hashable {
    /// Kind of what is remembered.
    public enum Kind: String, Sendable, CaseIterable {
        /// A collapse of a gate.
        case collapse
        /// A decision of a mind, or of the rules that stand in for one.
        case decision
        /// An outcome of an opening.
        case outcome
        /// The summary of a day.
        case summary
    }

    /// Cosine above which an item is a duplicate of an earlier one of its kind and region (memory.md, The store of meanings).
    public static let duplicateCosine = 0.95

    /// Its message's id: the key, together with the model.
    public var id: MessageID
    /// Kind.
    public var kind: Kind
    /// The environment.
    public var environment: Environment
    /// The region that it is about.
    public var region: Region
    /// The opening that it belongs to; nil for a summary.
    public var opening: MessageID?
    /// Time at which it happened.
    public var at: Timestamp
    /// The text that was embedded, at most 2,000 bytes.
    public var text: String
    /// The embedding of the text.
    public var embedding: Embedding
    /// The model that made the embedding.
    public var model: EmbeddingModel

    /// One thing to remember.
    public init(
        id: MessageID, kind: Kind, environment: Environment, region: Region, opening: MessageID?, at: Timestamp,
        text: String,
        embedding: Embedding, model: EmbeddingModel
    ) {
        self.id = id
        self.kind = kind
        self.environment = environment
        self.region = region
        self.opening = opening
        self.at = at
        self.text = text
        self.embedding = embedding
        self.model = model
    }
}

/// Place of an item in the order of time, and of its id.
public struct VectorPlace: Sendable, Hashable, Comparable {
    /// Time of the item.
    public var at: Timestamp
    /// Its id.
    public var id: MessageID

    /// The place of an item.
    public init(_ item: RememberedItem) {
        at = item.at
        id = item.id
    }

    /// Returns whether one comes before the other.
    public static func < (a: VectorPlace, b: VectorPlace) -> Bool { a.at != b.at ? a.at < b.at : a.id < b.id }
}

/// A question to a ``VectorStore``.
public struct VectorQuery: Sendable {
    /// The embedding of what is looked for.
    public var embedding: Embedding
    /// Its model: only items of the same are found.
    public var model: EmbeddingModel
    /// The environment.
    public var environment: Environment
    /// Matches at most, 1 to 1000.
    public var limit = 10
    /// Only items of these kinds.
    public var kinds = Set(RememberedItem.Kind.allCases)
    /// Only items of this region; nil: of all.
    public var region: Region?
    /// Only items from then on.
    public var since: Timestamp?
    /// Only items at least as near.
    public var minimumCosine = -1.0

    /// The ten nearest of all.
    public init(_ embedding: Embedding, model: EmbeddingModel, in environment: Environment) {
        self.embedding = embedding
        self.model = model
        self.environment = environment
    }
}

/// An item, and how near it is.
public struct VectorMatch: Sendable, Hashable {
    /// The item.
    public var item: RememberedItem
    /// Cosine to the question, -1…1.
    public var cosine: Double
    /// Number of near duplicates that were not kept beside it.
    public var duplicates: Int
    /// The accepted outcome of its opening: `confirmed`, `failed` or `partial`; nil: none yet.
    public var outcome: String?

    /// An item, and how near it is.
    public init(item: RememberedItem, cosine: Double, duplicates: Int = 0, outcome: String? = nil) {
        self.item = item
        self.cosine = cosine
        self.duplicates = duplicates
        self.outcome = outcome
    }
}

/// Result of keeping items.
public struct VectorReport: Sendable, Hashable {
    /// Number of items that are new.
    public var kept = 0
    /// Number of items that were there already.
    public var known = 0
    /// Number of near duplicates, counted and not kept.
    public var duplicates = 0
    /// Items that no store can keep, and why: trying again does not help.
    public var refused: [Refused] = []

    /// Nothing yet.
    public init() {}
}
