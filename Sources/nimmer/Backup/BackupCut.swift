import NimmerBus
import NimmerWave

/// Where the copy of a living system ends, as a value: with the last transition that is in it.
///
/// Questions are copied first, and while answers are, more are asked. An answer that came later than the last transition belongs into
/// the copy only if its question does; of the questions that had no answer when copying began there are few, and these are kept in
/// mind.
struct BackupCut: Sendable {
    private let environment: Environment
    /// How far the bridge had answered, by stream.
    private let answered: [String: UInt64]
    /// The questions of the copy that it had not answered by then.
    private var open: Set<MessageID> = []
    /// When the last transition of the copy was stored.
    private var end: Timestamp?

    /// - Parameter streams: the positions, which were taken before anything was copied.
    init(_ streams: [BackupContents.Stream], _ environment: Environment) {
        self.environment = environment
        answered = Dictionary(
            streams.map { stream in
                (stream.name, stream.durables.first { $0.name == "bridge" }?.position ?? 0)
            }, uniquingKeysWith: min)
    }

    /// Whether a message of a stream belongs into the copy; asked in the order of copying.
    mutating func takes(_ stored: StoredMessage, of stream: String) -> Bool {
        switch stream {
        case HouseStreams.transitions(environment):
            end = stored.message.at
            guard stored.sequence > answered[stream] ?? 0 else { return true }
            if let id = (try? Envelope<GateTransition>(decoding: stored.message.payload))?.body.escalated?.requestID {
                open.insert(id)
            }
            return true
        case HouseStreams.escalations(environment):
            guard stored.sequence > answered[stream] ?? 0 else { return true }
            if let id = (try? Envelope<CognitiveRequest>(decoding: stored.message.payload))?.body.requestID {
                open.insert(id)
            }
            return true
        default:
            guard let end, stored.message.at > end, let question = question(of: stored.message, in: stream) else {
                return true
            }
            return open.contains(question)
        }
    }

    /// The question that an answer, or the word of what became of it, is about; nil for what is about none.
    private func question(of message: BusMessage, in stream: String) -> MessageID? {
        if stream == "KV_\(HouseStreams.acts(environment).bucket)" {
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
