import NimmerBus
import NimmerOutput
import NimmerWave

/// The openings that the streams hold, and what outcomes have shown (trust.md, Replay and restart).
package struct StoredOpenings: Sendable {
    /// An opening, and its outcome where that counts already.
    package struct Opening: Sendable {
        package let id: MessageID
        package let transition: GateTransition
        package let outcome: AcceptedOutcome?
        /// Time of its release; nil while its gate is open.
        package var releasedAt: Timestamp?

        /// The origins for which an outcome counts: those that asserted.
        package var witnesses: [String] { transition.triggerSignals.filter { $0.polarity > 0 }.map(\.origin.text) }

        /// A line of `nimmer verify --pending --json`.
        package var json: JSON {
            [
                "id": .string(id.text), "at": .string(transition.at.rfc3339), "region": .string(transition.region.text),
                "witnesses": .array(witnesses.map { .string($0) }),
            ]
        }
    }

    /// Openings, oldest first.
    package let openings: [Opening]
    /// Those that await an outcome.
    private let undecided: Set<MessageID>

    /// Reads both streams.
    package static func read(_ bus: any Bus, _ environment: Environment) async throws(BusError) -> StoredOpenings {
        var outcomes: [MessageID: AcceptedOutcome] = [:]
        var gates: [GateID: AwaitedOpenings] = [:]
        for outcome in try await accepted(bus, environment) {
            gates[outcome.gateID] = AwaitedOpenings(after: outcome)
            switch outcome.effect {
            case .outcome, .replacement: outcomes[outcome.opening] = outcome
            case .withdrawal: outcomes[outcome.opening] = nil
            case .reset: break
            }
        }
        var openings: [Opening] = []
        var open: [GateID: Int] = [:]
        try await bus.read(
            stream: SystemStreams.transitions(environment), filter: .transitions(environment)
        ) { batch in
            for stored in batch {
                guard
                    let message = try? Envelope<GateTransition>(
                        decoding: stored.message.payload, on: stored.message.subject), message.body.gateID.owner == nil
                else { continue }
                let gate = message.body.gateID
                if message.body.fromState == .open, let place = open.removeValue(forKey: gate) {
                    openings[place].releasedAt = message.body.at
                }
                guard message.body.isOpening else { continue }
                open[gate] = openings.count
                gates[message.body.gateID, default: AwaitedOpenings(after: nil)].take(message)
                let id = message.header.messageID
                openings.append(Opening(id: id, transition: message.body, outcome: outcomes[id]))
            }
            return true
        }
        let undecided = Set(gates.values.flatMap(\.openings).map(\.header.messageID))
        return StoredOpenings(openings: openings, undecided: undecided)
    }

    /// Outcomes, withdrawals and resets that thalami accepted, in their order.
    package static func accepted(_ bus: any Bus, _ environment: Environment) async throws(BusError) -> [AcceptedOutcome]
    {
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
    package var awaited: [Opening] { openings.reversed().filter { $0.outcome == nil && undecided.contains($0.id) } }

    /// The opening that a person means: by an id or its first characters, by its region or gate (the newest that awaits an outcome), or as
    /// the `last` of all.
    ///
    /// - Parameter isJudged: whether one is meant whose outcome counts, instead of one that awaits its.
    /// - Throws: ``Failure`` where none is meant, or several are.
    package func one(_ text: String, isJudged: Bool = false) throws(Failure) -> Opening {
        func isNamed(_ opening: Opening) -> Bool {
            opening.transition.region.text == text || opening.transition.gateID.text == text
        }
        let names = openings.contains(where: isNamed)
        if names || text == "last" {
            let candidates = isJudged ? openings.reversed().filter { $0.outcome != nil } : awaited
            guard let newest = candidates.first(where: { !names || isNamed($0) }) else {
                let lack: TerminalText = isJudged ? "has an outcome" : "awaits an outcome"
                throw Failure(.failed, names ? "no opening of \(text) \(lack)" : "no opening \(lack)")
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
