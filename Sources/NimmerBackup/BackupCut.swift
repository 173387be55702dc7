import NimmerBus
import NimmerWave

/// End of the copy of a running system, as a value: with the last question that is in it.
///
/// Questions are copied first, and while answers are, more are asked. These later questions are read from behind the copy before any
/// answer is judged, and an answer, or its act, is left out only if it is about one of them. So nothing is lost
/// that was decided about a question of the copy, nor about one that no stream holds any more.
package struct BackupCut: Sendable {
    private let environment: Environment
    /// The last sequence of each stream of questions that is in the copy, or was read behind it.
    private var ends: [String: UInt64] = [:]
    /// The questions that were asked behind the copy.
    private var later: Set<MessageID> = []

    package init(_ environment: Environment) { self.environment = environment }

    /// The streams of questions.
    package static func questions(_ environment: Environment) -> [String] {
        [SystemStreams.transitions(environment), SystemStreams.escalations(environment)]
    }

    /// The name of the stream in which the records of commands are.
    package static func records(_ environment: Environment) -> String { "KV_\(SystemStreams.acts(environment).bucket)" }

    /// The first sequence of a stream of questions that is not known yet.
    package func next(of stream: String) -> UInt64 { (ends[stream] ?? 0) + 1 }

    /// Takes note of a message of a stream of questions that was stored behind the copy.
    package mutating func learn(_ stored: StoredMessage, of stream: String) {
        ends[stream] = max(ends[stream] ?? 0, stored.sequence)
        let payload = stored.message.payload
        let id =
            stream == SystemStreams.transitions(environment)
            ? (try? Envelope<GateTransition>(decoding: payload, on: stored.message.subject))?.body.escalated?.requestID
            : (try? Envelope<CognitiveRequest>(decoding: payload, on: stored.message.subject))?.body.requestID
        if let id { later.insert(id) }
    }

    /// Returns whether a message of a stream belongs into the copy; asked in the order of copying, of what was stored before the later
    /// questions were last read.
    package mutating func takes(_ stored: StoredMessage, of stream: String) -> Bool {
        guard !Self.questions(environment).contains(stream) else {
            ends[stream] = max(ends[stream] ?? 0, stored.sequence)
            return true
        }
        guard !later.isEmpty, let question = question(of: stored.message, in: stream) else { return true }
        return !later.contains(question)
    }

    /// The question that an answer, or its act, is about; nil for what is about none.
    private func question(of message: BusMessage, in stream: String) -> MessageID? {
        if stream == Self.records(environment) {
            return message.subject.text.split(separator: ".").last.flatMap { try? MessageID(String($0)) }
        }
        let id =
            switch message.subject {
            case .cognitiveResponse(environment), .act(environment):
                (try? JSON(parsing: message.payload))?["body"]?["request_id"]?.string
            default: String?.none
            }
        return id.flatMap { try? MessageID($0) }
    }
}
