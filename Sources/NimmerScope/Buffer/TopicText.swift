import NimmerWave

/// Text of a filter as an MQTT topic, or a filter of topics (`tele/+/SENSOR`): a nats-server delivers what is published under it on a subject that
/// looks otherwise (`tele.hotWater.SENSOR`).
package struct TopicText: Sendable, Hashable {
    /// Subjects of the topic; nil for any other text.
    package let pattern: SubjectPattern?
    /// Part of a subject, while the topic is being typed.
    private let part: String?

    /// A text; one without `/` is no topic here, since `+` and `#` are looked for as they are.
    package init(_ text: String) {
        let isTopic = text.utf8.contains(UInt8(ascii: "/")) && MQTTTopic.isTopic(text)
        pattern = isTopic ? try? SubjectPattern(given: text) : nil
        let isPart = isTopic && !text.utf8.contains { "+#".utf8.contains($0) }
        let whole = text.hasSuffix("/") ? String(text.dropLast()) : text
        part = isPart ? try? MQTTTopic.subject(of: whole) : nil
    }

    /// Returns whether a subject is one of the topic.
    package func matches(_ subject: String) -> Bool {
        if let part, subject.contains(part) { return true }
        return pattern?.matches(subject) ?? false
    }
}
