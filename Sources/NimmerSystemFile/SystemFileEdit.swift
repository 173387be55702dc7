import NimmerSystem
import NimmerWave

/// Changes of a system file's text that leave the rest as it is: comments, layout, order.
///
/// What is written is read again and held against what was wanted, so that a layout that is not understood is refused and never
/// broken.
public enum SystemFileEdit {
    /// Adds origins to the grants of a cell or nerve.
    ///
    /// - Parameters:
    ///   - origins: those to add; what is granted already is kept.
    ///   - name: the cell or nerve.
    ///   - text: the file's bytes, which can be loaded.
    ///   - file: what a refusal calls the text.
    /// - Throws: a `SystemError` where the file cannot be loaded, has no such entry, or must be changed by hand.
    public static func grant(
        _ origins: [OriginPattern], to name: String, in text: [UInt8], file: String
    ) throws(SystemError) -> [UInt8] {
        let before = try SystemFile(parsing: text, file: file)
        guard let organism = before.organism(name) else {
            throw SystemError(
                .missing, file: file, mark: .start, found: "no cell or nerve '\(name)'",
                expected: "one to grant origins to")
        }
        let added = origins.filter { !organism.origins.contains($0) }
        let wanted = organism.origins + added
        guard !added.isEmpty else { return text }
        let root = try YAMLParser.parse(text, file: file)
        var lines = EditedLines(text)
        if let node = entry(name, in: root), insert(added, into: node, &lines),
            let changed = try? SystemFile(parsing: lines.bytes, file: file),
            changed.organism(name)?.origins == wanted,
            let after = try? YAMLParser.parse(lines.bytes, file: file),
            content(root, without: name) == content(after, without: name)
        {
            return lines.bytes
        }
        throw SystemError(
            .invalid, file: file, mark: organism.mark, found: "an entry whose layout is not understood",
            expected: "by hand: origins: \(OriginPattern.list(wanted))")
    }

    /// The text with a change that a check asks for.
    ///
    /// - Throws: a `SystemError` where the file cannot be loaded, has no such entry, or must be changed by hand.
    package static func apply(
        _ change: SystemChange, in text: [UInt8], file: String
    ) throws(SystemError) -> [UInt8] {
        switch change {
        case .grant(let origins, let name): try grant(origins, to: name, in: text, file: file)
        }
    }

    private static func entry(_ name: String, in root: YAMLNode) -> YAMLNode? {
        let all = (root["cells"]?.elements ?? []) + (root["nerves"]?.elements ?? [])
        return all.first { $0["name"]?.text == name }
    }

    /// Everything but the origins of one entry, without places.
    private static func content(_ root: YAMLNode, without name: String) -> JSON {
        guard case .object(var object) = root.json else { return root.json }
        for key in ["cells", "nerves"] {
            guard let elements = object[key]?.array else { continue }
            object[key] = .array(
                elements.map { element in
                    guard element["name"]?.string == name, case .object(var entry) = element else { return element }
                    entry["origins"] = nil
                    return .object(entry)
                })
        }
        return .object(object)
    }

    private static func insert(_ origins: [OriginPattern], into node: YAMLNode, _ lines: inout EditedLines) -> Bool {
        if let list = node["origins"], !list.isNull {
            guard let last = list.elements?.last else {
                return lines.insert(OriginPattern.quoted(origins), behind: list.mark, 1)
            }
            if lines.character(at: list.mark) == "[" {
                return lines.insert(", " + OriginPattern.quoted(origins), behind: last.mark, length(last))
            }
            return lines.insert(origins.map { "\"\($0)\"" }, belowElement: last.mark)
        }
        guard let entry = ["kind", "name"].lazy.compactMap({ key in node.entries?.first { $0.key == key } }).first
        else {
            return false
        }
        if lines.character(at: node.mark) == "{" {
            return lines.insert(
                ", origins: \(OriginPattern.list(origins))", behind: entry.value.mark, length(entry.value))
        }
        return lines.insert("origins: \(OriginPattern.list(origins))", below: entry.mark)
    }

    /// Returns the number of characters that a scalar of one line takes in the file.
    static func length(_ node: YAMLNode) -> Int {
        guard case .scalar(let text, let quoted) = node.content else { return 0 }
        return text.unicodeScalars.count + (quoted ? 2 : 0)
    }
}
