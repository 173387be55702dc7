import Logging
import NimmerBus
import NimmerCell
import NimmerThalamus
import NimmerWave
import Synchronization

/// Puts what the thalamus concludes into messages: durably what must not be lost, at most once what comes again anyway.
final class Announcer: Sendable {
    private let process: ServiceProcess
    private let outbox: Outbox
    private let limiter: RejectLimiter
    private let env: Environment

    init(_ process: ServiceProcess, _ outbox: Outbox) {
        self.process = process
        self.outbox = outbox
        env = process.environment
        limiter = RejectLimiter(process)
    }

    /// Messages refused since the start.
    var rejected: Int { limiter.count }

    func say(_ action: ThalamusAction) {
        switch action {
        case .transition(let transition, let id):
            let message = Envelope(id: id, at: transition.at, from: process.source, transition)
            outbox.send(.transition(env, gate: transition.gateID), payload: message.encoded(), id: id)
        case .collapse(let collapse):
            let message = Envelope(
                id: collapse.collapseID, at: collapse.windowEnd, from: process.source, collapse)
            outbox.send(.collapse(env), payload: message.encoded(), id: collapse.collapseID)
        case .escalate(let request, let at):
            let message = Envelope(id: request.requestID, at: at, from: process.source, request)
            outbox.send(.cognitiveRequest(env), payload: message.encoded(), id: request.requestID)
        }
    }

    func say(_ attention: Attention, at: Timestamp) {
        let message = Envelope(id: .v7(), at: at, from: process.source, attention)
        try? process.bus.publish(.attention(env), payload: message.encoded())
    }

    func reject(_ refusal: Refusal, _ arrival: Arrival) { reject(refusal, arrival.message()) }

    func reject(_ refusal: Refusal, _ message: BusMessage) { limiter.reject(refusal, message) }
}
