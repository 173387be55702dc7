import NimmerWave

/// A variant of a system that the virtual garden runs beside the real one: an overlay of other settings of gates, cells and regions.
public struct VirtualVariant: Sendable {
    /// Other settings of one cell.
    public struct CellChange: Sendable {
        /// The cell.
        public var cell: String
        /// Its settings that differ.
        public var settings: [YAMLNode.Entry]
        /// Position in the file.
        public var mark: YAMLMark

        package init(cell: String, settings: [YAMLNode.Entry], mark: YAMLMark) {
            self.cell = cell
            self.settings = settings
            self.mark = mark
        }
    }

    /// Variants of one file at most: each judges every wave.
    package static let maximum = 16
    /// Settings of a cell that can differ: what a live wave shows of them. A wave holds what its cell judged, not each reading.
    package static let cellKeys = ["floor", "region"]
    /// Floor of a cell whose settings name none.
    package static let standardFloor = 0.2

    /// Its name, a token: `eager`.
    public var name: String
    /// Differences of gates: those of `defaults`, and of single regions.
    public var gates = GateSettings()
    /// Differences of cells, in the order of the file.
    public var cells: [CellChange] = []
    /// The declared regions in place of the real ones; nil: the real ones.
    public var regions: [ThalamusSettings.RegionRule]?
    /// Position in the file.
    public var mark: YAMLMark
    /// Name of all that its judgement follows from: its own settings, and the real ones below them. What was counted under another one
    /// counts no more.
    package var digest = ""

    package init(name: String, mark: YAMLMark = .start) {
        self.name = name
        self.mark = mark
    }
}

extension GateSettings {
    /// These settings with those of an overlay where it has any.
    ///
    /// A rule of the overlay changes the rule of its name at its place. One of another name stands before all of these, and changes what the first
    /// rule about its region has. All other rules stay.
    package func overlaid(by other: GateSettings) -> GateSettings {
        var merged = self
        merged.defaults = defaults.merged(with: other.defaults)
        var added: [Rule] = []
        for change in other.regions {
            let place = regions.firstIndex { $0.region == change.region }
            let below = place.map { regions[$0] } ?? rule(region: change.region, gate: change.region)
            let overrides = (below?.overrides ?? GateOverrides()).merged(with: change.overrides)
            let rule = Rule(region: change.region, overrides: overrides, mark: change.mark)
            if let place { merged.regions[place] = rule } else { added.append(rule) }
        }
        merged.regions = added + merged.regions
        return merged
    }
}

extension SystemFile {
    /// The variant of a name.
    public func variant(_ name: String) -> VirtualVariant? { virtual.first { $0.name == name } }

    /// The system that a variant describes, as if it were real: without variants of its own.
    package func applying(_ variant: VirtualVariant) -> SystemFile {
        var system = self
        system.virtual = []
        system.gates = gates.overlaid(by: variant.gates)
        if let regions = variant.regions { system.thalamus.regions = regions }
        for change in variant.cells {
            guard let place = system.cells.firstIndex(where: { $0.name == change.cell }) else { continue }
            let keys = Set(change.settings.map(\.key))
            system.cells[place].settings.removeAll { keys.contains($0.key) }
            system.cells[place].settings += change.settings
        }
        return system
    }
}
