import NimmerSystem
import NimmerWave

/// Rules over regions that no cell of the file brings: what they set holds for nothing, unless a sender outside the file brings such a region.
package struct RegionRuleCheck: SystemCheck {
    package init() {}

    package func findings(in checked: CheckedSystem) -> [CheckFinding] {
        let system = checked.system
        let named = Regions(of: checked)
        // A file without cells is about the regions of others alone.
        guard !named.regions.isEmpty else { return [] }
        let lived = named.living(in: system)
        var findings = system.thalamus.regions.compactMap { rule -> CheckFinding? in
            guard !rule.patterns.contains(where: { named.mayHave($0) }) else { return nil }
            return Self.finding(
                "thalamus.regions.\(rule.region)", rule.patterns, rule.mark, "no cell's region", named.regions)
        }
        for rule in system.gates.regions where !lived.mayHave(rule.region) && !lived.hasGate(of: rule, checked) {
            findings.append(Self.finding("gates.regions", [rule.region], rule.mark, lived.kind, lived.regions))
        }
        for event in system.bridge.events where !lived.mayHave(event.region) {
            findings.append(
                Self.finding("bridge.event_types", [event.region], event.mark, lived.kind, lived.regions))
        }
        for budget in system.bridge.regionBudgets where !lived.mayHave(budget.region) {
            findings.append(
                Self.finding("bridge.region_budgets", [budget.region], budget.mark, lived.kind, lived.regions))
        }
        return findings
    }

    private static func finding(
        _ key: String, _ patterns: [String], _ mark: YAMLMark, _ kind: String, _ regions: [String]
    ) -> CheckFinding {
        let meant = patterns.lazy.compactMap { nearest(to: $0, among: regions) }.first
        let shown = regions.prefix(8).joined(separator: ", ") + (regions.count > 8 ? ", …" : "")
        return CheckFinding(
            weight: .note, check: "regions", mark: mark,
            text:
                "\(key): '\(patterns.joined(separator: ", "))' matches \(kind)"
                + (meant.map { " (did you mean '\($0)'?)" } ?? "") + "; there are \(shown)",
            remedy: "it counts only where a sender outside this file brings such a region")
    }
}

/// Regions that the cells of a file bring.
private struct Regions {
    /// Their names, sorted.
    private(set) var regions: [String]
    /// Regions of the programs that the file names itself, which may speak in every region within them.
    private var open: [String]
    /// Words for a rule that matches none of them.
    let kind: String

    init(of checked: CheckedSystem) {
        let members = DeclaredMembers(checked.system)
        var (regions, open): (Set<String>, Set<String>) = ([], [])
        for cell in checked.system.cells {
            guard let region = members.region(of: cell.name)?.text else { continue }
            regions.insert(region)
            if !cell.command.isEmpty { open.insert(region) }
        }
        (self.regions, self.open, kind) = (regions.sorted(), open.sorted(), "no cell's region")
    }

    private init(_ regions: Set<String>, open: [String], kind: String) {
        (self.regions, self.open, self.kind) = (regions.sorted(), open, kind)
    }

    /// The regions in which their waves live, and those that `thalamus.regions` makes.
    func living(in system: SystemFile) -> Regions {
        let homes = regions.compactMap { try? Region($0) }.map { system.home(of: $0).text }
        return Regions(
            Set(homes + system.thalamus.regions.map(\.region)), open: open,
            kind: "no region in which a cell's waves live")
    }

    /// Returns whether a pattern matches one of them, or can match one within an open one.
    func mayHave(_ text: String) -> Bool {
        guard let pattern = try? SubjectPattern(text) else { return false }
        return regions.contains { pattern.matches($0) } || open.contains { Self.reaches(text, within: $0) }
    }

    private static func reaches(_ pattern: String, within region: String) -> Bool {
        let tokens = pattern.split(separator: ".")
        let above = region.split(separator: ".")
        for (place, token) in above.enumerated() {
            guard place < tokens.count else { return false }
            if tokens[place] == ">" { return true }
            guard tokens[place] == "*" || tokens[place] == token else { return false }
        }
        return tokens.count > above.count
    }

    /// Returns whether a rule is about the gate of one of them, or the own gate of a cell or nerve.
    func hasGate(of rule: GateSettings.Rule, _ checked: CheckedSystem) -> Bool {
        regions.contains { (try? Region($0)).map { GateID(region: $0).text } == rule.region }
            || checked.organisms.contains { organism in
                guard let name = try? Token(organism.name) else { return false }
                return GateID.Owner.allCases.contains { GateID(ownedBy: name, $0).text == rule.region }
            }
    }
}
