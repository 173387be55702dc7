import Logging
import NimmerBus
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

/// Stores what cells and nerves report of their own gates, and acknowledges it as a stream would (decision 0019). Of several thalami one
/// takes each report; which one does not matter, since the id of what is stored follows from the report.
final class ReportedTransitions: Sendable {
    private let owner: ThalamusProcess
    private let reports: AsyncStream<BusMessage>
    private let report: AsyncStream<BusMessage>.Continuation
    private let intake: Mutex<SenderIntake>
    /// Description of what a sender may report, for a person.
    private let words: String

    /// - Parameter room: the stream that the reports are stored in.
    init(_ owner: ThalamusProcess, _ room: OpeningRoom) {
        self.owner = owner
        let budgets = ReportedTransition.budgets(room: room.transitions, age: room.transitionsAge)
        intake = Mutex(SenderIntake(budgets))
        words =
            "\(Int(saturating: budgets.burst)) bytes at once, and then \(Int(saturating: budgets.perSecond)) a second"
        // A sender that gets no acknowledgement publishes again.
        (reports, report) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(4_096))
    }

    func serve() async throws(BusError) -> any Subscription {
        let pattern = SubjectPattern.reportedTransitions(owner.process.environment)
        return try await owner.bus.subscribe(pattern, queue: owner.process.name) { [self] subject, payload, arrival in
            // Before anything is copied or taken apart.
            let name = SenderIntake.sender(in: subject, tokens: 6)
            let size = Double(max(payload.byteCount, ReportedTransition.smallest))
            let decision = intake.withLock { $0.decide(size, of: name, at: .now()) }
            guard decision != .dropped else { return }
            let message = arrival.message()
            guard let sender = SharedSubject(message.subject)?.sender else { return }
            guard decision == .taken else { return refuseTooMuch(message, sender) }
            guard message.payload.count <= ReportedTransition.largest else {
                let refusal = Refusal(
                    .limit, field: "body", "a report must be at most \(ReportedTransition.largest) bytes",
                    found: "\(message.payload.count)")
                return refuse(message, refusal, code: 400, number: 10003)
            }
            report.yield(message)
        }
    }

    /// Reports that were neither stored nor answered, since their senders report too much.
    var dropped: Int { intake.withLock { $0.dropped } }

    /// Stores until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await message in reports { group.addTask { await self.take(message) } }
        }
    }

    private func take(_ message: BusMessage) async {
        let reported: ReportedTransition
        do throws(Refusal) {
            reported = try ReportedTransition(
                subject: message.subject, payload: message.payload, in: owner.process.environment)
        } catch {
            // As a server answers an invalid request: its sender gives it up.
            return refuse(message, error, code: 400, number: 10003)
        }
        do throws(BusError) {
            let ack = try await owner.bus.publishDurably(
                reported.subject, payload: reported.payload, id: reported.id, timeout: .seconds(4))
            var words: JSONObject = ["stream": .string(ack.stream), "seq": .number(Double(ack.sequence))]
            if ack.isDuplicate { words["duplicate"] = true }
            answer(message, .object(words))
        } catch {
            // Without an acknowledgement the sender publishes again.
            owner.process.logger.warning("Cannot store a cell's transition", metadata: ["reason": "\(error)"])
        }
    }

    private func refuseTooMuch(_ message: BusMessage, _ sender: Token) {
        let refusal = Refusal(
            .limit, field: "subject",
            "\(sender) may report \(words)", found: "more")
        // As a server answers when there is no room for another message of the subject: its sender tries again.
        refuse(message, refusal, code: 503, number: 10077)
    }

    private func refuse(_ message: BusMessage, _ refusal: Refusal, code: Int, number: Int) {
        owner.announcer.reject(refusal, message)
        let words: JSONObject = [
            "code": .number(Double(code)), "err_code": .number(Double(number)),
            "description": .string(refusal.description),
        ]
        answer(message, ["error": .object(words)])
    }

    private func answer(_ message: BusMessage, _ words: JSON) {
        try? owner.bus.respond(to: message, payload: words.bytes)
    }
}
