import NimmerSystem
import NimmerWave

// The variants of the virtual garden: each an overlay, held to the same rules as what it lies over.

extension SystemFile {
    /// Reads the variants; everything else of the file is read already.
    func variants(_ node: YAMLNode?, _ root: YAMLNode) throws(SystemError) -> [VirtualVariant] {
        guard let node else { return [] }
        guard node.isNull || node.entries != nil else {
            throw refusal(node.mark, node.found, "virtual: a mapping of variants, such as {eager: {gates: {…}}}")
        }
        let entries = node.entries ?? []
        guard entries.count <= VirtualVariant.maximum else {
            throw refusal(
                entries[VirtualVariant.maximum].mark, "\(entries.count) variants",
                "at most \(VirtualVariant.maximum): each judges every wave")
        }
        var variants: [VirtualVariant] = []
        for entry in entries {
            try SystemFile.checkToken(entry.key, key: "virtual", mark: entry.mark, file: file)
            variants.append(try variant(entry, root))
        }
        return variants
    }

    private func variant(_ entry: YAMLNode.Entry, _ root: YAMLNode) throws(SystemError) -> VirtualVariant {
        let place = "virtual.\(entry.key)"
        var variant = VirtualVariant(name: entry.key, mark: entry.mark)
        var keys = try MappingReader(entry.value, place: place, file: file)
        let gates = keys.node("gates")
        let cells = keys.node("cells")
        let thalamus = keys.node("thalamus")
        try keys.finish()
        if let gates { try read(gates: gates, place, &variant) }
        if let cells { variant.cells = try changes(cells, place) }
        if let thalamus {
            var keys = try MappingReader(thalamus, place: "\(place).thalamus", file: file)
            variant.regions = try SystemFile.regions(try keys.entries("regions"), file: file)
            try keys.finish()
        }
        guard entry.value.entries?.isEmpty == false else {
            throw refusal(
                entry.mark, "nothing that differs in the variant '\(entry.key)'",
                "settings of gates, cells or thalamus.regions")
        }
        let parts = ["gates", "thalamus", "cells"].map { root[$0]?.json.text ?? "" } + [entry.value.json.text]
        variant.digest = MessageID.named(parts.joined(separator: "\n")).text
        return variant
    }

    private func read(gates node: YAMLNode, _ place: String, _ variant: inout VirtualVariant) throws(SystemError) {
        var keys = try MappingReader(node, place: "\(place).gates", file: file)
        let defaults = keys.node("defaults")
        if let defaults {
            variant.gates.defaults = try GateOverrides(defaults, place: "\(place).gates.defaults", file: file)
        }
        var nodes: [String: YAMLNode] = [:]
        for entry in try keys.entries("regions") {
            try SystemFile.checkPattern(entry.key, mark: entry.mark, file: file)
            let overrides = try GateOverrides(entry.value, place: "\(place).gates.regions.\(entry.key)", file: file)
            variant.gates.regions.append(.init(region: entry.key, overrides: overrides, mark: entry.mark))
            nodes[entry.key] = entry.value
        }
        try keys.finish()
        // What results is held to what the gates of the file are held to, also where only the defaults below a rule have changed.
        let merged = gates.overlaid(by: variant.gates)
        try merged.defaults.checkTrust(
            over: GateOverrides(), defaults ?? node, place: "\(place).gates.defaults", file: file)
        for rule in merged.regions {
            try rule.overrides.checkTrust(
                over: merged.defaults, nodes[rule.region] ?? defaults ?? node,
                place: "\(place).gates.regions.\(rule.region)", file: file)
        }
    }

    private func changes(_ node: YAMLNode, _ place: String) throws(SystemError) -> [VirtualVariant.CellChange] {
        guard node.isNull || node.entries != nil else {
            throw refusal(node.mark, node.found, "\(place).cells as a mapping of cells and their settings")
        }
        var changes: [VirtualVariant.CellChange] = []
        for entry in node.entries ?? [] {
            guard let cell = cells.first(where: { $0.name == entry.key }) else {
                let meant = nearest(to: entry.key, among: cells.map(\.name)).map { " (did you mean '\($0)'?)" } ?? ""
                throw refusal(
                    entry.mark, "'\(entry.key)'\(meant)", "the name of a cell of this file, in \(place).cells")
            }
            guard entry.value.isNull || entry.value.entries != nil else {
                throw refusal(
                    entry.value.mark, entry.value.found, "settings of \(entry.key) that differ, such as {floor: 0.4}")
            }
            let settings = entry.value.entries ?? []
            for setting in settings { try check(setting, of: cell, "\(place).cells.\(entry.key)") }
            changes.append(.init(cell: entry.key, settings: settings, mark: entry.mark))
        }
        return changes
    }

    /// Refuses a setting whose effect no live wave shows.
    private func check(_ setting: YAMLNode.Entry, of cell: Organism, _ place: String) throws(SystemError) {
        switch setting.key {
        case "floor":
            let real = cell.settings.first { $0.key == "floor" }?.value.number ?? VirtualVariant.standardFloor
            guard let floor = setting.value.number, (real...1).contains(floor) else {
                throw refusal(
                    setting.value.mark, setting.value.found,
                    "floor: a number from \(JSON.number(real).text), the real floor, to 1: below it \(cell.name) emits no wave "
                        + "that a variant could hear")
            }
        case "region":
            guard let text = setting.value.text, (try? Region(text)) != nil else {
                throw refusal(
                    setting.value.mark, setting.value.found, "region: tokens a-z 0-9 _ - joined by dots")
            }
        default:
            throw refusal(
                setting.mark, "'\(setting.key)' in \(place)",
                "\(VirtualVariant.cellKeys.joined(separator: " or ")): the variant hears live waves, which hold what \(cell.name) "
                    + "has judged and not each reading; `nimmer replay --compare` tries other settings on recorded readings"
            )
        }
    }

    private func refusal(_ mark: YAMLMark, _ found: String, _ expected: String) -> SystemError {
        SystemError(.invalid, file: file, mark: mark, found: found, expected: expected)
    }
}
