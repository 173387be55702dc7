import NimmerGate
import NimmerOutput
import NimmerSystem
import NimmerWave

/// Regions whose gate opens on less than a person expects: on one cell alone, or on many that are hardly sure (gates.md, A wave arrives).
package struct WitnessCheck: SystemCheck {
    package init() {}

    package func findings(in checked: CheckedSystem) -> [CheckFinding] {
        let regions = SpeakingRegions(checked.system)
        var homes: [(region: Region, cells: [Organism])] = []
        for cell in checked.system.cells {
            guard let home = regions.home(of: cell) else { continue }
            if let place = homes.firstIndex(where: { $0.region == home }) {
                homes[place].cells.append(cell)
            } else {
                homes.append((home, [cell]))
            }
        }
        let nerves = checked.system.nerves.map { (nerve: $0, home: regions.home(of: $0)) }
        return homes.flatMap { home -> [CheckFinding] in
            let gate = checked.system.gates.configuration(
                region: home.region.text, gate: GateID(region: home.region).text)
            return Self.reflex(home.region, home.cells, gate, checked.system)
                + Self.unreachable(
                    home.region, home.cells, nerves.filter { $0.home == nil || $0.home == home.region }.map(\.nerve),
                    gate,
                    checked)
                + Self.lone(home.region, home.cells, gate, checked)
                + Self.weak(home.region, home.cells, gate, checked)
        }
    }

    /// One wave is enough for a gate whose trust makes it a reflex.
    private static func reflex(
        _ home: Region, _ cells: [Organism], _ gate: GateConfiguration, _ system: SystemFile
    ) -> [CheckFinding] {
        guard gate.quorum < 2 else { return [] }
        guard gate.weight > gate.reflexWeight else { return earned(home, cells, gate, system) }
        let rule = rule(of: home, in: system)
        let key = rule?.overrides.weight != nil || rule?.overrides.reflexWeight != nil ? rule?.region : nil
        let enough = max(gate.openThreshold, gate.floor)
        return [
            CheckFinding(
                weight: .note, check: "witnesses", mark: (key == nil ? nil : rule?.mark) ?? cells[0].mark,
                text:
                    "one witness opens '\(home.text)' alone, when it is \(number(enough)) sure or more: its weight \(number(gate.weight)) "
                    + "is above its reflex_weight \(number(gate.reflexWeight))",
                remedy:
                    "if two are to agree, lower the weight of '\(home.text)' to \(number(gate.reflexWeight)) or less (gates.\(key.map { "regions.\($0)" } ?? "defaults").weight)"
            )
        ]
    }

    /// Note of a region whose trust is earned: one voice is enough once outcomes vouch for it, and an untried one is heard once.
    private static func earned(
        _ home: Region, _ cells: [Organism], _ gate: GateConfiguration, _ system: SystemFile
    ) -> [CheckFinding] {
        guard gate.trust == .earned else { return [] }
        let hearing =
            gate.hearingMilliseconds == 0
            ? "" : ", and an untried one that lasts for \(wait(gate)) once"
        return [
            CheckFinding(
                weight: .note, check: "witnesses", mark: rule(of: home, in: system)?.mark ?? cells[0].mark,
                text: "one witness opens '\(home.text)' alone once outcomes have vouched for it\(hearing)",
                remedy: "quorum: 2 asks for two, whatever they have earned (gates.defaults.quorum, or of a region)")
        ]
    }

    private static func wait(_ gate: GateConfiguration) -> String {
        guard let hearing = gate.hearingMilliseconds else { return "half the window" }
        return LocalTime.span(milliseconds: hearing)
    }

    /// A gate whose quorum asks for more origins than speak in its region never opens.
    ///
    /// - Parameter nerves: those that speak in the region, as far as their settings show.
    private static func unreachable(
        _ home: Region, _ cells: [Organism], _ nerves: [Organism], _ gate: GateConfiguration, _ checked: CheckedSystem
    ) -> [CheckFinding] {
        let all = cells + nerves
        guard gate.quorum > 1, !all.contains(where: { origins(of: $0, checked)?.isOpen == true }) else { return [] }
        let own = Set(all.map { origins(of: $0, checked)?.named ?? [ownOrigin(of: $0)] }.joined())
        guard own.count < gate.quorum else { return [] }
        let what = own.count == 1 ? "one origin speaks" : "\(own.count) origins speak"
        return [
            CheckFinding(
                weight: .note, check: "witnesses", mark: rule(of: home, in: checked.system)?.mark ?? cells[0].mark,
                text:
                    "'\(home.text)' does not open: its quorum asks for \(gate.quorum) asserting origins, and of this file only \(what) there (\(own.sorted().joined(separator: ", ")))",
                remedy: "lower the quorum of '\(home.text)', or let more sense there")
        ]
    }

    /// A cell that may speak as several origins is several witnesses.
    private static func lone(
        _ home: Region, _ cells: [Organism], _ gate: GateConfiguration, _ checked: CheckedSystem
    ) -> [CheckFinding] {
        guard gate.weight <= gate.reflexWeight else { return [] }
        return cells.compactMap { cell -> CheckFinding? in
            guard let origins = origins(of: cell, checked), origins.isOpen || origins.count > 1 else { return nil }
            let stars = cell.origins.filter { !$0.isExact }
            let what =
                origins.isOpen
                ? "as many origins as it likes (\(OriginPattern.quoted(stars)))"
                : "as \(origins.count) origins (\(origins.named.joined(separator: ", ")))"
            return CheckFinding(
                weight: .note, check: "witnesses", mark: cell.mark,
                text:
                    "\(cell.name) may speak \(what) in '\(home.text)': two of them that agree open it without any other cell",
                remedy:
                    origins.isOpen
                    ? "write the origins out, and grant no more than it senses independently"
                    : "grant only what it senses independently of each other")
        }
    }

    /// Waves that are hardly sure add up.
    private static func weak(
        _ home: Region, _ cells: [Organism], _ gate: GateConfiguration, _ checked: CheckedSystem
    ) -> [CheckFinding] {
        let confidence = max(0.3, gate.floor)
        guard gate.weight <= gate.reflexWeight, confidence <= 0.5 else { return [] }
        let own = Set(cells.map { origins(of: $0, checked)?.named ?? [ownOrigin(of: $0)] }.joined())
        let isOpen = cells.contains { origins(of: $0, checked)?.isOpen == true }
        let most = min(gate.maximumOrigins, isOpen ? .max : own.count)
        guard let needed = witnesses(of: confidence, needed: gate, most: most), needed < most else { return [] }
        let which = isOpen ? "\(needed) origins" : "\(needed) of its \(own.count) origins"
        return [
            CheckFinding(
                weight: .note, check: "witnesses", mark: rule(of: home, in: checked.system)?.mark ?? cells[0].mark,
                text:
                    "'\(home.text)' opens when \(which) are each just \(number(confidence)) sure within its window: "
                    + "weak witnesses add up to its open_threshold of \(number(gate.openThreshold))",
                remedy:
                    "a floor above \(number(confidence)) leaves such waves out (gates.regions.\(home.text).floor); or raise open_threshold"
            )
        ]
    }

    /// Counts the witnesses of one confidence, each with one wave at the same moment, that open a gate; nil where `most` of them do not.
    static func witnesses(of confidence: Double, needed configuration: GateConfiguration, most: Int) -> Int? {
        var gate = Gate(configuration)
        var transitions: ContiguousArray<Transition> = []
        for origin in 0..<min(most, configuration.maximumOrigins) {
            let wave = Evidence(
                origin: Int32(origin), region: 0, confidence: confidence, at: Timestamp(nanoseconds: 0))
            _ = gate.receive(wave, into: &transitions)
            if gate.state == .open { return origin + 1 }
        }
        return nil
    }

    private struct Origins {
        /// Those that are written out.
        var named: [String]
        /// Indicates whether a star grants any number.
        var isOpen: Bool
        var count: Int { named.count }
    }

    /// The origins as which a cell speaks: what its program names, where that is known, of what it is granted.
    private static func origins(of cell: Organism, _ checked: CheckedSystem) -> Origins? {
        let own = ownOrigin(of: cell)
        var patterns = cell.origins
        if case .manifest(let manifest) = checked.manifests[cell.name] {
            // It speaks as one origin, whatever else it may.
            if manifest.origins.count <= 1, manifest.origins.allSatisfy(\.isExact) {
                return Origins(named: [manifest.origins.first?.text ?? own], isOpen: false)
            }
            patterns = cell.origins.filter { granted in
                manifest.origins.contains { granted.covers($0) || $0.covers(granted) }
            }
            return Origins(named: patterns.filter(\.isExact).map(\.text), isOpen: patterns.contains { !$0.isExact })
        }
        guard !patterns.isEmpty else { return nil }
        let named = Set(patterns.filter(\.isExact).map(\.text)).union([own])
        return Origins(named: named.sorted(), isOpen: patterns.contains { !$0.isExact })
    }

    /// The origin of a cell that names no other: its setting `origin`, else its name.
    private static func ownOrigin(of cell: Organism) -> String {
        cell.settings.first { $0.key == "origin" }?.value.text ?? cell.name
    }

    private static func rule(of home: Region, in system: SystemFile) -> GateSettings.Rule? {
        system.gates.rule(region: home.text, gate: GateID(region: home).text)
    }

    private static func number(_ value: Double) -> String { JSON.number(value).text }
}
