import Logging
import NimmerBus
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

/// Puts the conclusions of a thalamus into messages: each transition durably, and of an opening that is stored, what follows from it
/// to observers, who need not derive it.
final class ConclusionPublisher: Sendable {
    private let process: ServiceProcess
    private let outbox: Outbox
    let limiter: RejectLimiter
    private let env: Environment
    private let stream: String
    private let concluded: @Sendable (GateTransition, MessageID) -> Void
    private let opened: @Sendable (GateTransition, MessageID) -> Void

    /// - Parameters:
    ///   - concluded: called once for each opening, before it is stored; under the lock of the gates.
    ///   - opened: called once for each opening that is stored.
    init(
        _ process: ServiceProcess, _ outbox: Outbox,
        concluded: @escaping @Sendable (GateTransition, MessageID) -> Void,
        opened: @escaping @Sendable (GateTransition, MessageID) -> Void
    ) {
        self.concluded = concluded
        self.opened = opened
        self.process = process
        self.outbox = outbox
        env = process.environment
        stream = SystemStreams.transitions(env)
        limiter = RejectLimiter(process)
    }

    /// Messages refused since the start.
    var rejected: Int { limiter.count }

    /// Puts a conclusion into the outbox, which fixes its place among those of its gate; called under the lock of the gates.
    func put(_ conclusion: Conclusion) {
        let transition = conclusion.transition
        let message = Envelope(id: conclusion.id, at: transition.at, from: process.source, transition)
        let kept = OutboxMessage(
            subject: .transition(env, gate: transition.gateID), id: conclusion.id, payload: message.encoded(),
            fence: stream)
        guard transition.collapse != nil else { return outbox.put(kept) }
        concluded(transition, conclusion.id)
        outbox.put(kept) { [self] _ in
            opened(transition, conclusion.id)
            process.bus.afterTurn { [self] in publishForObservers(message) }
        }
    }

    /// Puts an outcome that counts into the outbox; called under the lock of the gates.
    ///
    /// - Parameter sequence: its place in the stream of decisions.
    func put(_ accepted: AcceptedOutcome, sequence: UInt64) {
        let id = MessageID.accepted(accepted.opening, sequence: sequence)
        let message = Envelope(id: id, at: accepted.at, from: process.source, accepted)
        outbox.put(
            OutboxMessage(
                subject: .acceptedOutcome(env, gate: accepted.gateID), id: id, payload: message.encoded(),
                fence: SystemStreams.outcomes(env)))
    }

    /// Publishes for observers the collapse of a stored opening and its request.
    private func publishForObservers(_ opening: Envelope<GateTransition>) {
        if let collapse = opening.collapsed {
            try? process.bus.publish(.collapse(env), payload: collapse.encoded())
        }
        if let request = opening.escalated {
            try? process.bus.publish(.cognitiveRequest(env), payload: request.encoded())
        }
    }

    func publish(_ attention: Attention, at: Timestamp) {
        let message = Envelope(id: .v7(), at: at, from: process.source, attention)
        try? process.bus.publish(.attention(env), payload: message.encoded())
    }

    func reject(_ refusal: Refusal, _ arrival: Arrival) { limiter.reject(refusal, arrival.message()) }

    func reject(_ refusal: Refusal, _ message: BusMessage) { limiter.reject(refusal, message) }
}
