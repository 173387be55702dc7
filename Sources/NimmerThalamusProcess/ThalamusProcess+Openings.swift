import NimmerBus
import NimmerProcess
import NimmerThalamus
import NimmerWave

// Openings as the streams and the outbox hold them (trust.md, Replay and restart).

extension ThalamusProcess {
    /// A region with its openings that await an outcome.
    typealias Awaiting = (region: Region, openings: AwaitedOpenings)

    /// The openings that await an outcome, in the stream or in the outbox: those that the newest accepted outcome of their gate names, and those
    /// behind it.
    ///
    /// - Parameters:
    ///   - opined: openings that are returned besides.
    ///   - filter: the transitions that are read; nil: all.
    /// - Returns: the regions in the order of their newest openings, and the openings that were asked for besides.
    func openings(
        _ accepted: AcceptedOutcomes, opined: Set<MessageID> = [], filter: SubjectPattern? = nil,
        where isOurs: (GateID) -> Bool
    ) async throws(BusError) -> (awaited: [Awaiting], opined: [Envelope<GateTransition>]) {
        var found: [Region: AwaitedOpenings] = [:]
        for last in accepted.last.values { found[last.region] = AwaitedOpenings(after: last) }
        var besides: [Envelope<GateTransition>] = []
        var order: [Region: Timestamp] = [:]
        func read(_ message: BusMessage) -> Envelope<GateTransition>? {
            guard let gate = GateID(transition: message.subject), gate.owner == nil, isOurs(gate),
                let opening = try? Envelope<GateTransition>(decoding: message.payload, on: message.subject),
                opening.body.isOpening
            else { return nil }
            return opening
        }
        func take(_ opening: Envelope<GateTransition>) {
            found[opening.body.region, default: AwaitedOpenings(after: nil)].take(opening)
            order[opening.body.region] = opening.body.at
            if opined.contains(opening.header.messageID) { besides.append(opening) }
        }
        // First what waits: it may be stored meanwhile.
        var waiting: [Envelope<GateTransition>] = []
        outbox.forEachWaiting { message in
            if let opening = read(BusMessage(subject: message.subject, payload: message.payload)) {
                waiting.append(opening)
            }
        }
        let env = process.environment
        try await bus.read(stream: SystemStreams.transitions(env), filter: filter ?? .transitions(env)) { batch in
            for stored in batch { if let opening = read(stored.message) { take(opening) } }
            return true
        }
        for opening in waiting { take(opening) }
        let regions = found.keys.sorted {
            (order[$0] ?? .earliest, $0.text) < (order[$1] ?? .earliest, $1.text)
        }
        return (regions.compactMap { region in found[region].map { (region, $0) } }, besides)
    }

    /// The openings for which a mind's opinion counts, as far as the stream of accepted outcomes holds it: any other outcome takes its place.
    func opined(where isOurs: (GateID) -> Bool) async throws(BusError) -> Set<MessageID> {
        guard configuration.opinionWeight > 0 else { return [] }
        let env = process.environment
        var found: Set<MessageID> = []
        func take(_ accepted: AcceptedOutcome) {
            if accepted.isOpinion { found.insert(accepted.opening) } else { found.remove(accepted.opening) }
        }
        try await bus.read(stream: SystemStreams.outcomes(env), filter: .acceptedOutcomes(env)) { batch in
            for stored in batch {
                guard let gate = GateID(accepted: stored.message.subject), isOurs(gate),
                    let accepted = try? Envelope<AcceptedOutcome>(
                        decoding: stored.message.payload, on: stored.message.subject)
                else { continue }
                take(accepted.body)
            }
            return true
        }
        for accepted in acceptedWaiting(where: isOurs) { take(accepted.body) }
        return found
    }
}
