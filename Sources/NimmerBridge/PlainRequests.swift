import Logging
import NimmerBus
import NimmerProcess
import NimmerWave

/// Stores the requests that come on `<env>.cognitive.bridge.request`, the subject without a sender, as their senders expect it of
/// a stream: a request of 2.0 is stored under its own id, and the stream's acknowledgement passed on. A request that a thalamus of a later
/// version publishes there without a reply subject is for observers: its opening is stored.
///
/// As long as a stream of 2.0 captures the subject itself, nothing is done.
struct PlainRequests: Sendable {
    private let owner: BridgeProcess
    private let asked: AsyncStream<BusMessage>
    private let ask: AsyncStream<BusMessage>.Continuation

    init(_ owner: BridgeProcess) {
        self.owner = owner
        // Who waits for an answer and gets none asks again.
        (asked, ask) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(1024))
    }

    func serve() async throws(BusError) -> any Subscription {
        let subject = SubjectPattern(.cognitiveRequest(owner.env))
        return try await owner.bus.subscribe(subject, queue: owner.process.name) { _, _, arrival in
            ask.yield(arrival.message())
        }
    }

    /// Stores until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await message in asked { group.addTask { await take(message) } }
        }
    }

    private func take(_ message: BusMessage) async {
        let envelope: Envelope<CognitiveRequest>
        do throws(Refusal) {
            envelope = try Envelope<CognitiveRequest>(decoding: message.payload, on: message.subject)
        } catch {
            owner.rejects.reject(error, message)
            return answer(message, ["error": ["code": 400, "description": .string(error.description)]])
        }
        let isAsked =
            message.reply != nil || envelope.header.source.entityType != .thalamus || envelope.header.minorVersion == 0
        guard isAsked else { return }
        do throws(BusError) {
            let stream = SystemStreams.escalations(owner.env)
            let present = try await owner.bus.stream(stream)
            guard !present.subjects.contains(Subject.cognitiveRequest(owner.env).text) else { return }
            let id = message.headers[Headers.messageID].flatMap { try? MessageID($0) } ?? envelope.header.messageID
            let ack = try await owner.bus.publishDurably(
                Subject.cognitiveRequest(owner.env).from(owner.process.name), payload: message.payload, id: id)
            var words: JSONObject = ["stream": .string(ack.stream), "seq": .number(Double(ack.sequence))]
            if ack.isDuplicate { words["duplicate"] = true }
            answer(message, .object(words))
        } catch {
            // No acknowledgement is sent: a sender that waits for one asks again.
            owner.process.logger.warning("Cannot store a request", metadata: ["reason": "\(error)"])
        }
    }

    private func answer(_ message: BusMessage, _ words: JSON) {
        try? owner.bus.respond(to: message, payload: words.bytes)
    }
}
