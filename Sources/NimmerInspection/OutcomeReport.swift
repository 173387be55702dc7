import NimmerBus
import NimmerOutput
import NimmerWave

/// A person's report of an opening: its outcome, or that the one that counts is taken back.
package struct OutcomeReport: Sendable {
    /// The opening.
    package let opening: MessageID
    package let gate: GateID
    package let domain: Token
    /// The outcome; nil takes back the one that counts.
    package let result: VerificationResult?
    /// A reason, which is stored with it.
    package let reason: String?

    package init(
        of opening: MessageID, gate: GateID, domain: Token, result: VerificationResult?, reason: String? = nil
    ) {
        self.opening = opening
        self.gate = gate
        self.domain = domain
        self.result = result
        self.reason = reason
    }

    /// Publishes it, and waits until the thalamus has taken or refused it.
    ///
    /// - Returns: what the gate holds afterwards.
    /// - Throws: ``Failure`` where the thalamus refuses it, or none takes it within ten seconds; a `BusError` where it cannot be published.
    package func publish(on bus: any Bus, _ environment: Environment) async throws -> AcceptedOutcome {
        let (answers, send) = AsyncStream.makeStream(of: BusMessage.self)
        let thalamus = try Token("thalamus")
        var subscriptions: [any Subscription] = []
        for subject in [Subject.acceptedOutcome(environment, gate: gate), .reject(environment, service: thalamus)] {
            subscriptions.append(
                try await bus.subscribe(SubjectPattern(subject), queue: nil) { _, _, arrival in
                    send.yield(arrival.message())
                })
        }
        defer { for subscription in subscriptions { subscription.cancel() } }
        let id = MessageID.v7()
        let message = Envelope(
            id: id, at: .now(), from: Source(entityID: "nimmer", entityType: .service),
            VerificationOutcome(
                originalSignalID: opening, domain: domain, outcome: result ?? .partial,
                actualResult: reason.map { .string($0) }, verificationSource: "nimmer",
                kind: result == nil ? .withdrawal : nil))
        try await bus.publishDurably(
            shared: .feedback(environment, gate: gate), by: try Token("nimmer"), payload: message.encoded(), id: id)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await Task.sleep(for: .seconds(10))
                send.finish()
            }
            defer { group.cancelAll() }
            return try await Self.answer(to: id, among: answers)
        }
    }

    /// Waits for what the thalamus makes of a message.
    private static func answer(
        to id: MessageID, among answers: AsyncStream<BusMessage>
    ) async throws(Failure) -> AcceptedOutcome {
        for await answer in answers {
            if let accepted = try? Envelope<AcceptedOutcome>(decoding: answer.payload, on: answer.subject).body {
                if accepted.verification == id, accepted.effect != .reset { return accepted }
            } else if let reject = try? Envelope<Reject>(decoding: answer.payload, on: answer.subject).body,
                reject.excerpt.contains(id.text)
            {
                throw Failure(.failed, "the thalamus has refused it: \(reject.reason)")
            }
        }
        throw Failure(
            .unavailable, "it is stored, but no thalamus has taken it within 10 seconds",
            remedy: "`nimmer status` shows whether the thalamus runs; it takes stored outcomes when it starts")
    }
}
