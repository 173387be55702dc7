import Logging
import NimmerBus
import NimmerProcess
import NimmerWave
import Synchronization

/// The openings behind requests, for the opinions of minds about them: bounded; the oldest goes.
struct OpenedRequests {
    /// An opening, as an outcome names it.
    struct Opening {
        let id: MessageID
        let gate: GateID
        let domain: Token
    }

    private static let capacity = 4_096
    private var openings: [MessageID: Opening] = [:]
    private var order: [MessageID] = []

    /// Notes the opening that a request follows from.
    mutating func note(_ request: MessageID, _ opening: Opening) {
        if openings.updateValue(opening, forKey: request) == nil { order.append(request) }
        guard order.count > Self.capacity else { return }
        openings[order.removeFirst()] = nil
    }

    /// The opening that a request follows from.
    func opening(of request: MessageID) -> Opening? { openings[request] }
}

extension BridgeProcess {
    /// Notes the opening that carries the terms of a request; a request that came by itself has none.
    func note(_ request: CognitiveRequest, _ message: BusMessage) {
        guard message.subject.transitionGate != nil,
            let opening = try? Envelope<GateTransition>(decoding: message.payload, on: message.subject)
        else { return }
        let known = OpenedRequests.Opening(
            id: opening.header.messageID, gate: opening.body.gateID, domain: opening.body.domain)
        opened.withLock { $0.note(request.requestID, known) }
    }

    /// Publishes that a mind holds an opening for a false alarm: it counts as much as the system file states (trust.md, Who verifies). Its id
    /// follows from the request, so that it is stored once.
    func publishOpinion(_ response: CognitiveResponse) async throws(BusError) {
        guard let record = response.record, record.isFalseAlarm,
            let opening = opened.withLock({ $0.opening(of: response.requestID) })
        else { return }
        let mind = record.asked.last?.mind ?? response.mind?.model ?? "unknown"
        let id = names.id("opined", response.requestID)
        let message = Envelope(
            id: id, at: .now(), from: process.source,
            VerificationOutcome(
                originalSignalID: opening.id, domain: opening.domain, outcome: .failed,
                actualResult: record.reason.map { .string($0) },
                verificationSource: VerificationOutcome.mind + String(mind.unicodeScalars.prefix(24))))
        try await stores.storing { _ throws(BusError) in
            try await bus.publishDurably(
                shared: .feedback(env, gate: opening.gate), by: process.name, payload: message.encoded(), id: id,
                timeout: .seconds(20))
        }
    }
}
