import NimmerSystem
import NimmerWave

/// All mistakes of a system file at once, and the file without them.
///
/// The loader stops at the first mistake. What is wrong is then taken out of the tree (a key with its value, an element of a list), what
/// is missing is filled in, and the loader reads again, until it finds nothing: so there is one set of rules, the loader's own.
public struct SystemMistakes: Sendable {
    /// The mistakes, in the order of the file.
    public private(set) var all: [SystemError] = []
    /// The file without what is wrong in it.
    public private(set) var sound: SystemFile
    /// Names of the cells and nerves whose entries lack something that every entry has.
    public private(set) var incomplete: Set<String> = []

    /// More mistakes than a person reads at once; the rest is found when these are gone.
    static let limit = 100

    /// Keys that were taken out, each with the mark of its mapping. That one is missing now is no mistake of its own.
    private var cut: Set<Cut> = []
    private var places = 0

    /// Checks a text.
    ///
    /// - Throws: `SystemError` for a text that cannot be read as YAML at all; nothing else can be known of it.
    public init(in text: [UInt8], file: String) throws(SystemError) {
        var root = try YAMLParser.parse(text, file: file)
        sound = SystemFile(name: "unknown", file: file)
        for _ in 0..<10 * Self.limit where all.count < Self.limit {
            do throws(SystemError) {
                sound = try SystemFile(root: root, file: file)
                incomplete = Set(
                    (sound.cells + sound.nerves).filter {
                        $0.kind == Self.standInKind || $0.name.hasPrefix(Self.standIn)
                    }
                    .map(\.name))
                break
            } catch {
                guard let next = remedied(root, error) else {
                    if all.last != error { all.append(error) }
                    break
                }
                root = next
            }
        }
        all.sort { ($0.mark.line, $0.mark.column) < ($1.mark.line, $1.mark.column) }
    }

    // MARK: Taking out and filling in

    private struct Cut: Hashable {
        var key: String
        var holder: YAMLMark
    }

    private static let standIn = "left-out-"
    private static let standInKind = "left-out/v1"

    /// The tree without the cause of an error, which is noted unless it only follows from an earlier one; nil where nothing can be done.
    private mutating func remedied(_ root: YAMLNode, _ error: SystemError) -> YAMLNode? {
        if error.code == .missing, let key = Self.quoted(error.expected), error.expected == "the key '\(key)'" {
            if !cut.contains(Cut(key: key, holder: error.mark)) { all.append(error) }
            return filled(root, at: error.mark, key)
        }
        guard let (tree, taken) = Self.without(error, root) else { return nil }
        if !error.found.contains(Self.standIn) { all.append(error) }
        cut.insert(taken)
        return tree
    }

    /// The tree with a value for a key that a mapping needs.
    private mutating func filled(_ root: YAMLNode, at mark: YAMLMark, _ key: String) -> YAMLNode? {
        places += 1
        let isKindOfServer =
            root["organs"].map { Self.holds($0, mark) } == true
            || root["bridge"].map { Self.holds($0, mark) } == true
        let text =
            switch key {
            case "nimmerverse": "1"
            case "kind": isKindOfServer ? "ollama" : Self.standInKind
            case "url": "http://127.0.0.1"
            case "type": "number"
            default: "\(Self.standIn)\(places)"
            }
        return Self.replacing(root) { node in
            guard node.mark == mark, node.entries != nil || node.isNull, node[key]?.isNull != false else { return nil }
            var entries = (node.entries ?? []).filter { $0.key != key }
            entries.append(.init(key: key, mark: mark, value: YAMLNode(.scalar(text, quoted: false), mark: mark)))
            return YAMLNode(.mapping(entries), mark: node.mark)
        }
    }

    /// The tree without what an error is about, and what that was; nil when it is not found.
    private static func without(_ error: SystemError, _ root: YAMLNode) -> (YAMLNode, Cut)? {
        var taken: Cut?
        func removing(_ matches: (YAMLNode.Entry?, YAMLNode) -> Bool) -> YAMLNode? {
            replacing(root) { node in
                if let entries = node.entries, let place = entries.firstIndex(where: { matches($0, $0.value) }) {
                    let meant = error.found.halves(around: "did you mean '")?.after.prefix { $0 != "'" }
                    taken = Cut(key: meant.map { String($0) } ?? entries[place].key, holder: node.mark)
                    var rest = entries
                    rest.remove(at: place)
                    return YAMLNode(.mapping(rest), mark: node.mark)
                }
                if let elements = node.elements, let place = elements.firstIndex(where: { matches(nil, $0) }) {
                    taken = Cut(key: "", holder: node.mark)
                    var rest = elements
                    rest.remove(at: place)
                    return YAMLNode(.sequence(rest), mark: node.mark)
                }
                return nil
            }
        }
        let byKey: (YAMLNode.Entry?, YAMLNode) -> Bool = { entry, _ in
            entry?.mark == error.mark && (error.code == .unknownKey || error.found.contains("'\(entry?.key ?? "")'"))
        }
        let byValue: (YAMLNode.Entry?, YAMLNode) -> Bool = { _, value in value.mark == error.mark }
        let orders = error.code == .duplicate ? [byValue] : [byKey, byValue]
        for matches in orders {
            if let tree = removing(matches), let taken { return (tree, taken) }
        }
        return nil
    }

    /// The tree with the first node, from the root downward, for which there is another; nil without one.
    private static func replacing(_ node: YAMLNode, _ other: (YAMLNode) -> YAMLNode?) -> YAMLNode? {
        if let replaced = other(node) { return replaced }
        if var entries = node.entries {
            for place in entries.indices {
                guard let value = replacing(entries[place].value, other) else { continue }
                entries[place].value = value
                return YAMLNode(.mapping(entries), mark: node.mark)
            }
        }
        if var elements = node.elements {
            for place in elements.indices {
                guard let value = replacing(elements[place], other) else { continue }
                elements[place] = value
                return YAMLNode(.sequence(elements), mark: node.mark)
            }
        }
        return nil
    }

    private static func holds(_ node: YAMLNode, _ mark: YAMLMark) -> Bool {
        node.mark == mark || node.entries?.contains { holds($0.value, mark) } == true
            || node.elements?.contains { holds($0, mark) } == true
    }

    private static func quoted(_ text: String) -> String? {
        let parts = text.split(separator: "'", omittingEmptySubsequences: false)
        return parts.count >= 3 ? String(parts[1]) : nil
    }
}
