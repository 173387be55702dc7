import NimmerWave

/// Meaning of a text, or of a JSON value, where a number is expected.
public enum NumberReading: Hashable, Sendable {
    /// A number; not NaN. Infinite where the text names infinity.
    case number(Double)
    /// Nothing was measured: an empty text, or a word that sources write then, such as `unknown`, `unavailable`, `null` or `nan`.
    case gap
    /// Text that is neither.
    case unreadable
}

/// Numbers out of what devices, commands and files state (recordings.md, Numbers).
public enum NumberText {
    /// The number in a message or a line: bare text (`42.5`, `21,5 °C`), or a JSON value.
    ///
    /// - Parameters:
    ///   - bytes: the message.
    ///   - path: dot-separated keys and places into the JSON (`sensors.0.value`); empty for the whole message.
    /// - Throws: a `Refusal` that names what was found instead.
    public static func number(in bytes: [UInt8], path: String = "") throws(Refusal) -> Double {
        var column = NumberColumn(decimal: nil)
        return try column.number(in: bytes, path: path)
    }

    /// The finite number that a piece of text is; nil when it is not one.
    public static func number(in bytes: ArraySlice<UInt8>) -> Double? {
        var column = NumberColumn(decimal: nil)
        guard case .number(let number) = column.read(bytes), number.isFinite else { return nil }
        return number
    }

    /// The value of a JSON message at a path; the whole of it for an empty one.
    ///
    /// - Throws: a `Refusal` that names what was found instead.
    package static func value(in bytes: [UInt8], path: String) throws(Refusal) -> JSON {
        guard var json = try? JSON(lenient: bytes) else {
            let found = String(decoding: bytes.prefix(80), as: UTF8.self)
            throw Refusal(
                .value, path.isEmpty ? "expected a number" : "expected JSON with a number at \(path)",
                found: "'\(found)'")
        }
        var walked: [Substring] = []
        for step in path.split(separator: ".") {
            guard let next = json[String(step)] ?? Int(step).flatMap({ json[$0] }) else {
                // A key may hold points itself.
                if walked.isEmpty, let whole = json[path] { return whole }
                let place = walked.isEmpty ? "the message" : walked.joined(separator: ".")
                throw Refusal(.missing, field: path, "expected a number at \(path)", found: "no '\(step)' in \(place)")
            }
            walked.append(step)
            json = next
        }
        return json
    }

    /// Returns whether text is one of the words that sources write where nothing was measured.
    package static func isGap(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.count <= 13 else { return false }
        if text.isEmpty { return true }
        return gaps.contains(String(decoding: text, as: UTF8.self).lowercased())
    }

    private static let gaps: Set<String> = [
        "unknown", "unavailable", "null", "(null)", "<null>", "<na>", "<nan>", "nil", "none", "nan", "+nan", "-nan",
        "na", "n/a", "n.a.",
        "#n/a", "#na",
        "\\n", "-", "--", "---", "?", ".", "missing",
    ]

    /// Truth as a number, as switches and doors report it.
    static let truths: [String: Double] = ["true": 1, "on": 1, "false": 0, "off": 0]

    /// Infinity, as range finders write it where nothing is in range.
    static let infinities: [String: Double] = [
        "inf": .infinity, "+inf": .infinity, "-inf": -.infinity, "infinity": .infinity, "+infinity": .infinity,
        "-infinity": -.infinity, ".inf": .infinity, "1.#inf": .infinity, "∞": .infinity,
    ]
}

extension JSON {
    /// JSON as programs write it: with a byte order mark before it, and with bare NaN and Infinity, which become null and texts.
    package init(lenient bytes: [UInt8], keepingRaw raw: Set<String> = []) throws(Refusal) {
        let bytes = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
        do throws(Refusal) { self = try JSON(parsing: bytes, keepingRaw: raw) } catch {
            guard let plain = Self.withoutBareWords(bytes) else { throw error }
            self = try JSON(parsing: plain, keepingRaw: raw)
        }
    }

    /// The same text with words that JSON does not have replaced; nil when there are none.
    private static func withoutBareWords(_ bytes: [UInt8]) -> [UInt8]? {
        var plain: [UInt8] = []
        var isInText = false
        var isEscaped = false
        var hasChanged = false
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if isInText {
                isInText = isEscaped || byte != 0x22
                isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
            } else if byte == 0x22 {
                isInText = true
            } else if let word = bareWords.first(where: { bytes[index...].starts(with: $0.word) }) {
                plain += word.plain
                index += word.word.count
                hasChanged = true
                continue
            }
            plain.append(byte)
            index += 1
        }
        return hasChanged ? plain : nil
    }

    private static let bareWords: [(word: [UInt8], plain: [UInt8])] = [
        ("-Infinity", #""-inf""#), ("Infinity", #""inf""#), ("-inf", #""-inf""#), ("inf", #""inf""#), ("NaN", "null"),
        ("nan", "null"),
        ("None", "null"), ("True", "true"), ("False", "false"), ("undefined", "null"),
    ].map { (Array($0.0.utf8), Array($0.1.utf8)) }
}
