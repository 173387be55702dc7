extension FieldKind {
    /// The kind as a JSON Schema (draft 2020-12).
    public var jsonSchema: JSONObject {
        switch self {
        case .token: ["type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"]
        case .region:
            [
                "type": "string", "maxLength": .number(Double(Wire.maximumRegion)),
                "pattern": "^[a-z0-9][a-z0-9_-]{0,62}(\\.[a-z0-9][a-z0-9_-]{0,62})*$",
            ]
        case .text(let most): ["type": "string", "maxLength": .number(Double(most))]
        case .name(let most): ["type": "string", "minLength": 1, "maxLength": .number(Double(most))]
        case .number(let bounds): Self.bounded("number", bounds.lowerBound, bounds.upperBound)
        case .positive(let most): ["type": "number", "exclusiveMinimum": 0, "maximum": .number(most)]
        case .energy: Self.bounded("number", 0, .infinity)
        case .whole(let bounds):
            Self.bounded(
                "integer", Double(bounds.lowerBound), bounds.upperBound == .max ? .infinity : Double(bounds.upperBound))
        case .polarity: ["enum": [1, -1]]
        case .truth: ["type": "boolean"]
        case .uuid:
            [
                "type": "string",
                "pattern": "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
            ]
        case .time: ["type": "string", "format": "date-time"]
        case .digest: ["type": "string", "pattern": "^[0-9a-f]{64}$"]
        case .media:
            [
                "type": "string", "maxLength": .number(Double(MediaType.longest)),
                "pattern": "^[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*$",
            ]
        case .word(let words): ["enum": .array(words.map { .string($0) })]
        case .opaque: ["type": "object"]
        case .anything: [:]
        case .vector(let most): FieldKind.list(.finite, most).jsonSchema
        case .list(let element, let most):
            ["type": "array", "maxItems": .number(Double(most)), "items": .object(element.jsonSchema)]
        case .record(let fields): Self.schema(of: fields)
        }
    }

    private static func bounded(_ type: String, _ low: Double, _ high: Double) -> JSONObject {
        var schema: JSONObject = ["type": .string(type)]
        if low.isFinite { schema["minimum"] = .number(low) }
        if high.isFinite { schema["maximum"] = .number(high) }
        return schema
    }

    /// The JSON Schema of an object that holds these fields and nothing else: what a command's payload is declared with.
    public static func strictSchema(of fields: [Field]) -> JSON {
        var schema = schema(of: fields)
        schema["additionalProperties"] = false
        return .object(schema)
    }

    static func schema(of fields: [Field]) -> JSONObject {
        var properties = JSONObject()
        for field in fields {
            var schema = field.kind.jsonSchema
            schema["description"] = .string(field.meaning)
            properties[field.key] = .object(schema)
        }
        return [
            "type": "object",
            "required": .array(fields.filter(\.isRequired).map { .string($0.key) }),
            "properties": .object(properties),
        ]
    }
}

extension MessageBody {
    /// The JSON Schema (draft 2020-12) of a whole message with this body, as published under docs/protocol.
    public static var jsonSchema: JSON {
        var headerFields = Header.fields
        headerFields[1] = .required("message_type", .word([type.rawValue]), "The type of the body.")
        let schema = FieldKind.schema(of: [
            .required("header", .record(headerFields), "The sender, and the time."),
            .required("body", .record(fields), meaning),
        ])
        return .titled(type.rawValue, meaning, schema)
    }
}

extension PublishedRecord {
    /// The JSON Schema (draft 2020-12) of the record, as published under docs/protocol.
    public static var jsonSchema: JSON { .titled("\(Self.self)", meaning, FieldKind.schema(of: fields)) }
}

extension JSON {
    fileprivate static func titled(_ title: String, _ description: String, _ schema: JSONObject) -> JSON {
        let head = [
            JSONObject.Member("$schema", "https://json-schema.org/draft/2020-12/schema"),
            JSONObject.Member("title", .string(title)), JSONObject.Member("description", .string(description)),
        ]
        return .object(JSONObject(head + schema.members))
    }
}
