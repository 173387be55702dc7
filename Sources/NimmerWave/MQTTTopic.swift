/// Topics of MQTT as a nats-server translates them into subjects, for texts that a person gives: who knows a device by its topic writes that.
///
/// A text is taken for a topic when it has a `/` and no `.`, and when it has both and is no translation of one: in the subject of a topic a `/`
/// stands only for an empty level (as a token of its own) or, doubled, for a dot. `#` and `+` alone are topics too.
public enum MQTTTopic {
    /// Returns whether a text is a topic, or a filter of topics, rather than a subject.
    public static func isTopic(_ text: String) -> Bool {
        if text == "#" || text == "+" { return true }
        guard text.utf8.contains(slash) else { return false }
        guard text.utf8.contains(dot) else { return true }
        return !text.utf8.split(separator: dot, omittingEmptySubsequences: false).allSatisfy(isTranslated)
    }

    /// The subject, or pattern of subjects, on which a nats-server delivers what is published under a topic or a filter of topics; a text that is
    /// no topic as it is.
    ///
    /// `/` becomes `.`, an empty level the token `/`, a dot `//`; of a filter, `+` becomes `*` and a final `#` becomes `>`.
    ///
    /// - Throws: a ``Refusal`` when a nats-server takes no such topic, or a wildcard stands where MQTT has none; it names the topic.
    public static func subject(of text: String) throws(Refusal) -> String {
        guard isTopic(text) else {
            if let level = wildcard(among: text.utf8.split(separator: dot)) {
                throw Refusal(
                    .name,
                    "expected '*' for one token and '>' for the rest, or an MQTT topic with '/' between its levels",
                    found: "'\(level)' in '\(text.excerpt)'")
            }
            return text
        }
        let levels = text.utf8.split(separator: slash, omittingEmptySubsequences: false)
        var tokens: [String] = []
        for (place, level) in levels.enumerated() {
            switch level.count == 1 ? level.first : nil {
            case UInt8(ascii: "+"): tokens.append("*")
            case UInt8(ascii: "#") where place == levels.count - 1: tokens.append(">")
            default: tokens.append(try token(of: level, in: text))
            }
        }
        return tokens.joined(separator: ".")
    }

    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")

    private static func token(of level: Substring.UTF8View.SubSequence, in text: String) throws(Refusal) -> String {
        if level.isEmpty { return "/" }
        for byte in level where byte <= 0x20 || byte == 0x7f || "+#*>".utf8.contains(byte) {
            throw Refusal(
                .name,
                "expected an MQTT topic without white space, * and >, whose wildcards + and # are whole levels, # the last",
                found: "'\(text.excerpt)'")
        }
        return String(decoding: level.flatMap { $0 == dot ? [slash, slash] : [$0] }, as: UTF8.self)
    }

    /// Returns whether a token may be a level of a topic in its translation.
    private static func isTranslated(_ token: Substring.UTF8View.SubSequence) -> Bool {
        if token.count == 1, token.first == slash { return true }
        var slashes = 0
        for byte in token {
            if byte == slash {
                slashes += 1
            } else if slashes % 2 == 1 {
                return false
            } else {
                slashes = 0
            }
        }
        return slashes % 2 == 0
    }

    private static func wildcard(among tokens: [Substring.UTF8View.SubSequence]) -> String? {
        tokens.first { $0.count == 1 && ($0.first == UInt8(ascii: "+") || $0.first == UInt8(ascii: "#")) }
            .map { String(decoding: $0, as: UTF8.self) }
    }
}

extension Subject {
    /// A device's subject as a person gives it: a subject of NATS, or a topic of MQTT.
    ///
    /// - Throws: a ``Refusal`` as `init(foreign:)` does, and where a topic has no subject.
    public init(given text: String) throws(Refusal) { try self.init(foreign: try MQTTTopic.subject(of: text)) }
}

extension SubjectPattern {
    /// A pattern as a person gives it: subjects of NATS, or a filter of MQTT topics.
    ///
    /// - Throws: a ``Refusal`` as `init(_:)` does, and where a topic has no subject.
    public init(given text: String) throws(Refusal) { try self.init(try MQTTTopic.subject(of: text)) }
}
