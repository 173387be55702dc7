/// An object on the wire with declared fields: a message's body, or a part of one. Its properties, reader and writer are written by
/// Messages/generate.py from its declaration (decision 0023).
public protocol MessageRecord: Sendable, Hashable {
    /// Its fields as they stand on the wire.
    static var fields: [Field] { get }
    /// Reads an object's fields, each as it is declared.
    ///
    /// - Throws: a ``Refusal`` that names the first field that is wrong, missing or there twice, and what was expected.
    init(_ fields: borrowing FieldReader) throws(Refusal)
    /// Writes the object as it stands on the wire.
    func write(_ out: inout MemberWriter)
}

extension MessageRecord {
    /// Reads an object that has these fields.
    ///
    /// - Throws: a ``Refusal`` that names the field and what was expected.
    public init(_ object: JSONObject) throws(Refusal) { try self.init(FieldReader(object, Self.fields)) }

    /// The object as it travels: compact UTF-8 JSON.
    public var bytes: [UInt8] {
        var out = MemberWriter(into: [])
        write(&out)
        return out.take()
    }

    /// The object as it travels, parsed.
    public var json: JSON {
        // What was just written is JSON.
        (try? JSON(parsing: bytes, keepingRaw: WireText.opaqueKeys)) ?? .null
    }

    /// Appends a list of records as it stands on the wire.
    public static func write(_ records: [Self], into bytes: inout [UInt8]) {
        var own: [UInt8] = []
        swap(&own, &bytes)
        var out = MemberWriter(into: consume own)
        out.list(records) { $0.write(&$1) }
        bytes = out.take()
    }
}

/// A record that stands in an opaque part of a message and has a JSON Schema of its own.
public protocol PublishedRecord: MessageRecord {
    /// Meaning, in one sentence.
    static var meaning: String { get }
}

/// A message's body: one of the types of protocol.md, Bodies.
public protocol MessageBody: MessageRecord {
    /// The type's name on the wire.
    static var type: MessageType { get }
    /// Meaning of the message, in one sentence.
    static var meaning: String { get }
    /// Checks that the body agrees with the subject that it came on.
    ///
    /// - Throws: a ``Refusal`` that names the field.
    func check(against provenance: Provenance) throws(Refusal)
}

extension MessageBody {
    /// Nothing to check: the subject defines nothing of the body.
    public func check(against provenance: Provenance) throws(Refusal) {}
}

/// A message: its sender and time, and its body (protocol.md, Envelope).
public struct Envelope<Body: MessageBody>: Hashable, Sendable {
    /// Header: its sender and time.
    public var header: Header
    /// Body of the message.
    public var body: Body

    /// Creates a message; the header's type is set to the body's.
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

    /// Reads a message whose parts were kept apart, such as a row of a database, as strictly as one that came over the wire.
    ///
    /// - Throws: a ``Refusal`` that names the field and what was expected.
    public init(header: JSONObject, body: JSONObject) throws(Refusal) {
        try self.init(try Header(.object(header)), body)
    }

    init(_ header: Header, _ body: JSONObject) throws(Refusal) {
        self.header = header
        do throws(Refusal) { self.body = try Body(body) } catch { throw error.within("body") }
    }

    /// The message as it travels: compact UTF-8 JSON.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2048)
        var out = MemberWriter(into: consume bytes)
        out.object { out in
            out.member("header") { header.write(&$0) }
            out.member("body") { body.write(&$0) }
        }
        return out.take()
    }
}

/// The checks that come before any field is checked.
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
