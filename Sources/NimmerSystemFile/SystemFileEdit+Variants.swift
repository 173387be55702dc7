import NimmerSystem
import NimmerWave

// Variants become real, and explored ones come into a file.

extension SystemFileEdit {
    /// A step on the way to a value of a file.
    private enum Step {
        /// The value of a key.
        case key(String)
        /// The element of a list that has this name.
        case element(String)
    }

    /// The text with the settings of a variant as those of the real system; the variant stays.
    ///
    /// - Throws: a `SystemError` where the file cannot be loaded, has no such variant, or must be changed by hand.
    package static func promote(_ name: String, in text: [UInt8], file: String) throws(SystemError) -> [UInt8] {
        let before = try SystemFile(parsing: text, file: file)
        guard let variant = before.variant(name) else {
            let known = before.virtual.map(\.name).joined(separator: ", ")
            throw SystemError(
                .missing, file: file, mark: .start, found: "no variant '\(name)'",
                expected: known.isEmpty ? "one in a section virtual" : "one of \(known)")
        }
        let root = try YAMLParser.parse(text, file: file)
        var edited = text
        for (path, value) in changes(variant, root, before) {
            guard let next = set(value, at: path, in: edited, file) else { throw byHand(variant, root, file) }
            edited = next
        }
        guard let after = try? SystemFile(parsing: edited, file: file),
            isSame(after, before.applying(variant), as: before),
            let tree = try? YAMLParser.parse(edited, file: file), untouched(tree) == untouched(root)
        else { throw byHand(variant, root, file) }
        return edited
    }

    /// The text with further variants, each on a line of its own: `eager: {gates: {…}}`.
    ///
    /// - Throws: a `SystemError` where the file cannot be loaded, or must be changed by hand.
    package static func add(variants: [String], in text: [UInt8], file: String) throws(SystemError) -> [UInt8] {
        let before = try SystemFile(parsing: text, file: file)
        let root = try YAMLParser.parse(text, file: file)
        guard before.virtual.count + variants.count <= VirtualVariant.maximum else {
            throw SystemError(
                .invalid, file: file, mark: root["virtual"]?.mark ?? .start,
                found: "\(before.virtual.count) variants, and \(variants.count) more to add",
                expected: "at most \(VirtualVariant.maximum): each judges every wave")
        }
        var lines = EditedLines(text)
        var isDone = true
        if let present = root["virtual"], !present.isNull {
            for line in variants.reversed() {
                if lines.character(at: present.mark) == "{" {
                    let rest = present.entries?.isEmpty == true ? "" : ", "
                    isDone = lines.insert(line + rest, behind: present.mark, 1) && isDone
                } else if let first = present.entries?.first {
                    isDone = lines.insert(line, above: first.mark) && isDone
                }
            }
        } else if root["virtual"] == nil {
            lines.append(["", "virtual:"] + variants.map { "  " + $0 })
        } else {
            isDone = false
        }
        guard isDone, let after = try? SystemFile(parsing: lines.bytes, file: file),
            after.virtual.count == before.virtual.count + variants.count,
            let tree = try? YAMLParser.parse(lines.bytes, file: file),
            ["gates", "cells", "thalamus"].allSatisfy({ tree[$0]?.json == root[$0]?.json })
        else {
            throw SystemError(
                .invalid, file: file, mark: root["virtual"]?.mark ?? .start,
                found: "a layout that is not understood",
                expected: "by hand, under virtual:  \(variants.joined(separator: "; "))")
        }
        return lines.bytes
    }

    // MARK: - What a promotion changes

    private static func changes(
        _ variant: VirtualVariant, _ root: YAMLNode, _ before: SystemFile
    ) -> [(path: [Step], value: YAMLNode)] {
        guard let node = root["virtual"]?[variant.name] else { return [] }
        var changes: [(path: [Step], value: YAMLNode)] = []
        for entry in node["gates"]?["defaults"]?.entries ?? [] {
            changes.append(([.key("gates"), .key("defaults"), .key(entry.key)], entry.value))
        }
        // The last of several new rules is put above the others first.
        for rule in (node["gates"]?["regions"]?.entries ?? []).reversed() {
            let path: [Step] = [.key("gates"), .key("regions"), .key(rule.key)]
            let real = root["gates"]?["regions"]
            if real?[rule.key] != nil {
                for entry in rule.value.entries ?? [] { changes.append((path + [.key(entry.key)], entry.value)) }
                continue
            }
            let below = before.gates.rule(region: rule.key, gate: rule.key).flatMap { real?[$0.region]?.entries } ?? []
            let own = rule.value.entries ?? []
            let kept = below.filter { entry in !own.contains { $0.key == entry.key } }
            changes.append((path, YAMLNode(.mapping(kept + own))))
        }
        for cell in node["cells"]?.entries ?? [] {
            for entry in cell.value.entries ?? [] {
                changes.append(
                    ([.key("cells"), .element(cell.key), .key("settings"), .key(entry.key)], entry.value))
            }
        }
        if let regions = node["thalamus"]?["regions"] {
            changes.append(([.key("thalamus"), .key("regions")], regions))
        }
        return changes
    }

