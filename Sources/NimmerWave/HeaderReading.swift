// The checks of a head beyond its fields, and those before any of these.

extension Header {
    /// The minor version of the sender: what the head promises beyond its major version (protocol.md, Envelope).
    public var minorVersion: Int { version.split(separator: ".").last.flatMap { Int($0) } ?? 0 }

    /// Checks a version text: `MAJOR.MINOR` with the major that is understood.
    static func checkVersion(_ text: String) throws(Refusal) {
        if text == Wire.version { return }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ !$0.isEmpty && $0.count < 6 && $0.utf8.allSatisfy { $0 &- 0x30 <= 9 } }),
            let major = Int(parts[0])
        else { throw .wrong("header.version", "must be MAJOR.MINOR", found: text.excerpt) }
        guard major == Wire.majorVersion else {
            throw Refusal(
                .version, field: "header.version", "version \(text) is not understood; this is \(Wire.majorVersion)")
        }
    }

    /// Reads a head. What it is a head of comes first: a message of another version or type may have other fields.
    init(_ json: JSON) throws(Refusal) {
        guard let object = json.object else { throw .wrong("header", "must be an object", found: json.text.excerpt) }
        if let text = object["version"]?.string { try Self.checkVersion(text) }
        if let name = object["message_type"]?.string, MessageType(rawValue: name) == nil {
            throw Refusal(.type, field: "header.message_type", "message_type \(name.excerpt) is unknown")
        }
        if case .object(let source)? = object["source"], let kind = source["entity_type"],
            kind.string.flatMap(EntityType.init(rawValue:)) == nil
        {
            throw .wrong("header.source.entity_type", "is unknown", found: kind.text.excerpt)
        }
        do throws(Refusal) { try self.init(object) } catch { throw error.within("header") }
    }
}
