/// What a field of a message may hold. One declaration serves the decoder, the JSON Schemas under docs/protocol and the
/// reference, so that they cannot drift apart.
public indirect enum FieldKind: Sendable, Hashable {
    /// `[a-z0-9][a-z0-9_-]{0,62}`
    case token
    /// Dot-separated tokens, at most 128 bytes.
    case region
    /// Text of at most this many bytes.
    case text(Int)
    /// Text that is not empty, of at most this many bytes.
    case name(Int)
    /// A finite number within bounds, both included; infinite bounds are no bounds.
    case number(ClosedRange<Double>)
    /// A number above 0 and of at most this much.
    case positive(Double)
    /// A whole number within bounds.
    case whole(ClosedRange<Int>)
    /// `1` or `-1`.
    case polarity
    /// A truth value.
    case truth
    /// An RFC 9562 UUID.
    case uuid
    /// An RFC 3339 time.
    case time
    /// One of these words.
    case word([String])
    /// Any object, kept byte for byte.
    case opaque
    /// Any value, kept byte for byte where it is an object or a list.
    case anything
    /// A list with at most this many elements of one kind.
    case list(FieldKind, Int)
    /// An object with these fields.
    case record([Field])

    /// A number of at least 0.
    public static var notNegative: FieldKind { .number(0...Double.infinity) }
    /// Any finite number.
    public static var finite: FieldKind { .number(-Double.infinity...Double.infinity) }
    /// A number from 0 to 1.
    public static var fraction: FieldKind { .number(0...1) }
    /// `closed`, `stable` or `open`.
    public static var gateState: FieldKind { .word(GateState.allCases.map(\.word)) }
}

/// One field of a message: its key, what it may hold, and what it means.
public struct Field: Sendable, Hashable {
    /// The key as it stands on the wire.
    public let key: String
    /// What it may hold.
    public let kind: FieldKind
    /// Whether a message without it is refused.
    public let isRequired: Bool
    /// What it means, for the JSON Schema and the reference.
    public let meaning: String

    /// A field that every message has.
    public static func required(_ key: String, _ kind: FieldKind, _ meaning: String) -> Field {
        Field(key: key, kind: kind, isRequired: true, meaning: meaning)
    }

    /// A field that may be absent.
    public static func optional(_ key: String, _ kind: FieldKind, _ meaning: String) -> Field {
        Field(key: key, kind: kind, isRequired: false, meaning: meaning)
    }
}

extension FieldKind {
    /// Checks a value.
    ///
    /// - Parameter path: names the value; asked for only where it is refused.
    /// - Throws: a ``Refusal`` that names the path and what was expected.
    func check(_ value: JSON, at path: () -> String) throws(Refusal) {
        switch self {
        case .token:
            guard let text = value.string, Token.isValid(text) else { throw wrong(value, path()) }
        case .region:
            guard let text = value.string else { throw wrong(value, path()) }
            guard text.utf8.count <= Wire.maximumRegion else {
                throw .wrong(path(), "must be at most \(Wire.maximumRegion) bytes", found: text.excerpt)
            }
            guard (try? Region(text)) != nil else { throw wrong(value, path()) }
        case .text(let most):
            guard let text = value.string, text.utf8.count <= most else { throw wrong(value, path()) }
        case .name(let most):
            guard let text = value.string, !text.isEmpty, text.utf8.count <= most else { throw wrong(value, path()) }
        case .number(let bounds):
            guard let number = value.double else { throw .wrong(path(), "must be a number", found: value.text.excerpt) }
            guard bounds.contains(number) else { throw wrong(value, path()) }
            guard number.isFinite else { throw .wrong(path(), "must be finite", found: value.text.excerpt) }
        case .positive(let most):
            guard let number = value.double else { throw .wrong(path(), "must be a number", found: value.text.excerpt) }
            guard number > 0, number <= most else { throw wrong(value, path()) }
        case .whole(let bounds):
            guard let number = value.int, bounds.contains(number) else { throw wrong(value, path()) }
        case .polarity:
            guard value.double == 1 || value.double == -1 else { throw wrong(value, path()) }
        case .truth:
            guard value.bool != nil else { throw wrong(value, path()) }
        case .uuid:
            guard let text = value.string, (try? MessageID(text)) != nil else { throw wrong(value, path()) }
        case .time:
            guard let text = value.string, (try? Timestamp(rfc3339: text)) != nil else { throw wrong(value, path()) }
        case .word(let words):
            guard let text = value.string, words.contains(text) else { throw wrong(value, path()) }
        case .opaque:
            guard value.object != nil else { throw wrong(value, path()) }
        case .anything: break
        case .list(let element, let most):
            guard let items = value.array else { throw wrong(value, path()) }
            guard items.count <= most else { throw .wrong(path(), "must have at most \(most) elements") }
            for index in items.indices { try element.check(items[index]) { "\(path())[\(index)]" } }
        case .record(let fields):
            guard let object = value.object else { throw wrong(value, path()) }
            try Self.check(object, fields, at: path)
        }
    }

