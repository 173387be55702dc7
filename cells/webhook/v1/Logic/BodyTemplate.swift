import NimmerWave

/// JSON with places for values of a command's payload.
///
/// A text that is `{name}` as a whole becomes the value, of whatever type; within a longer text it becomes the value's text. Places are
/// filled after the JSON was read, so that no value can change its structure.
struct BodyTemplate: Sendable, Hashable {
    private let json: JSON

    /// Longest body, in bytes.
    static let longest = 65_536

    /// Reads a template.
    ///
    /// - Throws: a `Refusal` that names the setting when it is no object or array of JSON.
    init(_ text: String, field: String) throws(Refusal) {
        guard let json = try? JSON(parsing: text), json.object != nil || json.array != nil else {
            throw Refusal(
                .value, field: field, #"\#(field) must be JSON, such as '{"text": "{message}"}'"#,
                found: "'\(text.prefix(80))'")
        }
        self.json = json
    }

    /// The JSON with the payload's values.
    ///
    /// - Throws: a `Refusal` that names a value which is missing, or whose place within a text it does not fit.
    func filled(with payload: JSON) throws(Refusal) -> [UInt8] {
        let bytes = try Self.filled(json, with: payload).bytes
        guard bytes.count <= Self.longest else {
            throw Refusal(
                .limit, field: "payload", "what is posted must be at most \(Self.longest) bytes",
                found: "\(bytes.count)")
        }
        return bytes
    }

    private static func filled(_ json: JSON, with payload: JSON) throws(Refusal) -> JSON {
        if let object = json.object {
            var filled = JSONObject()
            for member in object { filled[member.key] = try Self.filled(member.value, with: payload) }
            return .object(filled)
        }
        if let array = json.array {
            var filled: [JSON] = []
            for element in array { filled.append(try Self.filled(element, with: payload)) }
            return .array(filled)
        }
        guard let text = json.string, text.contains("{") else { return json }
        return try Self.filled(text, with: payload)
    }

    private static func filled(_ text: String, with payload: JSON) throws(Refusal) -> JSON {
        var out = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else { break }
            let name = String(rest[rest.index(after: open)..<close])
            guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }) else {
                out += rest[...open]
                rest = rest[rest.index(after: open)...]
                continue
            }
            guard let value = payload[name] else {
                throw Refusal(.missing, field: "payload.\(name)", "payload.\(name) is missing")
            }
            if text == "{\(name)}" { return value }
            out += rest[..<open]
            if let plain = value.string {
                out += plain
            } else if value.object == nil, value.array == nil {
                out += value.text
            } else {
                throw Refusal(
                    .value, field: "payload.\(name)",
                    "payload.\(name) must be a text, a number, true, false or null: it stands within a text",
                    found: value.kind)
            }
            rest = rest[rest.index(after: close)...]
        }
        return .string(out + rest)
    }
}
