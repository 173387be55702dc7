import NimmerSystem
import NimmerWave

extension LifeforceSettings {
    /// Reads the section `lifeforce`.
    init(_ node: YAMLNode?, file: String) throws(SystemError) {
        self.init()
        guard let node else { return }
        var keys = try MappingReader(node, place: "lifeforce", file: file)
        standard = try Amounts(&keys, over: standard)
        for entry in try keys.entries("regions") {
            try SystemFile.checkPattern(entry.key, mark: entry.mark, file: file)
            var own = try MappingReader(entry.value, place: "lifeforce.regions.\(entry.key)", file: file)
            let amounts = try Amounts(&own, over: standard)
            try own.finish()
            if let pattern = try? SubjectPattern(entry.key) { rules.append(Rule(region: pattern, amounts: amounts)) }
        }
        try keys.finish()
    }
}

extension LifeforceSettings.Amounts {
    fileprivate init(_ keys: inout MappingReader, over standard: Self) throws(SystemError) {
        self.init(
            confirmed: try keys.number("confirmed", in: -1e15...1e15, unit: "lifeforce") ?? standard.confirmed,
            failed: try keys.number("failed", in: -1e15...1e15, unit: "lifeforce") ?? standard.failed,
            partial: try keys.number("partial", in: -1e15...1e15, unit: "lifeforce") ?? standard.partial)
    }
}

extension CellBudgetSettings {
    /// Reads the section `lifeforce` of a cell.
    init(_ node: YAMLNode, of name: String, file: String) throws(SystemError) {
        var keys = try MappingReader(node, place: "lifeforce of \(name)", file: file)
        let budget = try keys.required("budget", try keys.number("budget", in: 1e-9...1e15, unit: "lifeforce"))
        self.init(budget: budget)
        period = try keys.choice("per", of: Period.self) ?? period
        every = try keys.integer("every", in: 2...1000) ?? every
        for text in try keys.texts("regions") ?? [] {
            guard let region = try? Region(text) else {
                throw keys.refusal("regions", expected: "regions of the thalamus: tokens a-z 0-9 _ - joined by dots")
            }
            regions.append(region)
        }
        try keys.finish()
        mark = node.mark
    }
}

extension SystemFile {
    /// Refuses a budget that nothing can feed.
    func checkFood(of cell: Organism) throws(SystemError) {
        guard let budget = cell.lifeforce, foodRegions(of: cell).isEmpty else { return }
        throw SystemError(
            .missing, file: file, mark: budget.mark, found: "a budget of \(cell.name), whose settings name no region",
            expected: "regions: the regions of the thalamus whose confirmed openings feed it, such as [plant]")
    }
}
