import NimmerWave

/// The boundary's own check of a value against a JSON Schema: a server's claim to enforce the schema is not trusted.
///
/// It knows the part of JSON Schema that the boundary writes: `type`, `enum`, `const`, `properties`, `required`,
/// `additionalProperties`, `items`, `minItems`, `maxItems`, `minLength`, `maxLength`, `minimum`, `maximum` and `anyOf`. It is
/// stricter where JSON Schema is lenient: an object holds no key that its schema does not name, and no key twice. A schema
/// with any other keyword is not used at all (``unknownKeyword(in:)``), since a check that skips a rule checks nothing.
public enum SchemaCheck {
    /// Problems that are named at most.
    public static let namedProblems = 8

    /// Problems of a value; empty when there are none.
    ///
    /// - Parameters:
    ///   - value: the value, parsed.
    ///   - schema: a schema for which ``unknownKeyword(in:)`` is nil.
    /// - Returns: at most ``namedProblems`` lines, each with the place, what was expected and what was found.
    public static func problems(of value: JSON, against schema: JSON) -> [String] {
        var problems: [String] = []
        check(value, schema, "", &problems)
        return Array(problems.prefix(namedProblems))
    }

    private static let keywords: Set<String> = [
        "type", "enum", "const", "properties", "required", "additionalProperties", "items", "minItems", "maxItems",
        "minLength", "maxLength", "minimum", "maximum", "anyOf", "description", "title",
    ]

    /// The first keyword of a schema, or of a schema within it, that this check does not know; nil when it knows all.
    public static func unknownKeyword(in schema: JSON) -> String? {
        guard let object = schema.object else { return "a schema that is \(schema.kind)" }
        for member in object {
            guard keywords.contains(member.key) else { return member.key }
            switch member.key {
            case "properties":
                for property in member.value.object ?? [:] {
                    if let unknown = unknownKeyword(in: property.value) { return unknown }
                }
            case "items":
                if let unknown = unknownKeyword(in: member.value) { return unknown }
            case "anyOf":
                for option in member.value.array ?? [] {
                    if let unknown = unknownKeyword(in: option) { return unknown }
                }
            case "additionalProperties" where member.value.bool != false: return "additionalProperties other than false"
            default: break
            }
        }
        return nil
    }

    private static func check(_ value: JSON, _ schema: JSON, _ path: String, _ problems: inout [String]) {
        guard problems.count < namedProblems else { return }
        func report(_ expected: String) {
            problems.append("\(path.isEmpty ? "the answer" : path) must be \(expected); found \(excerpt(value))")
        }
        if let options = schema["anyOf"]?.array {
            checkAny(value, options, path, &problems)
            return
        }
        if let type = schema["type"]?.string, !isOf(type, value) { return report(article(type)) }
        if let constant = schema["const"], constant.resolved != value.resolved { return report(constant.text) }
        if let words = schema["enum"]?.array, !words.contains(where: { $0.resolved == value.resolved }) {
            return report("one of \(words.map(\.text).joined(separator: ", "))")
        }
        if let number = value.double {
            if let low = schema["minimum"]?.double, number < low { return report("at least \(JSON.number(low).text)") }
            if let high = schema["maximum"]?.double, number > high {
                return report("at most \(JSON.number(high).text)")
            }
        }
        if let text = value.string {
            let length = text.unicodeScalars.count
            if let least = schema["minLength"]?.int, length < least {
                return report("at least \(least) characters long")
            }
            if let most = schema["maxLength"]?.int, length > most { return report("at most \(most) characters long") }
        }
        if let items = value.array {
            if let least = schema["minItems"]?.int, items.count < least { return report("a list of at least \(least)") }
            if let most = schema["maxItems"]?.int, items.count > most { return report("a list of at most \(most)") }
            if let element = schema["items"] {
                for (index, item) in items.enumerated() { check(item, element, "\(path)[\(index)]", &problems) }
            }
        }
        if let object = value.object { check(object, schema, path, &problems) }
    }

    private static func check(_ object: JSONObject, _ schema: JSON, _ path: String, _ problems: inout [String]) {
        let properties = schema["properties"]?.object ?? [:]
        var seen: Set<String> = []
        for member in object {
            let place = path.isEmpty ? member.key : "\(path).\(member.key)"
            guard let property = properties[member.key] else {
                let known = properties.keys.joined(separator: ", ")
                problems.append(
                    "\(place.excerpted) is not known; \(known.isEmpty ? "no key is expected" : "expected only \(known)")"
                )
                continue
            }
            guard seen.insert(member.key).inserted else {
                problems.append("\(place) appears twice")
                continue
            }
            check(member.value, property, place, &problems)
        }
        for key in schema["required"]?.array?.compactMap(\.string) ?? [] where !seen.contains(key) {
            problems.append("\(path.isEmpty ? key : "\(path).\(key)") is missing")
        }
    }

    /// One of several: reported with the problems of the option that was meant: the one whose constants fit best, then the one with
    /// the fewest problems, then the first.
    private static func checkAny(_ value: JSON, _ options: [JSON], _ path: String, _ problems: inout [String]) {
        var best: (unknownMembers: Int, problems: [String])?
        for option in options {
            var own: [String] = []
            check(value, option, path, &own)
            if own.isEmpty { return }
            let unknownMembers = (option["properties"]?.object ?? [:]).filter {
                $0.value["const"] != nil && $0.value["const"]?.resolved != value[$0.key]?.resolved
            }.count
            if (unknownMembers, own.count) < (best?.unknownMembers ?? .max, best?.problems.count ?? .max) {
                best = (unknownMembers, own)
            }
        }
        problems += best?.problems ?? ["\(path) must be absent: nothing is allowed here"]
    }

    private static func isOf(_ type: String, _ value: JSON) -> Bool {
        switch type {
        case "object": value.object != nil
        case "array": value.array != nil
        case "string": value.string != nil
        case "number": value.double.map(\.isFinite) ?? false
        case "integer": value.int != nil
        case "boolean": value.bool != nil
        case "null": value.isNull
        default: false
        }
    }

    private static func article(_ type: String) -> String {
        switch type {
        case "object": "an object"
        case "array": "a list"
        case "string": "a text"
        case "number": "a finite number"
        case "integer": "a whole number"
        case "boolean": "true or false"
        default: type
        }
    }

    private static func excerpt(_ value: JSON) -> String { value.text.excerpted }
}

extension String {
    /// The first 80 bytes as printable ASCII, for an error message that may hold what a model wrote.
    var excerpted: String {
        let cut = unicodeScalars.prefix(80).map { $0.value >= 0x20 && $0.value < 0x7f ? Character($0) : "?" }
        return String(cut) + (unicodeScalars.count > 80 ? "…" : "")
    }
}
