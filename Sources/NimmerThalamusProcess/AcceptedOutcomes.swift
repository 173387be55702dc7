import NimmerBus
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

/// Contents of the stream of accepted outcomes: the fold that every thalamus starts from (trust.md, Replay, restart).
struct AcceptedOutcomes: Sendable {
    /// Records of each region's origins after its last accepted outcome.
    private(set) var records: [Region: [OriginRecord]] = [:]
    /// The openings that are decided.
    private(set) var decided: Set<OutcomeTracker.Opening> = []
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
        decided.insert(OutcomeTracker.Opening(gate: outcome.gateID, id: outcome.opening))
        if let origins = outcome.origins { records[outcome.region] = origins }
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
        let acceptance = thalamus.withLock { thalamus -> Acceptance in
            guard thalamus.knows(gate) else { return .noGate }
            guard let learned = thalamus.learn(outcome.result, opening: id, gate: gate) else { return .notUndecided }
            guard let opener = learned.opener ?? opening?.openedBy else { return .counted }
            let named = learned.witnesses.isEmpty ? opening?.assertingOrigins ?? [] : learned.witnesses
            announcer.put(
                AcceptedOutcome(
                    gateID: gate, region: learned.region, opening: id, opener: opener, witnesses: named,
                    sender: outcome.sender, result: outcome.result, at: .now(), origins: learned.origins),
                sequence: outcome.sequence)
            return .counted
        }
        outbox.push()
        return acceptance
    }

    /// Takes up again what outcomes have shown of a gate's origins, after another thalamus has accepted some.
    func restoreTrust(of gate: GateID) async throws(BusError) {
        let subject = SubjectPattern(Subject.acceptedOutcome(process.environment, gate: gate))
        let accepted = try await AcceptedOutcomes.read(bus, process.environment, filter: subject) { $0 == gate }
        thalamus.withLock { thalamus in
            for (region, records) in accepted.records { thalamus.restore(records, region: region) }
            for (gate, identity) in accepted.last {
                outbox.know(
                    .acceptedOutcome(process.environment, gate: gate), last: identity.sequence, id: identity.id)
            }
        }
    }
}
