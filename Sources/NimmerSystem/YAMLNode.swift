import NimmerWave

/// A place in a file; both numbers count from one.
public struct YAMLMark: Hashable, Sendable, CustomStringConvertible {
    /// The line, from one.
    public var line: Int
    /// The column in characters, from one.
    public var column: Int

    /// A place by its line and column, both from one.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The first character of a file.
    public static let start = YAMLMark(line: 1, column: 1)

    /// `LINE:COLUMN`.
    public var description: String { "\(line):\(column)" }
}

/// A value of a YAML file that remembers where it stood.
///
/// Scalars stay text until a type is asked for, so that a refusal can quote what was written.
public struct YAMLNode: Hashable, Sendable {
    /// One `key: value` of a mapping, in the order of the file.
    public struct Entry: Hashable, Sendable {
        /// The key's text.
        public var key: String
        /// Position of the key.
        public var mark: YAMLMark
        /// The value.
        public var value: YAMLNode

        /// One `key: value` and the place of its key.
        public init(key: String, mark: YAMLMark, value: YAMLNode) {
            self.key = key
            self.mark = mark
            self.value = value
        }
    }

    /// The three shapes of YAML.
    public indirect enum Content: Hashable, Sendable {
        /// Text; `quoted` is whether it was written in quotes, which keeps it from being a number, a boolean or null.
        case scalar(String, quoted: Bool)
        /// A list.
        case sequence([YAMLNode])
        /// A mapping whose keys are different, in the order of the file.
        case mapping([Entry])
    }

    /// Content of the node.
    public var content: Content
    /// Position of its start.
    public var mark: YAMLMark

    /// A value at a place.
    public init(_ content: Content, mark: YAMLMark = .start) {
        self.content = content
        self.mark = mark
    }

    /// An unquoted scalar without a place, for values that come from flags or the environment.
    public init(text: String) {
        self.init(.scalar(text, quoted: false))
    }

    /// The value of a key, when this is a mapping that has it.
    public subscript(key: String) -> YAMLNode? {
        entries?.first { $0.key == key }?.value
    }

    /// The entries, when this is a mapping.
    public var entries: [Entry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    /// The elements, when this is a list.
    public var elements: [YAMLNode]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    /// The text, when this is a scalar other than null.
    public var text: String? {
        if case .scalar(let text, _) = content, !isNull { text } else { nil }
    }

    /// The number, when this is an unquoted finite decimal number.
    public var number: Double? {
        guard case .scalar(let text, quoted: false) = content else { return nil }
        guard let first = text.utf8.first(where: { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "+") }),
            first == UInt8(ascii: ".") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
            let number = Double(text), number.isFinite
        else { return nil }
        return number
    }

    /// The whole number, when this is an unquoted one that fits.
    public var integer: Int? {
        guard let number, abs(number) < 9e15, number == number.rounded() else { return nil }
        return Int(saturating: number)
    }

    /// The truth value: `true`, `false`, `yes`, `no`, `on` or `off`, unquoted.
    public var boolean: Bool? {
        guard case .scalar(let text, quoted: false) = content else { return nil }
        switch text {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: return nil
        }
    }

    /// Indicates whether nothing stands there: an empty value, `~` or `null`.
    public var isNull: Bool {
        guard case .scalar(let text, quoted: false) = content else { return false }
        return text.isEmpty || text == "~" || text == "null"
    }

    /// Description of what was found, for a refusal: the text in quotes, a number as it is, or the shape.
    public var found: String {
        switch content {
        case .scalar(let text, let quoted):
            if isNull { return "nothing" }
            if !quoted, number != nil { return text }
            let text = ShownAddress.redacting(text)
            return "'\(text.count > 60 ? text.prefix(60) + "…" : text[...])'"
        case .sequence(let elements): return "a list of \(elements.count)"
        case .mapping(let entries): return "a mapping of \(entries.count) keys"
        }
    }
}
