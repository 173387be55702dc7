import NimmerSystem
import NimmerWave

/// Reads the keys of one mapping as types and refuses unknown ones.
///
/// Every accessor returns nil for an absent (or null) key and throws when the value is of another type or outside its
/// range; `finish` refuses the keys that no accessor asked for, with the nearest known one.
public struct MappingReader {
    private let file: String
    private let place: String
    private let mark: YAMLMark
    private let entries: [YAMLNode.Entry]
    private var asked: [String] = []

    /// A reader of a node that must be a mapping; null counts as an empty one.
    ///
    /// - Parameters:
    ///   - node: the mapping.
    ///   - place: what the mapping is, for a refusal: `thalamus`, `a cell`.
    ///   - file: the file's name, for a refusal.
    public init(_ node: YAMLNode, place: String, file: String) throws(SystemError) {
        guard node.isNull || node.entries != nil else {
            throw SystemError(
                .invalid, file: file, mark: node.mark, found: node.found, expected: "\(place) as a mapping of keys")
        }
        self.file = file
        self.place = place
        mark = node.mark
        entries = node.entries ?? []
    }

    /// The node of a key, whatever it is.
    public mutating func node(_ key: String) -> YAMLNode? {
        asked.append(key)
        guard let value = entries.first(where: { $0.key == key })?.value, !value.isNull else { return nil }
        return value
    }

    /// A number within a range.
    public mutating func number(
        _ key: String, in range: ClosedRange<Double>, unit: String = ""
    ) throws(SystemError) -> Double? {
        guard let node = node(key) else { return nil }
        guard let number = node.number, range.contains(number) else {
            throw refusal(node, expected: "\(key): a number \(bounds(range))\(unit.isEmpty ? "" : " \(unit)")")
        }
        return number
    }

    /// A whole number within a range.
    public mutating func integer(
        _ key: String, in range: ClosedRange<Int>, unit: String = ""
    ) throws(SystemError) -> Int? {
        guard let node = node(key) else { return nil }
        guard let number = node.integer, range.contains(number) else {
            let bounds = bounds(Double(range.lowerBound)...Double(range.upperBound))
            throw refusal(node, expected: "\(key): a whole number \(bounds)\(unit.isEmpty ? "" : " \(unit)")")
        }
        return number
    }

    /// A text that is not empty.
    public mutating func text(_ key: String) throws(SystemError) -> String? {
        guard let node = node(key) else { return nil }
        guard let text = node.text, !text.isEmpty else { throw refusal(node, expected: "\(key): a text") }
        return text
    }

    /// A truth value.
    public mutating func boolean(_ key: String) throws(SystemError) -> Bool? {
        guard let node = node(key) else { return nil }
        guard let boolean = node.boolean else { throw refusal(node, expected: "\(key): true or false") }
        return boolean
    }

