import NimmerWave

// Energy that waves and states of nerves cost, by region: summed as they come, taken once a minute (docs/reference/lifeforce.md).

extension Thalamus {
    /// Largest sum of one region, in LF: sums of these have a sum.
    private static let most = 1e290

    /// A wave of a region cost something.
    @inline(__always)
    mutating func spend(_ cost: Double, in slot: Int, isNerve: Bool) {
        if isNerve { slots[slot].spent.nerves += cost } else { slots[slot].spent.cells += cost }
    }

    /// A nerve spent energy on entering a state.
    ///
    /// - Parameter region: the region that the nerve speaks of.
    public mutating func spend(_ cost: Double, byNerveIn region: Region) {
        guard cost > 0 else { return }
        keptSpending[home(of: region), default: (0, 0, 0)].nerves += cost
    }

    /// An organ spent energy.
    ///
    /// - Parameter region: the region that pays.
    public mutating func spend(_ cost: Double, byOrganIn region: Region) {
        guard cost > 0 else { return }
        keptSpending[home(of: region), default: (0, 0, 0)].organs += cost
    }

    /// Keeps what was spent in a region whose slot is given up.
    mutating func keepSpending(of slot: Int) {
        let spent = slots[slot].spent
        guard spent.cells > 0 || spent.nerves > 0 else { return }
        let kept = keptSpending[slots[slot].region] ?? (0, 0, 0)
        keptSpending[slots[slot].region] = (kept.cells + spent.cells, kept.nerves + spent.nerves, kept.organs)
        slots[slot].spent = (0, 0)
    }

    /// Removes and returns what was spent since the last call, by region in the order of their names.
    public mutating func takeSpending() -> [RegionSpending] {
        for slot in slots.indices { keepSpending(of: slot) }
        defer { keptSpending.removeAll() }
        return keptSpending.map { region, spent in
            RegionSpending(
                region: region, cells: min(spent.cells, Self.most), nerves: min(spent.nerves, Self.most),
                organs: min(spent.organs, Self.most))
        }.sorted { $0.region.text < $1.region.text }
    }
}
