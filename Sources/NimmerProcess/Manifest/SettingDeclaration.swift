import NimmerSystem
import NimmerWave

/// A setting as `--help`, system files and flags know it: its key, type, range, default and meaning. Cells declare a ``Setting``.
public struct SettingDeclaration: Sendable {
    /// Kind of a value.
    public enum Kind: Sendable {
        /// A number within a range.
        case number(ClosedRange<Double>)
        /// A whole number within a range.
        case whole(ClosedRange<Int>)
        /// Any text but the empty one.
        case text
        /// Yes or no.
        case flag
        /// One of some words.
        case choice([String])
        /// A list of texts.
        case list
        /// Names and lists of texts.
        case table
    }

    /// Its key in the system file, `alarm_cm`; the flag is `--alarm-cm`.
    public var key: String
    /// Kind of its value.
    public var kind: Kind
    /// Default value; nil: absent.
    public var standard: SettingValue?
    /// The unit of a number, for help and refusals.
    public var unit: String
    /// Meaning, in one sentence.
    public var help: String
    /// Indicates whether it is required.
    public var isRequired: Bool

    init(
        _ key: String, _ kind: Kind, _ standard: SettingValue?, unit: String = "", isRequired: Bool = false,
        _ help: String
    ) {
        self.key = key
        self.kind = kind
        self.standard = standard
        self.unit = unit
        self.help = help
        self.isRequired = isRequired
    }

    /// The flag of the command line: `--alarm-cm`.
    public var flagName: String { "--" + key.replacingUnderscores(with: "-") }

    /// Expectation of a value, for refusals and help.
    public var expectation: String {
        let unit = unit.isEmpty ? "" : " \(unit)"
        switch kind {
        case .number(let range) where range.lowerBound <= -1e15 && range.upperBound >= 1e15: return "a number\(unit)"
        case .number(let range):
            return range.upperBound >= 1e15
                ? "a number of at least \(plain(range.lowerBound))\(unit)"
                : "a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))\(unit)"
        case .whole(let range): return "a whole number from \(range.lowerBound) to \(range.upperBound)\(unit)"
        case .text: return "a text"
        case .flag: return "true or false"
        case .choice(let words): return "one of " + words.joined(separator: ", ")
        case .list: return "a list of texts"
        case .table: return "a mapping of names to lists of texts"
        }
    }

    /// Reads a value from the system file; nil when it is not what it must be.
    func value(of node: YAMLNode) -> SettingValue? {
        switch kind {
        case .number(let range):
            return node.number.flatMap { range.contains($0) ? .number($0) : nil }
        case .whole(let range):
            return node.integer.flatMap { range.contains($0) ? .whole($0) : nil }
        case .text:
            return node.text.flatMap { $0.isEmpty ? nil : .text($0) }
        case .flag: return node.boolean.map { .flag($0) }
        case .choice(let words):
            return node.text.flatMap { words.contains($0) ? .text($0) : nil }
        case .list: return Self.texts(of: node).map { .list($0) }
        case .table:
            guard let entries = node.entries else { return nil }
            var rows: [SettingValue.TableRow] = []
            for entry in entries {
                guard let values = Self.texts(of: entry.value) else { return nil }
                rows.append(SettingValue.TableRow(name: entry.key, values: values))
            }
            return .table(rows)
        }
    }

    /// Reads a value from a flag or a variable: lists are separated by commas, or written as in YAML.
    func value(ofText text: String, reading reader: SystemFileReader) -> SettingValue? {
        switch kind {
        case .list, .table:
            let first = text.utf8.first { $0 != UInt8(ascii: " ") }
            if first == UInt8(ascii: "[") || first == UInt8(ascii: "{") {
                guard let node = try? reader.value(Array(text.utf8), key) else { return nil }
                return value(of: node)
            }
            guard case .list = kind else { return nil }
            return .list(text.split(separator: ",").map { trimmed(String($0)) })
        case .number, .whole, .text, .flag, .choice:
            return value(of: YAMLNode(text: text))
        }
    }

    private static func texts(of node: YAMLNode) -> [String]? {
        if let text = node.text { return [text] }
        guard let elements = node.elements else { return nil }
        let texts = elements.compactMap(\.text)
        return texts.count == elements.count ? texts : nil
    }
}

extension String {
    func replacingUnderscores(with other: Character) -> String { String(map { $0 == "_" ? other : $0 }) }
}

func trimmed(_ text: String) -> String {
    let bytes = Array(text.utf8)
    guard let first = bytes.firstIndex(where: { $0 > 32 }), let last = bytes.lastIndex(where: { $0 > 32 }) else {
        return ""
    }
    return String(decoding: bytes[first...last], as: UTF8.self)
}

/// A number without `.0` where it is whole.
func plain(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int(saturating: number)) : String(number)
}
