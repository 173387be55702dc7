/// A message's body: one of the types of protocol.md, Bodies.
public protocol MessageBody: Sendable, Hashable {
    /// The type's name on the wire.
    static var type: MessageType { get }
    /// What the message says, in one sentence.
    static var meaning: String { get }
    /// Its fields as they stand on the wire.
    static var fields: [Field] { get }
    /// Reads a body whose fields have been checked.
    init(_ fields: FieldReader)
    /// The body as it stands on the wire.
    var json: JSON { get }
    /// Writes the body as it stands on the wire.
    func write(_ out: inout MemberWriter)
    /// Checks that the body says nothing otherwise than the subject that it came on.
    ///
    /// - Throws: a ``Refusal`` that names the field.
    func check(against provenance: Provenance) throws(Refusal)
}

extension MessageBody {
    /// Nothing to check: the subject says nothing of the body.
    public func check(against provenance: Provenance) throws(Refusal) {}

    /// Writes ``json``.
    public func write(_ out: inout MemberWriter) { out.write(json) }
}

/// A message: who says it and when, and what it says (protocol.md, Envelope).
public struct Envelope<Body: MessageBody>: Hashable, Sendable {
    /// Who says it, and when.
    public var header: Header
    /// What it says.
    public var body: Body

    /// A message from its parts; the header's type is set to the body's.
    public init(id: MessageID, at timestamp: Timestamp, from source: Source, _ body: Body) {
        header = Header(messageID: id, messageType: Body.type, timestamp: timestamp, source: source)
        self.body = body
    }

    /// Reads a message of this type.
    ///
    /// - Throws: a ``Refusal`` that names the field and what was expected, also when the message is of another type.
    public init(decoding bytes: [UInt8]) throws(Refusal) {
        let (header, body) = try WireText.parts(bytes)
        guard header.messageType == Body.type else {
            throw .wrong("header.message_type", "must be \(Body.type.rawValue)", found: header.messageType.rawValue)
        }
        try self.init(header, body)
    }

    init(_ header: Header, _ body: JSONObject) throws(Refusal) {
        try Body.checkBody(body)
        self.header = header
        self.body = Body(FieldReader(body))
    }

    /// The message as it travels: compact UTF-8 JSON.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2048)
        var out = MemberWriter(into: bytes)
        out.object { out in
            out.member("header") { header.write(&$0) }
            out.member("body") { body.write(&$0) }
        }
        return out.take()
    }
}

extension MessageBody {
    static func checkBody(_ object: JSONObject) throws(Refusal) {
        do throws(Refusal) {
            try FieldKind.check(object, fields) { "body" }
        } catch {
            // The hot path's words for the two fields that the golden files pin to a text of their own.
            if error.field == "body.lifeforce_cost", error.message.hasSuffix("must be at least 0") {
                throw .wrong(error.field, "must not be negative", found: error.found)
            }
            if error.field.hasPrefix("body.vector[") {
                throw .wrong("body.vector", "must be numbers", found: error.found)
            }
            if error.field == "body.vector", error.message.includes("elements") {
                throw .wrong("body.vector", "must have at most \(Wire.maximumVector) numbers")
            }
            throw error
        }
    }
}

/// The checks that come before any field is looked at.
enum WireText {
    /// Keys whose values lie below the boundary and travel unchanged.
    static let opaqueKeys: Set<String> = [
        "semantic_content", "structured_input", "payload", "result", "actual_result", "expected_result",
    ]

    static func parts(_ bytes: [UInt8]) throws(Refusal) -> (Header, JSONObject) {
        guard bytes.count <= Wire.maximumBytes else {
            throw Refusal(.limit, "message is larger than \(Wire.maximumBytes) bytes")
        }
        guard !bytes.isEmpty else { throw Refusal(.syntax, "empty message") }
        guard case .object(let object) = try JSON(parsing: bytes, keepingRaw: opaqueKeys) else {
            throw Refusal(.value, "an object was expected")
        }
        for key in ["header", "body"] {
            let found = object.members.count { $0.key == key }
            guard found > 0 else { throw .missing(key) }
            guard found == 1 else { throw .twice(key) }
        }
        let header = try Header(object["header"] ?? .null)
        guard let body = object["body"], let fields = body.object else {
            throw .wrong("body", "must be an object", found: (object["body"] ?? .null).text.excerpt)
        }
        return (header, fields)
    }
}

/// Reads the fields of an object that has been checked against its ``Field`` declarations; what is absent reads as empty.
public struct FieldReader: Sendable {
    private let object: JSONObject

    /// A reader over an object.
    public init(_ object: JSONObject) { self.object = object }

    /// Whether a field is there.
    public func has(_ key: String) -> Bool { object[key] != nil }
    /// A text; empty when absent.
    public func text(_ key: String) -> String { object[key]?.string ?? "" }
    /// A text, or nil.
    public func textIfPresent(_ key: String) -> String? { object[key]?.string }
    /// A number; zero when absent.
    public func number(_ key: String) -> Double { object[key]?.double ?? 0 }
    /// A number, or nil.
    public func numberIfPresent(_ key: String) -> Double? { object[key]?.double }
    /// A whole number; zero when absent.
    public func whole(_ key: String) -> Int { object[key]?.int ?? 0 }
    /// A whole number, or nil.
    public func wholeIfPresent(_ key: String) -> Int? { object[key]?.int }
    /// A truth value; false when absent.
    public func truth(_ key: String) -> Bool { object[key]?.bool ?? false }
    /// Any value, or nil.
    public func any(_ key: String) -> JSON? { object[key] }
    /// An id; all zeros when absent.
    public func id(_ key: String) -> MessageID {
        object[key]?.string.flatMap { try? MessageID($0) } ?? MessageID(high: 0, low: 0)
    }
    /// A moment; the epoch when absent.
    public func time(_ key: String) -> Timestamp {
        object[key]?.string.flatMap { try? Timestamp(rfc3339: $0) } ?? Timestamp(nanoseconds: 0)
    }
    /// A token; the text is known to be one.
    public func token(_ key: String) -> Token { Token(trusted: text(key)) }
    /// A region; the text is known to be one.
    public func region(_ key: String) -> Region { Region(trusted: text(key)) }
    /// A gate's name; the text is known to be one.
    public func gate(_ key: String) -> GateID { GateID(Token(trusted: text(key))) }
    /// A gate's state.
    public func state(_ key: String) -> GateState { GateState(word: text(key)) ?? .stable }
    /// An object's own fields.
    public func record(_ key: String) -> FieldReader { FieldReader(object[key]?.object ?? JSONObject()) }
    /// The fields of each object of a list.
    public func records(_ key: String) -> [FieldReader] {
        (object[key]?.array ?? []).map { FieldReader($0.object ?? JSONObject()) }
    }
    /// A list's values.
    public func list(_ key: String) -> [JSON] { object[key]?.array ?? [] }
}
