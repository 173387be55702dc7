import NimmerSystem
import NimmerWave

/// Each MQTT topic of the file is shown with the subject that it has on a nats-server.
package struct TopicCheck: SystemCheck {
    package init() {}

    package func findings(in checked: CheckedSystem) -> [CheckFinding] {
        checked.organisms.flatMap { organism -> [CheckFinding] in
            var topics: [(text: String, mark: YAMLMark)] = []
            for entry in organism.settings where ["subject", "subjects", "publish"].contains(entry.key) {
                topics += Self.scalars(entry.value).map { ($0.text ?? "", $0.mark) }
            }
            topics += (organism.subscribes + organism.publishes).map { ($0, organism.mark) }
            return topics.compactMap { topic -> CheckFinding? in
                guard MQTTTopic.isTopic(topic.text) else { return nil }
                do throws(Refusal) {
                    let subject = try SubjectPattern(given: topic.text)
                    return CheckFinding(
                        weight: .note, check: "topics", mark: topic.mark,
                        text: "\(organism.name): the MQTT topic '\(topic.text)' is the subject \(subject.text)")
                } catch {
                    return CheckFinding(
                        weight: .problem, check: "topics", mark: topic.mark, text: "\(organism.name): \(error)")
                }
            }
        }
    }

    private static func scalars(_ node: YAMLNode) -> [YAMLNode] {
        if let entries = node.entries { return entries.flatMap { scalars($0.value) } }
        if let elements = node.elements { return elements.flatMap { scalars($0) } }
        return [node]
    }
}