    /// Returns whether two systems judge alike, as far as a variant can differ.
    private static func isSame(_ one: SystemFile, _ other: SystemFile, as before: SystemFile) -> Bool {
        func regions(_ system: SystemFile) -> [String] {
            system.thalamus.regions.map { "\($0.region) \($0.patterns)" }
        }
        let named = Set((one.gates.regions + other.gates.regions).map(\.region) + one.thalamus.regions.map(\.region))
        return one.gates.defaults == other.gates.defaults
            && one.gates.regions.map(\.region) == other.gates.regions.map(\.region)
            && named.allSatisfy {
                one.gates.overrides(region: $0, gate: $0) == other.gates.overrides(region: $0, gate: $0)
            }
            && regions(one) == regions(other)
            && one.cells.count == other.cells.count
            && zip(one.cells, other.cells).allSatisfy { settings($0) == settings($1) }
    }

    private static func settings(_ cell: Organism) -> [String: JSON] {
        Dictionary(cell.settings.map { ($0.key, $0.value.json) }, uniquingKeysWith: { first, _ in first })
    }

    /// Everything that a promotion leaves alone, without places.
    private static func untouched(_ root: YAMLNode) -> JSON {
        guard case .object(var object) = root.json else { return root.json }
        for key in ["gates", "cells", "thalamus"] { object[key] = nil }
        return .object(object)
    }

    private static func byHand(_ variant: VirtualVariant, _ root: YAMLNode, _ file: String) -> SystemError {
        SystemError(
            .invalid, file: file, mark: variant.mark, found: "a layout that is not understood",
            expected: "by hand: \(root["virtual"]?[variant.name]?.flow ?? "")")
    }

    // MARK: - One value

    private static func child(_ node: YAMLNode, _ step: Step) -> YAMLNode? {
        switch step {
        case .key(let key): node[key]
        case .element(let name): node.elements?.first { $0["name"]?.text == name }
        }
    }

    /// The text with a value at a path, which is made where it is missing; nil where the layout is not understood.
    private static func set(_ value: YAMLNode, at path: [Step], in text: [UInt8], _ file: String) -> [UInt8]? {
        guard let root = try? YAMLParser.parse(text, file: file) else { return nil }
        var lines = EditedLines(text)
        var node = root
        for (place, step) in path.enumerated() {
            if let next = child(node, step), !next.isNull {
                node = next
                continue
            }
            guard case .key(let key) = step else { return nil }
            var written = value.flow
            for step in path[(place + 1)...].reversed() {
                guard case .key(let key) = step else { return nil }
                written = "{\(YAMLNode.scalar(key)): \(written)}"
            }
            let line = "\(YAMLNode.scalar(key)): \(written)"
            if place == 0 {
                lines.append(["", line])
                return lines.bytes
            }
            // The first rule that matches wins: a new one stands before the others.
            let isRule = place == 2 && value.entries != nil
            return insert(line, into: node, isFirst: isRule, &lines) ? lines.bytes : nil
        }
        if case .scalar = node.content, case .scalar = value.content {
            return lines.replace(at: node.mark, length(node), with: value.flow) ? lines.bytes : nil
        }
        guard let count = lines.bracketed(at: node.mark) else { return nil }
        return lines.replace(at: node.mark, count, with: value.flow) ? lines.bytes : nil
    }

    /// Puts an entry into a mapping, first or last among its entries.
    private static func insert(_ line: String, into node: YAMLNode, isFirst: Bool, _ lines: inout EditedLines) -> Bool {
        guard let entries = node.entries else { return false }
        if lines.character(at: node.mark) == "{" {
            return lines.insert(line + (entries.isEmpty ? "" : ", "), behind: node.mark, 1)
        }
        guard let first = entries.first, let last = entries.last else { return false }
        if isFirst { return lines.insert(line, above: first.mark) }
        // What ends on the line of its key has its follower right below.
        let isShort = last.value.mark.line == last.mark.line
        if isShort, last.value.entries == nil || lines.bracketed(at: last.value.mark) != nil {
            return lines.insert(line, below: last.mark)
        }
        if lines.insert(line, above: first.mark) { return true }
        guard case .scalar = first.value.content else { return false }
        return lines.insert(line, below: first.mark)
    }
}

extension YAMLNode {
    /// The value on one line.
    fileprivate var flow: String {
        switch content {
        case .scalar(let text, let quoted): quoted ? "\"\(Self.escaped(text))\"" : Self.scalar(text)
        case .sequence(let elements): "[\(elements.map(\.flow).joined(separator: ", "))]"
        case .mapping(let entries):
            "{\(entries.map { "\(Self.scalar($0.key)): \($0.value.flow)" }.joined(separator: ", "))}"
        }
    }

    /// A plain text, in quotes where it would be something else without.
    fileprivate static func scalar(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                    || "_-./".utf8.contains(byte)
            } && text.first != "-" || text.utf8.allSatisfy { "-+.0123456789eE".utf8.contains($0) }
        return isPlain ? text : "\"\(escaped(text))\""
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }
}
