import NimmerMemory
import NimmerSystem
import NimmerWave

/// Levels of a day's regions: which summary is made from which (spec/iris.md, Summaries).
///
/// A region is below the nearest one within whose name it lies and whose level is higher: `plant.hall.pump` (task) below `plant` (project) where
/// `plant.hall` has no level. A value; regions without a level stand alone.
struct SummaryLevels: Sendable {
    /// A region, its day, and those below it.
    struct Node: Sendable, Hashable {
        /// Its day; without an opening where only those below it had one.
        var day: RegionDay
        /// Its level; nil: none is declared.
        var level: MemorySettings.Level?
        /// Regions below it, in order.
        var below: [Region] = []
    }

    private let rules: [MemorySettings.LevelRule]

    init(_ rules: [MemorySettings.LevelRule]) { self.rules = rules }

    /// Level of a region; nil: no rule matches it.
    func level(of region: Region) -> MemorySettings.Level? {
        rules.first { $0.pattern.matches(region.text) }?.level
    }

    /// The regions of a day in the order in which their summaries are made: each after all that are below it.
    ///
    /// Regions of a higher level that had no opening themselves are added, at most as many as ``RegionDay/maximumRegions``.
    func nodes(of days: [RegionDay]) -> [Node] {
        guard !rules.isEmpty else { return days.map { Node(day: $0) } }
        var nodes: [Region: Node] = [:]
        for day in days { nodes[day.region] = Node(day: day, level: level(of: day.region)) }
        var added = 0
        for day in days {
            var region = day.region
            while let upper = above(region) {
                if nodes[upper.region] == nil {
                    guard added < RegionDay.maximumRegions else { break }
                    added += 1
                    nodes[upper.region] = Node(day: RegionDay(upper.region), level: upper.level)
                }
                if nodes[upper.region]?.below.contains(region) == false { nodes[upper.region]?.below.append(region) }
                region = upper.region
            }
        }
        let order = Dictionary(
            days.enumerated().map { ($1.region, $0) }, uniquingKeysWith: { first, _ in first })
        // A region is above others of a lower level alone: by level, each comes after all that are below it.
        return nodes.values
            .map { node in
                var node = node
                node.below.sort()
                return node
            }
            .sorted { a, b in
                let (first, second) = (depth(a.level), depth(b.level))
                if first != second { return first < second }
                let (early, late) = (order[a.day.region] ?? .max, order[b.day.region] ?? .max)
                return early != late ? early < late : a.day.region < b.day.region
            }
    }

    /// The regions of the highest levels, of equals those that come first.
    func highest(_ most: Int, of nodes: [Node]) -> Set<Region> {
        let order = nodes.enumerated().sorted { a, b in
            let (first, second) = (depth(a.element.level), depth(b.element.level))
            return first != second ? first > second : a.offset < b.offset
        }
        return Set(order.prefix(most).map(\.element.day.region))
    }

    private func depth(_ level: MemorySettings.Level?) -> Int {
        guard let level else { return -1 }
        return MemorySettings.Level.allCases.sorted().firstIndex(of: level) ?? -1
    }

    private func above(_ region: Region) -> (region: Region, level: MemorySettings.Level)? {
        guard let own = level(of: region) else { return nil }
        var tokens = region.text.split(separator: ".")
        while tokens.count > 1 {
            tokens.removeLast()
            guard let upper = try? Region(tokens.joined(separator: ".")), let level = level(of: upper) else { continue }
            if own < level { return (upper, level) }
        }
        return nil
    }
}
