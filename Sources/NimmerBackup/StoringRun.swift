import NimmerBus
import NimmerOutput
import NimmerWave
import Synchronization

/// Stores messages of one stream one behind the other, without waiting for each.
package struct StoringRun {
    package let bus: any Bus
    package let stream: String
    private static let timeout = Duration.seconds(20)

    /// Stores messages in order.
    ///
    /// - Parameter first: the sequence that the first one gets.
    /// - Returns: the sequence of each; nil where the stream holds one of its id already.
    package func store(_ messages: [BackupMessage], from first: UInt64) async throws -> [UInt64?] {
        var sequences: [UInt64?] = []
        var expected = first
        var rest = messages[...]
        while let next = rest.first {
            // Only what has an id of ours can be on its way with others: its acknowledgement cannot be mistaken.
            let some = next.id == nil ? rest.prefix(1) : rest.prefix { $0.id != nil }
            rest = rest.dropFirst(some.count)
            let acks = next.id == nil ? [try await ask(next)] : try await storeTogether(Array(some))
            for ack in acks {
                guard ack.stream == stream else {
                    throw Failure(.software, "the stream \(ack.stream) stored a message that belongs into \(stream)")
                }
                if ack.isDuplicate, ack.sequence < expected {
                    sequences.append(nil)
                    continue
                }
                guard ack.sequence == expected else {
                    throw Failure(
                        .temporary,
                        "another process writes to \(stream): it assigned the sequence \(ack.sequence), expected \(expected)",
                        remedy: "stop every process of the environment, and restore again")
                }
                sequences.append(expected)
                expected += 1
            }
        }
        return sequences
    }

    private func storeTogether(_ messages: [BackupMessage]) async throws -> [StreamAck] {
        let acks: [Result<StreamAck, BusError>] = try await withCheckedThrowingContinuation { continuation in
            let gathered = AnswerCollector(messages.count) { continuation.resume(returning: $0) }
            for (place, message) in messages.enumerated() {
                guard let subject = try? Subject(foreign: message.subject), let id = message.id else {
                    gathered.take(place, .failure(BusError(.invalid, "'\(message.subject)' is not a subject")))
                    continue
                }
                bus.publishDurably(
                    subject, payload: message.payload, id: id, headers: message.headersToRestore, timeout: Self.timeout
                ) { gathered.take(place, $0) }
            }
        }
        return try acks.map { try $0.get() }
    }

    /// Stores a message that has no id, or one that is not of ours, with the headers that it has.
    private func ask(_ message: BackupMessage) async throws -> StreamAck {
        let answer = try await bus.request(
            try Subject(foreign: message.subject), payload: message.payload, headers: message.headersToRestore,
            timeout: Self.timeout)
        let json = try JSON(parsing: answer.payload)
        guard let name = json["stream"]?.string, let sequence = json["seq"]?.int else {
            throw Failure(
                .unavailable,
                "the stream \(stream) does not take a message: \(json["error"]?["description"]?.string ?? "no reason given")"
            )
        }
        return StreamAck(
            stream: name, sequence: UInt64(clamping: sequence), isDuplicate: json["duplicate"]?.bool ?? false)
    }
}

extension BackupMessage {
    /// Its id, where it is one of ours and stands where a bus puts it: behind the other headers.
    fileprivate var id: MessageID? {
        let fields = headersToRestore.fields
        guard let last = fields.last, fields.count(where: { $0.name == Headers.messageID }) == 1,
            last.name == Headers.messageID, let id = try? MessageID(last.value), id.text == last.value
        else { return nil }
        return id
    }
}

/// Answers that come in any order, handed over when all are there.
private final class AnswerCollector: Sendable {
    private let answers: Mutex<(found: [Result<StreamAck, BusError>?], left: Int)>
    private let whole: @Sendable ([Result<StreamAck, BusError>]) -> Void

    init(_ count: Int, whole: @escaping @Sendable ([Result<StreamAck, BusError>]) -> Void) {
        answers = Mutex(([Result<StreamAck, BusError>?](repeating: nil, count: count), count))
        self.whole = whole
    }

    func take(_ place: Int, _ answer: Result<StreamAck, BusError>) {
        let all = answers.withLock { answers -> [Result<StreamAck, BusError>]? in
            answers.found[place] = answer
            answers.left -= 1
            return answers.left == 0 ? answers.found.compactMap { $0 } : nil
        }
        if let all { whole(all) }
    }
}
