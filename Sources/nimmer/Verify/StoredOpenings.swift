import NimmerBus
import NimmerOutput
import NimmerWave

/// The openings that the streams hold, and what outcomes have shown (trust.md, Replay, restart).
struct StoredOpenings {
    /// An opening, and its outcome where that counts already.
    struct Opening {
        let id: MessageID
        let transition: GateTransition
        let outcome: AcceptedOutcome?
    }

    /// Openings, oldest first.
    let openings: [Opening]

    /// Reads both streams.
    static func read(_ bus: any Bus, _ environment: Environment) async throws(BusError) -> StoredOpenings {
        var outcomes: [MessageID: AcceptedOutcome] = [:]
        for outcome in try await accepted(bus, environment) { outcomes[outcome.opening] = outcome }
        var openings: [Opening] = []
        try await bus.read(
            stream: SystemStreams.transitions(environment), filter: .transitions(environment)
        ) { batch in
            for stored in batch {
                guard
                    let message = try? Envelope<GateTransition>(
                        decoding: stored.message.payload, on: stored.message.subject), message.body.isOpening,
                    message.body.gateID.owner == nil
                else { continue }
                let id = message.header.messageID
                openings.append(Opening(id: id, transition: message.body, outcome: outcomes[id]))
            }
            return true
        }
        return StoredOpenings(openings: openings)
    }

    /// Every outcome that counts, in the order in which it was accepted.
    static func accepted(_ bus: any Bus, _ environment: Environment) async throws(BusError) -> [AcceptedOutcome] {
        var found: [AcceptedOutcome] = []
        try await bus.read(
            stream: SystemStreams.outcomes(environment), filter: .acceptedOutcomes(environment)
        ) { batch in
            found += batch.compactMap { stored in
                try? Envelope<AcceptedOutcome>(decoding: stored.message.payload, on: stored.message.subject).body
            }
            return true
        }
        return found
    }

    /// The last openings of each gate whose outcomes are awaited, newest first.
    var awaited: [Opening] {
        var counts: [GateID: Int] = [:]
        return openings.reversed().filter { opening in
            guard opening.outcome == nil else { return false }
            counts[opening.transition.gateID, default: 0] += 1
            return counts[opening.transition.gateID, default: 0] <= 64
        }
    }

    /// The newest opening whose outcome is awaited.
    func newestAwaited() throws(Failure) -> Opening {
        guard let newest = awaited.first else { throw Failure(.failed, "no opening awaits an outcome") }
        return newest
    }

    /// The opening that a person means.
    ///
    /// - Throws: ``Failure`` where none or several begin so.
    func one(_ prefix: IDPrefix) throws(Failure) -> Opening {
        let meant = openings.filter { prefix.begins($0.id) }
        guard meant.count < 2 else {
            throw Failure(.usage, "several openings have ids that begin with \(prefix)", remedy: "use a longer prefix")
        }
        guard let one = meant.first else {
            throw Failure(
                .failed, "no opening of a gate has the id \(prefix)",
                remedy: "`nimmer verify --pending` lists the openings whose outcomes are awaited")
        }
        return one
    }
}
