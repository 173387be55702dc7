import NimmerBus
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

/// Contents of the stream of accepted outcomes: the fold that every thalamus starts from (trust.md, Replay and restart).
struct AcceptedOutcomes: Sendable {
    /// Records of each region's origins after its last accepted outcome.
    private(set) var records: [Region: [OriginRecord]] = [:]
    /// The openings that are decided.
    private(set) var decided: Set<OutcomeTracker.Opening> = []
    /// Of these, the openings for which a mind's opinion counts: any other outcome takes its place.
    private(set) var opined: Set<OutcomeTracker.Opening> = []
    /// The openings of which anything was accepted without the message that gave it: by an older thalamus.
    private(set) var closed: Set<OutcomeTracker.Opening> = []
    /// The messages that had an effect.
    private(set) var verifications: Set<MessageID> = []
    /// Place and id of the last message of each gate.
    private(set) var last: [GateID: StoredIdentity] = [:]

    /// Reads the stream from its beginning.
    ///
    /// - Parameter isOurs: whether this thalamus has a gate.
    static func read(
        _ bus: any Bus, _ env: Environment, filter: SubjectPattern? = nil, where isOurs: (GateID) -> Bool
    ) async throws(BusError) -> AcceptedOutcomes {
        var found = AcceptedOutcomes()
        try await bus.read(stream: SystemStreams.outcomes(env), filter: filter ?? .acceptedOutcomes(env)) { batch in
            for stored in batch {
                guard
                    let message = try? Envelope<AcceptedOutcome>(
                        decoding: stored.message.payload, on: stored.message.subject), isOurs(message.body.gateID)
                else { continue }
                found.take(message.body, StoredIdentity(stored))
            }
            return true
        }
        return found
    }

    private mutating func take(_ outcome: AcceptedOutcome, _ identity: StoredIdentity) {
        take(outcome)
        last[outcome.gateID] = identity
    }

    /// Takes one that waits in the outbox, behind all that is stored.
    mutating func take(_ outcome: AcceptedOutcome) {
        let opening = OutcomeTracker.Opening(gate: outcome.gateID, id: outcome.opening)
        switch outcome.effect {
        case .outcome, .replacement: decided.insert(opening)
        case .withdrawal: decided.remove(opening)
        case .reset: break
        }
        if outcome.isOpinion { opined.insert(opening) } else { opined.remove(opening) }
        if let origins = outcome.origins { records[outcome.region] = origins }
        if let verification = outcome.verification {
            verifications.insert(verification)
        } else {
            closed.insert(opening)
        }
    }

    /// Of the outcomes that the stream of decisions holds, in its order, those that are still to be judged: behind the last of their opening
    /// that had an effect.
    func unjudged(_ outcomes: [Outcomes.Stored]) -> [Outcomes.Stored] {
        var last: [OutcomeTracker.Opening: UInt64] = [:]
        for outcome in outcomes where verifications.contains(outcome.id) { last[outcome.opening] = outcome.sequence }
        return outcomes.filter { outcome in
            if let last = last[outcome.opening] { return outcome.sequence > last }
            return !closed.contains(outcome.opening) && !decided.contains(outcome.opening)
        }
    }
}

extension ThalamusProcess {
    /// Result of handing a gate an outcome.
    enum Acceptance: Sendable {
        /// It counts, and is published as accepted.
        case counted
        /// This thalamus has no such gate.
        case noGate
        /// Its opening is not among those of the gate that are undecided.
        case notUndecided
    }

    /// Lets a gate learn from an outcome, and publishes that it counts; both have one order, under the lock of the gates.
    ///
    /// - Parameter opening: the opening as it is stored, where it is known: for gates whose trust is declared.
    func accept(_ outcome: Outcomes.Stored, _ opening: GateTransition? = nil) -> Acceptance {
        let (gate, id) = (outcome.opening.gate, outcome.opening.id)
        let weight = weight(of: outcome)
        let acceptance = thalamus.withLock { thalamus -> Acceptance in
            guard thalamus.knows(gate) else { return .noGate }
            guard let learned = thalamus.learn(outcome.result, weight: weight ?? 1, opening: id, gate: gate) else {
                return .notUndecided
            }
            guard let opener = learned.opener ?? opening?.openedBy else { return .counted }
            let named = learned.witnesses.isEmpty ? opening?.assertingOrigins ?? [] : learned.witnesses
            publish(
                AcceptedOutcome(
                    gateID: gate, region: learned.region, opening: id, opener: opener, witnesses: named,
                    sender: outcome.sender, result: outcome.result, at: .now(), origins: learned.origins,
                    weight: weight, verification: outcome.id), sequence: outcome.sequence)
            return .counted
        }
        outbox.push()
        return acceptance
    }

    /// The share of an outcome that one counts as: of a mind's opinion what the system file states, and nothing where trust is declared; nil
    /// of any other outcome, which counts as one.
    func weight(of outcome: Outcomes.Stored) -> Double? {
        guard outcome.claim == .opinion else { return nil }
        let isEarned = thalamus.withLock { $0.earnsTrust(outcome.opening.gate) }
        return isEarned ? configuration.opinionWeight : 0
    }

    /// Publishes that something was accepted; called under the lock of the gates.
    func publish(_ accepted: AcceptedOutcome, sequence: UInt64) {
        acceptances.add(1, ordering: .sequentiallyConsistent)
        if accepted.decides { ruled.decided(accepted.opening) }
        announcer.put(accepted, sequence: sequence)
    }

    /// Accepted outcomes of a gate, in their order, with those that wait in the outbox.
    func accepted(of gate: GateID) async throws(BusError) -> [AcceptedOutcome] {
        let subject = Subject.acceptedOutcome(process.environment, gate: gate)
        var waiting: [Envelope<AcceptedOutcome>] = []
        // First what waits: it may be stored meanwhile.
        outbox.forEachWaiting { message in
            guard message.subject == subject else { return }
            if let one = try? Envelope<AcceptedOutcome>(decoding: message.payload, on: subject) { waiting.append(one) }
        }
        var found: [Envelope<AcceptedOutcome>] = []
        try await bus.read(stream: SystemStreams.outcomes(process.environment), filter: SubjectPattern(subject)) {
            batch in
            found += batch.compactMap { try? Envelope(decoding: $0.message.payload, on: $0.message.subject) }
            return true
        }
        let known = Set(found.map(\.header.messageID))
        return (found + waiting.filter { !known.contains($0.header.messageID) }).map(\.body)
    }

    /// Takes up again what outcomes have shown of a gate's origins, after another thalamus has accepted some.
    func restoreTrust(of gate: GateID) async throws(BusError) {
        let subject = SubjectPattern(Subject.acceptedOutcome(process.environment, gate: gate))
        let accepted = try await AcceptedOutcomes.read(bus, process.environment, filter: subject) { $0 == gate }
        outcomes.forget { $0 == gate }
        thalamus.withLock { thalamus in
            for (region, records) in accepted.records { thalamus.restore(records, region: region) }
            for (gate, identity) in accepted.last {
                outbox.know(
                    .acceptedOutcome(process.environment, gate: gate), last: identity.sequence, id: identity.id)
            }
        }
    }
}
