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

    /// The opening that a person means: by an id or its first characters, by its region or gate (the newest that awaits an outcome), or as
    /// the `last` of all.
    ///
    /// - Throws: ``Failure`` where none is meant, or several are.
    func one(_ text: String) throws(Failure) -> Opening {
        func isNamed(_ opening: Opening) -> Bool {
            opening.transition.region.text == text || opening.transition.gateID.text == text
        }
        let names = openings.contains(where: isNamed)
        if names || text == "last" {
            guard let newest = awaited.first(where: { !names || isNamed($0) }) else {
                throw Failure(
                    .failed, names ? "no opening of \(text) awaits an outcome" : "no opening awaits an outcome")
            }
            return newest
        }
        guard let prefix = IDPrefix(text) else {
            throw Failure(
                .usage, "\(text) is no opening; expected \(IDPrefix.expectation), a region that has opened, or last",
                remedy: Self.remedy)
        }
        let meant = openings.filter { prefix.begins($0.id) }
        guard meant.count < 2 else {
            throw Failure(.usage, "several openings have ids that begin with \(prefix)", remedy: "use a longer prefix")
        }
        guard let one = meant.first else {
            throw Failure(.failed, "no opening of a gate has the id \(prefix)", remedy: Self.remedy)
        }
        return one
    }

    private static let remedy: TerminalText = "`nimmer verify --pending` lists the openings whose outcomes are awaited"
}
