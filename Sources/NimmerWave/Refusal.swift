/// Reason why a message, name or value was refused: which field, what was expected and what was found.
///
/// A refusal is an answer to a sender, never a crash: every decoder of the system throws this one type, and its
/// ``message`` is the text that `nimmer wave check`, rejects and logs show (protocol.md, Envelope).
public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// Kind of rule that was broken; stable, for programs and counters.
    public enum Code: String, Sendable, CaseIterable {
        /// The bytes are not one well-formed UTF-8 JSON text.
        case syntax
        /// The message or a part of it is larger, longer or deeper than the wire allows.
        case limit
        /// A required field is absent.
        case missing
        /// A field appears more than once.
        case duplicate
        /// A field has the wrong type or a value outside its range.
        case value
        /// The major version is not understood.
        case version
        /// The message type is not one of protocol.md.
        case type
        /// A name (environment, token, region, subject) does not follow the rules of protocol.md, Subjects.
        case name
        /// The sender may not publish this: the system file does not grant it.
        case permission
        /// The sender publishes more of this than its share; it may try again later.
        case rate
    }

    /// The kind of rule that was broken.
    public let code: Code
    /// The field that was refused, such as `body.confidence`; empty when the message as a whole is at fault.
    public let field: String
    /// A one-line description: the field and what was expected of it.
    public let message: String
    /// Value that was found instead, shortened; empty when nothing useful can be shown.
    public let found: String

    /// A refusal in full.
    public init(_ code: Code, field: String = "", _ message: String, found: String = "") {
        self.code = code
        self.field = field
        self.message = message
        self.found = found
    }

    /// The message, and what was found where that is known.
    public var description: String { found.isEmpty ? message : "\(message); found \(found)" }

    /// A value that is not what was expected of a field; the message begins with the field's name.
    public static func wrong(_ field: String, _ expectation: String, found: String = "") -> Refusal {
        Refusal(.value, field: field, "\(field) \(expectation)", found: found)
    }

    /// The same refusal, of a field of an object or element of a list that has this name itself.
    func within(_ name: String) -> Refusal {
        let separator = field.isEmpty || field.hasPrefix("[") ? "" : "."
        return Refusal(code, field: name + separator + field, name + separator + message, found: found)
    }

    static func missing(_ field: String) -> Refusal {
        Refusal(.missing, field: field, "\(field) is missing")
    }

    static func twice(_ field: String) -> Refusal {
        Refusal(.duplicate, field: field, "\(field) appears twice")
    }

    static var notJSON: Refusal { Refusal(.syntax, "not JSON") }
    static var unexpectedEnd: Refusal { Refusal(.syntax, "unexpected end") }
    static var tooDeep: Refusal { Refusal(.limit, "nested deeper than \(Wire.maximumDepth)") }
}

/// The limits of the wire (protocol.md, Envelope).
public enum Wire {
    /// The largest message, in bytes: 64 KiB.
    public static let maximumBytes = 65_536
    /// Maximum nesting of objects and arrays.
    public static let maximumDepth = 64
    /// The largest number of components of a wave's vector.
    public static let maximumVector = 1024
    /// The longest region, in bytes.
    public static let maximumRegion = 128
    /// The longest token, in bytes.
    public static let maximumToken = 63
    /// The major version that this code speaks.
    public static let majorVersion = 2
    /// The version that this code writes.
    public static let version = "2.1"
    /// The longest ``WaveSignal/intervalMilliseconds``: three years.
    public static let maximumInterval = 100_000_000_000.0
    /// The longest time for which a command may hold, in milliseconds: a day.
    public static let maximumLease = 86_400_000
    /// Maximum number of bytes of a refused message in a Reject.
    public static let maximumExcerpt = 4096
}
