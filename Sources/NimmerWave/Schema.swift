/// Kind of a message's field. One declaration serves the decoder, the JSON Schemas under docs/protocol and the
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
    /// Energy in lifeforce units (LF): a finite number that is not negative.
    case energy
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
    /// A SHA-256: 64 hexadecimal digits, lower case.
    case digest
    /// A media type in lower case, without parameters.
    case media
    /// One of these words.
    case word([String])
    /// Any object, kept byte for byte.
    case opaque
    /// Any value, kept byte for byte where it is an object or a list.
    case anything
    /// A list of at most this many finite numbers.
    case vector(Int)
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
    /// Kind of value.
    public let kind: FieldKind
    /// Indicates whether a message without it is refused.
    public let isRequired: Bool
    /// Meaning, for the JSON Schema and the reference.
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
    /// The refusal of a value that is not of this kind; the reader of the object puts the field's name before it.
    func refusal(of value: JSON) -> Refusal { .wrong("", "must be \(expectation)", found: value.text.excerpt) }

    /// Expectation, as the end of "… must be".
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
        case .energy: "at least 0"
        case .whole(let bounds):
            bounds.upperBound == .max
                ? "a whole number from \(bounds.lowerBound)" : "\(bounds.lowerBound) to \(bounds.upperBound)"
        case .polarity: "1 or -1"
        case .truth: "true or false"
        case .uuid: "a UUID"
        case .time: "an RFC 3339 time"
        case .digest: "64 digits of 0-9 and a-f"
        case .media: "a media type such as image/png, in lower case"
        case .word(let words): "one of \(words.joined(separator: ", "))"
        case .opaque, .record: "an object"
        case .anything: "any value"
        case .vector(let most): "a list of at most \(most) numbers"
        case .list: "a list"
        }
    }
}

private func plain(_ number: Double) -> String { JSON.number(number).text }