    /// Checks an object's fields: the required are there, none of the known is there twice, each holds what it may.
    static func check(_ object: JSONObject, _ fields: [Field], at path: () -> String) throws(Refusal) {
        if isSound(object, fields) { return }
        // Once more in the order of the fields, to name the first that is wrong.
        for field in fields {
            func full() -> String {
                let path = path()
                return path.isEmpty ? field.key : "\(path).\(field.key)"
            }
            var isFound = false
            for index in object.members.indices where object.members[index].key == field.key {
                guard !isFound else { throw .twice(full()) }
                isFound = true
                try field.kind.check(object.members[index].value, at: full)
            }
            if !isFound, field.isRequired { throw .missing(full()) }
        }
    }

    /// Whether nothing is wrong with an object's fields, in one pass over its members: most stand in the order of the fields.
    private static func isSound(_ object: JSONObject, _ fields: [Field]) -> Bool {
        guard fields.count <= UInt64.bitWidth else { return false }
        var seen: UInt64 = 0
        var next = 0
        for index in object.members.indices {
            var place = next
            if place == fields.count || fields[place].key != object.members[index].key {
                place = 0
                while place < fields.count, fields[place].key != object.members[index].key { place &+= 1 }
                if place == fields.count { continue }
            }
            guard seen & 1 &<< UInt64(place) == 0 else { return false }
            seen |= 1 &<< UInt64(place)
            next = place &+ 1
            do throws(Refusal) { try fields[place].kind.check(object.members[index].value) { "" } } catch {
                return false
            }
        }
        return fields.indices.allSatisfy { seen & 1 &<< UInt64($0) != 0 || !fields[$0].isRequired }
    }

    private func wrong(_ value: JSON, _ path: String) -> Refusal {
        .wrong(path, "must be \(expectation)", found: value.text.excerpt)
    }

    /// What is expected, as the end of "… must be".
    public var expectation: String {
        switch self {
        case .token: "a token"
        case .region: "dot-separated tokens"
        case .text(let most): "a text of at most \(most) bytes"
        case .name(let most): "a text of 1 to \(most) bytes"
        case .number(let bounds):
            switch (bounds.lowerBound.isFinite, bounds.upperBound.isFinite) {
            case (true, true): "between \(plain(bounds.lowerBound)) and \(plain(bounds.upperBound))"
            case (true, false): bounds.lowerBound == 0 ? "at least 0" : "at least \(plain(bounds.lowerBound))"
            default: "a number"
            }
        case .positive(let most): "above 0 and at most \(plain(most))"
        case .whole(let bounds):
            bounds.upperBound == .max
                ? "a whole number from \(bounds.lowerBound)" : "\(bounds.lowerBound) to \(bounds.upperBound)"
        case .polarity: "1 or -1"
        case .truth: "true or false"
        case .uuid: "a UUID"
        case .time: "an RFC 3339 time"
        case .word(let words): "one of \(words.joined(separator: ", "))"
        case .opaque, .record: "an object"
        case .anything: "any value"
        case .list: "a list"
        }
    }
}

private func plain(_ number: Double) -> String { JSON.number(number).text }
