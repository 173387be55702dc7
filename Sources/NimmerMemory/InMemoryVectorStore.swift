import NimmerIris
import NimmerWave
import Synchronization

/// Memory by meaning that lasts as long as the process: for tests and for systems without a database.
public final class InMemoryVectorStore: VectorStore {
    /// The nervous system whose memories these are.
    public let kernel: Token
    private let kernels: Kernels

    /// An empty store.
    ///
    /// - Parameters:
    ///   - kernel: the nervous system whose memories these are.
    ///   - outcomes: the memory that knows what became of openings; nil: matches have no outcome.
    public convenience init(kernel: Token, outcomes: InMemoryStore? = nil) {
        self.init(kernel: kernel, Kernels(outcomes: outcomes))
    }

    private init(kernel: Token, _ kernels: Kernels) {
        self.kernel = kernel
        self.kernels = kernels
    }

    /// Another kernel's store beside this one, as two may share a database.
    public func beside(_ kernel: Token) -> InMemoryVectorStore { InMemoryVectorStore(kernel: kernel, kernels) }

    /// Does nothing: there is nothing to connect to.
    public func open() async throws(MemoryError) {}

    /// Keeps items.
    public func keep(_ items: [RememberedItem]) async throws(MemoryError) -> VectorReport {
        kernels.contents.withLock { $0[kernel, default: MeaningContents()].keep(items) }
    }

    /// Items of other models; see ``VectorStore/withoutEmbedding(of:kind:in:before:limit:)``.
    public func withoutEmbedding(
        of model: EmbeddingModel, kind: RememberedItem.Kind, in environment: Environment, before: VectorPlace?,
        limit: Int
    ) async throws(MemoryError) -> [RememberedItem] {
        kernels.contents.withLock {
            $0[kernel]?.withoutEmbedding(of: model, kind: kind, in: environment, before: before, limit: limit) ?? []
        }
    }

    /// The nearest items.
    public func search(_ query: VectorQuery) async throws(MemoryError) -> [VectorMatch] {
        try query.check()
        var matches = kernels.contents.withLock { $0[kernel]?.search(query) ?? [] }
        for place in matches.indices {
            guard let opening = matches[place].item.opening else { continue }
            matches[place].outcome = kernels.outcomes?.result(of: opening)?.rawValue
        }
        return matches
    }

    /// Does nothing: what was remembered stays.
    public func close() async {}

    private final class Kernels: Sendable {
        let contents = Mutex<[Token: MeaningContents]>([:])
        let outcomes: InMemoryStore?

        init(outcomes: InMemoryStore?) { self.outcomes = outcomes }
    }
}

/// The items of one kernel: a value, changed under its store's lock.
struct MeaningContents: Sendable {
    /// Items of one model, each at its place in the index.
    private struct Shelf {
        var index: ExactIndex
        var items: [RememberedItem] = []
        var duplicates: [Int] = []
        /// Ids of what was kept or counted.
        var known: Set<MessageID> = []
    }

    private var shelves: [EmbeddingModel: Shelf] = [:]

    mutating func keep(_ items: [RememberedItem]) -> VectorReport {
        var report = VectorReport()
        for item in report.admit(items) {
            var shelf =
                shelves.removeValue(forKey: item.model) ?? Shelf(index: ExactIndex(dimensions: item.model.dimensions))
            defer { shelves[item.model] = shelf }
            guard shelf.known.insert(item.id).inserted else {
                report.known += 1
                continue
            }
            if let original = shelf.index.original(of: item) {
                shelf.duplicates[original.place] += 1
                report.duplicates += 1
            } else {
                shelf.index.add(item)
                shelf.items.append(item)
                shelf.duplicates.append(0)
                report.kept += 1
            }
        }
        return report
    }

    func withoutEmbedding(
        of model: EmbeddingModel, kind: RememberedItem.Kind, in environment: Environment, before: VectorPlace?,
        limit: Int
    ) -> [RememberedItem] {
        var seen = shelves[model]?.known ?? []
        let others = shelves.filter { $0.key != model }.values.flatMap(\.items)
            .filter { item in
                item.kind == kind && item.environment == environment
                    && before.map { VectorPlace(item) < $0 } ?? true
            }
            .sorted { VectorPlace($1) < VectorPlace($0) }
        return Array(others.filter { seen.insert($0.id).inserted }.prefix(max(0, limit)))
    }

    func search(_ query: VectorQuery) -> [VectorMatch] {
        guard let shelf = shelves[query.model] else { return [] }
        return shelf.index.nearest(query).map { hit in
            VectorMatch(
                item: shelf.items[hit.place], cosine: hit.cosine, duplicates: shelf.duplicates[hit.place])
        }
    }
}

extension ExactIndex {
    /// Adds an item behind the others.
    package mutating func add(_ item: RememberedItem) {
        add(item.id, item.kind, in: item.environment, of: item.region, at: item.at, item.embedding)
    }

    /// The item that makes another a near duplicate; nil when it is new.
    package func original(of item: RememberedItem) -> Hit? {
        var query = VectorQuery(item.embedding, model: item.model, in: item.environment)
        query.limit = 1
        query.kinds = [item.kind]
        query.region = item.region
        query.minimumCosine = RememberedItem.duplicateCosine
        return nearest(query).first { $0.cosine > RememberedItem.duplicateCosine }
    }
}
