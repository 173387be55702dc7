import NimmerIris
import NimmerWave

/// Embeddings of one model in one block of memory, each compared with what is looked for: no neighbour is missed (decision 0038).
///
/// A value of rows and places: it knows no texts. 20,000 embeddings of 384 components are searched in about 4 ms.
package struct ExactIndex: Sendable {
    /// A row that was found.
    package struct Hit: Sendable, Hashable {
        /// The place, in the order of adding.
        package var place: Int
        /// The item's id.
        package var id: MessageID
        /// Cosine to what is looked for, -1…1.
        package var cosine: Double
        /// Time of the item.
        package var at: Timestamp

        /// Indicates whether this hit comes before another: nearest first, then newest, then by id.
        package static func precedes(_ a: Hit, _ b: Hit) -> Bool {
            a.cosine != b.cosine ? a.cosine > b.cosine : a.at != b.at ? a.at > b.at : a.id < b.id
        }
    }

    /// Properties by which rows are chosen, counted once for all rows that have them in common.
    private struct Shelf: Hashable {
        var environment: Environment
        var region: Region
        var kind: RememberedItem.Kind
    }

    /// Components of each embedding.
    package let dimensions: Int
    /// Components of each row: the embedding, then zeros up to whole vectors of the processor.
    private let stride: Int
    private var components: [Float] = []
    private var ids: [MessageID] = []
    private var times: [Timestamp] = []
    private var shelves: [Int32] = []
    private var shelfNumbers: [Shelf: Int32] = [:]

    /// An index without rows.
    package init(dimensions: Int) {
        self.dimensions = dimensions
        stride = (dimensions + 31) / 32 * 32
    }

    /// Number of rows.
    package var count: Int { ids.count }

    /// Adds a row behind the others.
    ///
    /// - Precondition: the embedding has the components of this index.
    package mutating func add(
        _ id: MessageID, _ kind: RememberedItem.Kind, in environment: Environment, of region: Region, at: Timestamp,
        _ embedding: Embedding
    ) {
        precondition(embedding.dimensions == dimensions, "an index holds embeddings of one model")
        let shelf = Shelf(environment: environment, region: region, kind: kind)
        let number = shelfNumbers[shelf] ?? Int32(truncatingIfNeeded: shelfNumbers.count)
        shelfNumbers[shelf] = number
        shelves.append(number)
        ids.append(id)
        times.append(at)
        components.append(contentsOf: embedding.values)
        components.append(contentsOf: repeatElement(0, count: stride - dimensions))
    }

    /// Removes the rows that were added first until so many are left.
    package mutating func keepNewest(_ most: Int) {
        let excess = count - max(0, most)
        guard excess > 0 else { return }
        components.removeFirst(excess * stride)
        ids.removeFirst(excess)
        times.removeFirst(excess)
        shelves.removeFirst(excess)
    }

    /// The nearest rows that a query asks for, nearest first; of equals the newest first, then by id.
    package func nearest(_ query: VectorQuery) -> [Hit] {
        guard query.embedding.dimensions == dimensions, count > 0 else { return [] }
        let limit = max(1, query.limit)
        var isAsked = [Bool](repeating: false, count: shelfNumbers.count)
        for (shelf, number) in shelfNumbers {
            isAsked[Int(number)] =
                shelf.environment == query.environment && query.kinds.contains(shelf.kind)
                && query.region.map { $0 == shelf.region } ?? true
        }
        let wanted = query.embedding.values + [Float](repeating: 0, count: stride - dimensions)
        var found: [Hit] = []
        var floor = Float(query.minimumCosine) - 1e-6
        func trim() {
            found.sort(by: Hit.precedes)
            guard found.count > limit else { return }
            found.removeLast(found.count - limit)
            if let last = found.last { floor = max(floor, Float(last.cosine)) }
        }
        components.withUnsafeBytes { rows in
            wanted.withUnsafeBytes { wanted in
                for place in ids.indices where isAsked[Int(shelves[place])] {
                    if let since = query.since, times[place] < since { continue }
                    let cosine = dot(rows, place, wanted)
                    guard cosine >= floor else { continue }
                    found.append(
                        Hit(place: place, id: ids[place], cosine: Double(max(-1, min(1, cosine))), at: times[place]))
                    if found.count >= limit * 2 + 64 { trim() }
                }
            }
        }
        trim()
        return found.filter { $0.cosine >= query.minimumCosine }
    }

    /// The cosine of a row with what is looked for: both are of length 1.
    @inline(__always)
    private func dot(_ rows: UnsafeRawBufferPointer, _ place: Int, _ wanted: UnsafeRawBufferPointer) -> Float {
        typealias Lanes = SIMD16<Float>
        let width = MemoryLayout<Lanes>.size
        let start = place &* stride &* MemoryLayout<Float>.size
        var first = Lanes.zero
        var second = Lanes.zero
        var offset = 0
        while offset < stride &* MemoryLayout<Float>.size {
            first +=
                rows.loadUnaligned(fromByteOffset: start &+ offset, as: Lanes.self)
                * wanted.loadUnaligned(fromByteOffset: offset, as: Lanes.self)
            second +=
                rows.loadUnaligned(fromByteOffset: start &+ offset &+ width, as: Lanes.self)
                * wanted.loadUnaligned(fromByteOffset: offset &+ width, as: Lanes.self)
            offset &+= width &* 2
        }
        return (first + second).sum()
    }
}
