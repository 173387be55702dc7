import NimmerWave

/// Homes of the regions that waves name: each region lives in one, whose gate hears its waves (spec/iris.md, Regions that mean the same).
///
/// A value without clock: the fold of ``RegionAssignment`` events. Of the events of one region the one with the highest revision counts, so that
/// the same log gives the same homes in whatever order it is delivered.
package struct Homes: Sendable {
    /// The newest decision about a region.
    package struct Decision: Sendable, Hashable {
        /// The event, without its vector.
        package let event: RegionAssignment
        /// The embedding of its name; nil if absent.
        package let meaning: NameMeaning?
        /// Its place in the log.
        package let revision: Int

        /// Indicates whether a person decided: no model moves the region.
        package var isPinned: Bool {
            switch event.reason {
            case .pinned, .split, .joinedByHand: true
            case .founded, .joined, .forgotten: false
            }
        }
    }

    /// A home as one model sees it.
    private struct Place: Hashable, Sendable {
        let home: Region
        let model: String
    }

    /// Regions that are kept at most; further ones live by themselves.
    package static let limit = 10_000

    /// The setting `iris.join`.
    package let join: Double
    /// The setting `iris.hysteresis`.
    package let hysteresis: Double
    /// The rules of the system file: what they match lives where they state.
    package let declared: RegionMap
    /// The newest decision of each region, those that are forgotten included.
    package private(set) var decisions: [Region: Decision] = [:]
    /// The highest revision that was folded.
    package private(set) var revision = 0
    /// Number of regions that have a home.
    package private(set) var count = 0
    private var members: [Region: Set<Region>] = [:]
    private var centroids: [Place: Embedding] = [:]

    /// No region has been seen.
    package init(join: Double, hysteresis: Double, declared: RegionMap = RegionMap()) {
        self.join = join
        self.hysteresis = hysteresis
        self.declared = declared
    }

    // MARK: What is so

    /// The home of a region; nil where none is decided or declared.
    package func home(of region: Region) -> Region? {
        if let home = declared.declaredHome(of: region) { return home }
        return decisions[region].flatMap(effectiveHome)
    }

    /// The regions that live in a home, in order.
    package func members(of home: Region) -> [Region] { (members[home] ?? []).sorted() }

    /// The homes that have members, in order.
    package var homes: [Region] { members.keys.sorted() }

    /// Indicates whether there is room for one more region.
    package var hasRoom: Bool { count < Self.limit }

    /// The centroid of a home as a model sees it; nil where none of its members has an embedding by that model.
    package func centroid(of home: Region, model: String) -> Embedding? {
        centroids[Place(home: home, model: model)]
    }

    /// The regions that rules declare and for which a model's embedding is missing: they are embedded before anything is compared.
    package func undescribed(by model: String) -> [Region] {
        var seen: Set<Region> = []
        return declared.rules.map(\.region).filter { region in
            seen.insert(region).inserted && decisions[region]?.meaning?.model != model
        }
    }

    /// Cosines of an embedding to all homes of its model, the nearest first; of equal ones by name.
    package func nearest(to meaning: NameMeaning, without region: Region? = nil) -> [(home: Region, cosine: Double)] {
        var found: [(home: Region, cosine: Double)] = []
        for (place, centroid) in centroids
        where place.model == meaning.model && centroid.dimensions == meaning.embedding.dimensions {
            // A member does not vouch for itself.
            guard let region, members[place.home]?.contains(region) == true else {
                found.append((place.home, centroid.cosine(meaning.embedding)))
                continue
            }
            let others = members(of: place.home).filter { $0 != region }
            if let rest = mean(of: others, model: place.model) {
                found.append((place.home, rest.cosine(meaning.embedding)))
            }
        }
        return found.sorted { ($1.cosine, $0.home) < ($0.cosine, $1.home) }
    }

    // MARK: The fold

    /// Takes an event of the log.
    ///
    /// - Parameter revision: its place in the log; of two events of one region the later counts.
    /// - Returns: whether it changed anything.
    @discardableResult
    package mutating func apply(_ event: RegionAssignment, revision: Int) -> Bool {
        self.revision = max(self.revision, revision)
        let known = decisions[event.region]
        guard (known?.revision ?? -1) < revision else { return false }
        var kept = event
        kept.vector = nil
        var meaning: NameMeaning?
        if let vector = event.vector, let model = event.model {
            meaning = try? NameMeaning(vector: vector, model: model)
        }
        let decision = Decision(event: kept, meaning: meaning, revision: revision)
        let before = known.flatMap(effectiveHome)
        let after = effectiveHome(decision)
        decisions[event.region] = decision
        if before == nil, after != nil { count += 1 }
        if before != nil, after == nil { count -= 1 }
        if let before { members[before]?.remove(event.region) }
        if let after { members[after, default: []].insert(event.region) }
        if let before { describe(before, by: known?.meaning?.model, meaning?.model) }
        if let after { describe(after, by: known?.meaning?.model, meaning?.model) }
        return true
    }

    /// Takes note that the log has come to a place, whatever stands there.
    package mutating func pass(_ revision: Int) { self.revision = max(self.revision, revision) }

    /// The home that a decision gives; nil where it lets the region be forgotten.
    private func effectiveHome(_ decision: Decision) -> Region? {
        if let home = declared.declaredHome(of: decision.event.region) { return home }
        guard decision.event.reason != .forgotten else { return nil }
        return declared.home(of: decision.event.home)
    }

    /// Finds the centroid of a home again, as models see it that may see another one now.
    private mutating func describe(_ home: Region, by models: String?...) {
        let present = members(of: home)
        if present.isEmpty { members[home] = nil }
        for case let model? in Set(models) {
            centroids[Place(home: home, model: model)] = mean(of: present, model: model)
        }
    }

    /// The mean of the embeddings of some regions by a model, of length 1; nil if absent. In the order of their names, so that the sum
    /// is the same wherever it is made.
    private func mean(of regions: [Region], model: String) -> Embedding? {
        var sum: [Float] = []
        for region in regions {
            guard let meaning = decisions[region]?.meaning, meaning.model == model else { continue }
            if sum.isEmpty { sum = [Float](repeating: 0, count: meaning.embedding.dimensions) }
            guard sum.count == meaning.embedding.dimensions else { continue }
            for place in sum.indices { sum[place] += meaning.embedding.values[place] }
        }
        return sum.isEmpty ? nil : try? Embedding(normalizing: sum)
    }
}
