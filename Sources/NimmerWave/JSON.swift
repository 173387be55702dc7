/// A JSON value. Objects keep the order of their keys; ``raw`` keeps a value byte for byte.
///
/// The system has its own because cells link no Foundation (a cell stays under 16 MB), and because what lies below the
/// boundary must travel unchanged (protocol.md, `semantic_content`).
public enum JSON: Hashable, Sendable {
    /// `null`
    case null
    /// `true` or `false`
    case bool(Bool)
    /// A number as a double.
    case number(Double)
    /// A text.
    case string(String)
    /// A list.
    case array([JSON])
    /// Keys and values in order.
    case object(JSONObject)
    /// One well-formed JSON value, kept as it was written.
    case raw([UInt8])

    /// The value that a UTF-8 JSON text holds.
    ///
    /// - Parameters:
    ///   - bytes: the text; nothing but white space may stand around the value.
    ///   - rawKeys: object keys whose values are kept as ``raw``.
    /// - Throws: a ``Refusal`` when the text is not JSON, not UTF-8, or nested deeper than 64.
    public init(parsing bytes: [UInt8], keepingRaw rawKeys: Set<String> = []) throws(Refusal) {
        self = try bytes.scan { (text) throws(Refusal) in try JSONParser.parse(text, rawKeys) }
    }

    /// The value that a JSON text holds.
    public init(parsing text: String) throws(Refusal) {
        try self.init(parsing: Array(text.utf8))
    }

    /// The value as compact UTF-8 text.
    public var bytes: [UInt8] {
        var out: [UInt8] = []
        write(into: &out)
        return out
    }

    /// The value as compact text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The value as text over several lines, two spaces a level.
    public var pretty: String {
        var out: [UInt8] = []
        resolved.write(into: &out, indent: 0)
        return String(decoding: out, as: UTF8.self)
    }

    /// The value with every ``raw`` part of it parsed.
    public var resolved: JSON {
        switch self {
        case .raw(let bytes): ((try? JSON(parsing: bytes)) ?? .null).resolved
        case .array(let items): .array(items.map(\.resolved))
        case .object(let object):
            .object(JSONObject(object.members.map { JSONObject.Member($0.key, $0.value.resolved) }))
        default: self
        }
    }

    /// The value of a key of an object; nil for other kinds and absent keys.
    public subscript(key: String) -> JSON? { object?[key] }

    /// The element of a list; nil for other kinds and places outside.
    public subscript(index: Int) -> JSON? {
        guard let array, array.indices.contains(index) else { return nil }
        return array[index]
    }

    /// The text, when this is one.
    public var string: String? {
        if case .string(let value) = self { return value }
        return if case .string(let value) = plain { value } else { nil }
    }
    /// The number, when this is one.
    public var double: Double? {
        if case .number(let value) = self { return value }
        return if case .number(let value) = plain { value } else { nil }
    }
    /// The number, when this is a whole one that fits.
    public var int: Int? { double.flatMap { Int(exactly: $0) } }
    /// The truth value, when this is one.
    public var bool: Bool? { if case .bool(let value) = plain { value } else { nil } }
    /// The list, when this is one.
    public var array: [JSON]? { if case .array(let value) = plain { value } else { nil } }
    /// The object, when this is one.
    public var object: JSONObject? { if case .object(let value) = plain { value } else { nil } }
    /// Indicates whether this is `null`.
    public var isNull: Bool { plain == .null }

    /// Kind of this value, as one word for an error message.
    public var kind: String {
        switch plain {
        case .null: "null"
        case .bool: "a truth value"
        case .number: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object, .raw: "an object"
        }
    }

    private var plain: JSON {
        if case .raw(let bytes) = self { return (try? JSON(parsing: bytes)) ?? .null }
        return self
    }
}

/// The keys and values of a JSON object, in the order in which they were written.
public struct JSONObject: Hashable, Sendable, ExpressibleByDictionaryLiteral, Sequence {
    /// One key and its value.
    public struct Member: Hashable, Sendable {
        /// The key.
        public var key: String
        /// The value.
        public var value: JSON

        /// A key with its value.
        public init(_ key: String, _ value: JSON) {
            self.key = key
            self.value = value
        }
    }

    /// The members in order; a text that was parsed may hold a key twice.
    public var members: [Member]

    /// An object of these members.
    public init(_ members: [Member] = []) { self.members = members }

    /// An object of these members.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        members = elements.map { Member($0.0, $0.1) }
    }

    /// The first value of a key; setting replaces it, appends it, or (with nil) removes it.
    public subscript(key: String) -> JSON? {
        get {
            for index in members.indices where members[index].key == key { return members[index].value }
            return nil
        }
        set {
            let place = members.firstIndex { $0.key == key }
            switch (place, newValue) {
            case (let place?, let value?): members[place].value = value
            case (let place?, nil): members.remove(at: place)
            case (nil, let value?): members.append(Member(key, value))
            case (nil, nil): break
            }
        }
    }

    /// The keys in order.
    public var keys: [String] { members.map(\.key) }

    /// The members in order.
    public func makeIterator() -> IndexingIterator<[Member]> { members.makeIterator() }
}

extension JSON: ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .number(Double(value)) }
    /// A number.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// A text.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A list.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
    /// An object.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member($0.0, $0.1) }))
    }
}
