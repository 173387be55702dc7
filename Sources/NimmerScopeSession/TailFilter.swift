import NimmerScope
import NimmerWave

/// Filter of `nimmer wave tail`.
package struct TailFilter: Sendable {
    /// Subjects that are left out.
    package var ignored: [SubjectPattern] = []
    /// Waves below it are left out and counted; what has no confidence stays.
    package var minimumConfidence = 0.0
    /// Only what contains this text, in its subject (also by its MQTT topic) or anywhere in the message; with `!` before it, only what does not.
    package let text: String?
    private let topic: TopicText

    /// Number of messages shown so far.
    package private(set) var shown = 0
    /// Number left out for their confidence.
    package private(set) var quiet = 0

    package init(ignored: [SubjectPattern] = [], minimumConfidence: Double = 0, text: String? = nil) {
        self.ignored = ignored
        self.minimumConfidence = minimumConfidence
        self.text = text
        topic = TopicText(text.map { $0.hasPrefix("!") ? String($0.dropFirst()) : $0 } ?? "")
    }

    /// Returns whether a message is shown.
    package mutating func passes(subject: String, payload: [UInt8]) -> Bool {
        if ignored.contains(where: { $0.matches(subject) }) { return false }
        if let text {
            let (wanted, inverted) = text.hasPrefix("!") ? (String(text.dropFirst()), true) : (text, false)
            let found =
                subject.contains(wanted) || topic.matches(subject)
                || String(decoding: payload, as: UTF8.self).contains(wanted)
            if found == inverted { return false }
        }
        if minimumConfidence > 0, subject.hasSuffix(".wave"),
            case .waveSignal(let wave)? = try? AnyMessage.decode(payload, on: subject),
            wave.body.confidence < minimumConfidence
        {
            quiet += 1
            return false
        }
        shown += 1
        return true
    }
}

extension TailFilter {
    /// Subjects that are hidden unless asked for: traces of correlation and, where a screen asks the thalamus, its own questions.
    package static func unasked(_ environment: Environment, asks: Bool) -> [SubjectPattern] {
        let questions = asks ? (try? Token("thalamus")).map { Subject.request(environment, cell: $0) } : nil
        return [SubjectPattern(.correlation(environment))] + (questions.map { SubjectPattern.shared($0) } ?? [])
    }
}
