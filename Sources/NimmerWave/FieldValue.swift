/// A Swift type that a field is read as: the check of what was declared and the reading are one.
protocol FieldValue {
    /// Reads a value.
    ///
    /// - Throws: a ``Refusal`` that names what was expected; the reader of the object adds the field.
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> Self
}

extension Token: FieldValue {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> Token {
        guard let text = json.string, isValid(text) else { throw kind.refusal(of: json) }
        return Token(trusted: text)
    }
}

extension GateID: FieldValue {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> GateID {
        GateID(try Token.read(json, as: kind))
    }
}

extension Region: FieldValue {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> Region {
        guard let text = json.string else { throw kind.refusal(of: json) }
        guard text.utf8.count <= Wire.maximumRegion else {
            throw .wrong("", "must be at most \(Wire.maximumRegion) bytes", found: text.excerpt)
        }
        guard let region = try? Region(text) else { throw kind.refusal(of: json) }
        return region
    }
}

extension String: FieldValue {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> String {
        guard let text = json.string else { throw kind.refusal(of: json) }
        switch kind {
        case .text(let most) where text.utf8.count <= most: return text
        case .name(let most) where text.utf8.count <= most && !text.isEmpty: return text
        default: throw kind.refusal(of: json)
        }
    }
}

extension Double: FieldValue {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> Double {
        guard let number = json.double else { throw .wrong("", "must be a number", found: json.text.excerpt) }
        switch kind {
        case .number(let bounds): guard bounds.contains(number) else { throw kind.refusal(of: json) }
        case .positive(let most): guard number > 0, number <= most else { throw kind.refusal(of: json) }
        case .energy:
            guard number >= 0 else { throw .wrong("", "must not be negative", found: json.text.excerpt) }
        default: throw kind.refusal(of: json)
        }
        guard number.isFinite else { throw .wrong("", "must be finite", found: json.text.excerpt) }
        return number
    }
}

extension Int: FieldValue {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> Int {
        guard let number = json.int else { throw kind.refusal(of: json) }
        switch kind {
        case .whole(let bounds) where bounds.contains(number): return number
        case .polarity where number == 1 || number == -1: return number
        default: throw kind.refusal(of: json)
        }
    }
}

extension Bool: FieldValue {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> Bool {
        guard let truth = json.bool else { throw kind.refusal(of: json) }
        return truth
    }
}

extension MessageID: FieldValue {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> MessageID {
        guard let text = json.string, let id = try? MessageID(text) else { throw kind.refusal(of: json) }
        return id
    }
}

extension Timestamp: FieldValue {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> Timestamp {
        guard let text = json.string, let moment = try? Timestamp(rfc3339: text) else { throw kind.refusal(of: json) }
        return moment
    }
}

extension ArtifactDigest: FieldValue {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> ArtifactDigest {
        guard let text = json.string, let digest = try? ArtifactDigest(text) else { throw kind.refusal(of: json) }
        return digest
    }
}

extension MediaType: FieldValue {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> MediaType {
        guard let text = json.string, let type = try? MediaType(text) else { throw kind.refusal(of: json) }
        return type
    }
}

extension FieldValue where Self: RawRepresentable, RawValue == String {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> Self {
        guard let text = json.string, let word = Self(rawValue: text) else { throw kind.refusal(of: json) }
        return word
    }
}

extension EntityType: FieldValue {}
extension Garden: FieldValue {}
extension MessageType: FieldValue {}

extension GateState: FieldValue {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> GateState {
        guard let text = json.string, let state = GateState(word: text) else { throw kind.refusal(of: json) }
        return state
    }
}

extension JSON: FieldValue {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> JSON {
        if case .opaque = kind, !json.isObject { throw kind.refusal(of: json) }
        return json
    }

    /// Indicates whether it is an object; what is kept as it was written is recognised by its first byte.
    private var isObject: Bool {
        switch self {
        case .object: true
        case .raw(let bytes): bytes.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0a && $0 != 0x0d } == 0x7b
        default: false
        }
    }
}

extension FieldValue where Self: MessageRecord {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> Self {
        guard let object = json.object else { throw kind.refusal(of: json) }
        return try Self(object)
    }
}

extension Array: FieldValue where Element: FieldValue {
    static func read(_ json: JSON, as kind: FieldKind) throws(Refusal) -> [Element] {
        guard case .list(let element, let most) = kind else { return try numbers(json, as: kind) }
        guard let items = json.array else { throw kind.refusal(of: json) }
        guard items.count <= most else { throw .wrong("", "must have at most \(most) elements") }
        var values: [Element] = []
        values.reserveCapacity(items.count)
        for index in items.indices {
            do throws(Refusal) {
                values.append(try Element.read(items[index], as: element))
            } catch {
                throw error.within("[\(index)]")
            }
        }
        return values
    }

    /// The numbers of a vector, refused in the hot path's words: as a whole, since an element means nothing by itself.
    private static func numbers(_ json: JSON, as kind: FieldKind) throws(Refusal) -> [Element] {
        guard case .vector(let most) = kind else { throw kind.refusal(of: json) }
        guard let items = json.array, items.allSatisfy({ $0.double != nil }) else {
            throw .wrong("", "must be numbers", found: json.text.excerpt)
        }
        guard items.count <= most else {
            throw .wrong("", "must have at most \(most) numbers", found: json.text.excerpt)
        }
        guard items.allSatisfy({ $0.double?.isFinite == true }) else {
            throw .wrong("", "must be finite numbers", found: json.text.excerpt)
        }
        return try items.map { (item) throws(Refusal) in try Element.read(item, as: .finite) }
    }
}
