import NimmerSystem
import NimmerWave

/// The regions that a system file knows: those of its rules, its cells' own, and those that its gates name (trust.md, Limits around it).
struct DeclaredRegions: Sendable {
    private let regions: Set<Region>

    init(_ system: SystemFile, _ map: RegionMap) {
        let members = DeclaredMembers(system)
        let ofCells = system.cells.compactMap { members.region(of: $0.name) }.map { map.home(of: $0) }
        let named = system.gates.regions.compactMap { try? Region($0.region) }
        regions = Set(map.rules.map(\.region) + ofCells + named)
    }

    func contains(_ region: Region) -> Bool { regions.contains(region) }
}