    /// One of the cases of an enumeration of texts.
    public mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, of type: Choice.Type
    ) throws(SystemError) -> Choice? where Choice.RawValue == String {
        guard let node = node(key) else { return nil }
        guard let text = node.text, let choice = Choice(rawValue: text) else {
            let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw refusal(node, expected: "\(key): one of \(names)")
        }
        return choice
    }

    /// A name that is a token of subjects.
    public mutating func token(_ key: String) throws(SystemError) -> String? {
        guard let text = try text(key) else { return nil }
        guard (try? Token(text)) != nil else {
            throw refusal(key, expected: "\(key): 1 to 63 of a-z 0-9 _ -, beginning with a letter or digit")
        }
        return text
    }

    /// The address of an HTTP server: `http://HOST[:PORT]` or `https://…`, a final slash aside, without a user or a query, and without a path unless it may have one.
    public mutating func address(_ key: String, mayHavePath: Bool = false) throws(SystemError) -> String? {
        guard let text = try text(key) else { return nil }
        let scheme = ["http://", "https://"].first { text.hasPrefix($0) }
        var host = text.dropFirst(scheme?.count ?? 0)
        if host.hasSuffix("/") { host = host.dropLast() }
        guard scheme != nil, !host.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }),
            host.first != "/", !host.utf8.contains(where: { "@?#".utf8.contains($0) }),
            mayHavePath || !host.utf8.contains(UInt8(ascii: "/"))
        else {
            throw refusal(
                key,
                expected: "\(key): http:// or https://, a host and a port, without a user, key or "
                    + (mayHavePath ? "query; a path may follow" : "path"))
        }
        return text
    }

    /// Addresses of servers, separated by commas: `SCHEME://PLACE`. What is found is shown without its credentials.
    ///
    /// - Parameters:
    ///   - schemes: schemes that the program understands.
    ///   - example: an address as it is expected.
    ///   - allowsKeywords: whether `host=… port=…`, as libpq reads it, is one too; else HOST:PORT is.
    mutating func addresses(
        _ key: String, schemes: [String], example: String, allowsKeywords: Bool = false
    ) throws(SystemError) -> String? {
        guard let text = try text(key) else { return nil }
        // PostgreSQL has its commas between hosts, behind one scheme.
        let parts = allowsKeywords ? [text[...]] : text.split(separator: ",", omittingEmptySubsequences: false)
        let isRight = parts.allSatisfy { part in
            let part = String(part.drop { $0 == " " })
            guard let (scheme, place) = part.halves(around: "://") else {
                return allowsKeywords ? part.contains("=") : !part.isEmpty && !part.contains { " /=".contains($0) }
            }
            return schemes.contains(scheme) && !place.isEmpty && (allowsKeywords || !place.contains(" "))
        }
        guard isRight else {
            throw SystemError(
                .invalid, file: file, mark: node(key)?.mark ?? .start, found: "'\(ShownAddress(text))'",
                expected: "\(key): an address such as \(example)")
        }
        return text
    }

    /// A list of texts.
    public mutating func texts(_ key: String) throws(SystemError) -> [String]? {
        guard let node = node(key) else { return nil }
        guard let elements = node.elements else { throw refusal(node, expected: "\(key): a list of texts") }
        var texts: [String] = []
        for element in elements {
            guard let text = element.text else { throw refusal(element, expected: "\(key): a text") }
            texts.append(text)
        }
        return texts
    }

    /// A list of values.
    public mutating func list(_ key: String) throws(SystemError) -> [YAMLNode] {
        guard let node = node(key) else { return [] }
        guard let elements = node.elements else { throw refusal(node, expected: "\(key): a list (lines with `- `)") }
        return elements
    }

    /// The entries of a mapping under a key.
    public mutating func entries(_ key: String) throws(SystemError) -> [YAMLNode.Entry] {
        guard let node = node(key) else { return [] }
        guard let entries = node.entries else { throw refusal(node, expected: "\(key): a mapping of keys") }
        return entries
    }

    /// The entries of some keys, of any value: what a process checks itself.
    mutating func entries(of known: [String]) -> [YAMLNode.Entry] {
        asked += known
        return entries.filter { known.contains($0.key) }
    }

    /// A value that must be there.
    public func required<Value>(_ key: String, _ value: Value?) throws(SystemError) -> Value {
        guard let value else {
            if let entry = entries.first(where: { !asked.contains($0.key) && nearest(to: $0.key, among: [key]) != nil })
            {
                throw SystemError(
                    .unknownKey, file: file, mark: entry.mark,
                    found: "the unknown key '\(entry.key)' (did you mean '\(key)'?)",
                    expected: "\(place) with the key '\(key)'")
            }
            throw SystemError(
                .missing, file: file, mark: mark, found: "\(place) without '\(key)'", expected: "the key '\(key)'")
        }
        return value
    }

    /// Refuses the keys that were not read.
    public func finish() throws(SystemError) {
        for entry in entries where !asked.contains(entry.key) {
            let meant = nearest(to: entry.key, among: asked).map { " (did you mean '\($0)'?)" } ?? ""
            throw SystemError(
                .unknownKey, file: file, mark: entry.mark, found: "the unknown key '\(entry.key)'\(meant)",
                expected: "\(place) with any of: \(asked.sorted().joined(separator: ", "))")
        }
    }

    /// Refusal of a value under a key that is not what is expected.
    func refusal(_ key: String, expected: String) -> SystemError {
        let value = entries.first { $0.key == key }?.value
        return SystemError(
            .invalid, file: file, mark: value?.mark ?? mark, found: value?.found ?? "\(place) without '\(key)'",
            expected: expected)
    }

    private func refusal(_ node: YAMLNode, expected: String) -> SystemError {
        SystemError(.invalid, file: file, mark: node.mark, found: node.found, expected: expected)
    }
}

/// `from 0 to 1`, or `of at least 0` where the upper end is no real limit.
func bounds(_ range: ClosedRange<Double>) -> String {
    range.upperBound >= 1e15
        ? "of at least \(plain(range.lowerBound))" : "from \(plain(range.lowerBound)) to \(plain(range.upperBound))"
}

/// A number without `.0` where it is whole.
func plain(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int(saturating: number)) : String(number)
}
