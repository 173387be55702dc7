import NimmerWave

/// The answer that a request got, beside the answer of a mind that is asked again.
package struct AnswerComparison: Sendable {
    private let request: CognitiveRequest
    private let then: JSON?
    private let now: JSON?

    /// - Parameters:
    ///   - then: the response that the stream holds; nil when it holds none.
    ///   - now: the decision of a mind that is asked again; nil when none gave a valid one.
    package init(_ request: CognitiveRequest, then: CognitiveResponse?, now: Decision?) {
        self.request = request
        self.then = then.map { Self.line($0.decision, $0.downstreamCommands, $0.record?.confidence) }
        self.now = now.map { Self.line($0.action, $0.commands, $0.confidence) }
    }

    /// The differences, each with its key, what it was and what it is.
    package var differences: [JSON] {
        ["action", "commands", "confidence"].compactMap { key in
            let (old, new) = (then?[key] ?? .null, now?[key] ?? .null)
            return old.resolved == new.resolved ? nil : ["key": .string(key), "then": old, "now": new]
        }
    }

    /// The answer to `replay`.
    ///
    /// - Parameters:
    ///   - asked: each mind that was asked, with what came of it.
    ///   - reminders: number of earlier decisions that the former prompt held and this one does not.
    package func json(asked: [JSON], reminders: Int) -> JSON {
        [
            "request_id": .string(request.requestID.text), "event_type": .string(request.eventType),
            "then": then ?? .null, "now": now ?? .null, "asked": .array(asked), "differences": .array(differences),
            "reminders_not_repeated": .number(Double(reminders)),
        ]
    }

    private static func line(_ action: String, _ commands: [DownstreamCommand], _ confidence: Double?) -> JSON {
        [
            "action": .string(action), "commands": .array(commands.map(\.json)),
            "confidence": confidence.map { .number($0) } ?? .null,
        ]
    }
}
