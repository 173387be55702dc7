import Logging
import NimmerBus
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

/// The newest accepted outcome of each gate, which carries what that gate holds: every thalamus starts from these (trust.md, Replay and
/// restart).
struct AcceptedOutcomes: Sendable {
    /// The newest of each gate, those included that wait in the outbox.
    private(set) var last: [GateID: AcceptedOutcome] = [:]
    /// Place and id of the newest message that the stream holds of each gate.
    private(set) var stored: [GateID: StoredIdentity] = [:]

    /// Reads the newest message of each gate.
    ///
    /// - Parameters:
    ///   - isOurs: whether this thalamus has a gate.
    ///   - refuse: called for each that cannot be read; the newest that can counts instead.
    static func read(
        _ bus: any Bus, _ env: Environment, where isOurs: (GateID) -> Bool, refuse: (Refusal, BusMessage) -> Void
    ) async throws(BusError) -> AcceptedOutcomes {
        var found = AcceptedOutcomes()
        for stored in try await bus.lastPerSubject(stream: SystemStreams.outcomes(env), filter: .acceptedOutcomes(env))
        {
            guard let gate = GateID(accepted: stored.message.subject), isOurs(gate) else { continue }
            try await found.take(stored, of: gate, bus, env, refuse: refuse)
        }
        return found
    }

    /// Reads the newest message of one gate.
    ///
    /// - Parameter refuse: called where it cannot be read; the newest that can counts instead.
    static func read(
        _ bus: any Bus, _ env: Environment, of gate: GateID, refuse: (Refusal, BusMessage) -> Void
    ) async throws(BusError) -> AcceptedOutcomes {
        var found = AcceptedOutcomes()
        let subject = Subject.acceptedOutcome(env, gate: gate)
        if let stored = try await bus.lastMessage(stream: SystemStreams.outcomes(env), subject: subject) {
            try await found.take(stored, of: gate, bus, env, refuse: refuse)
        }
        return found
    }

    private mutating func take(
        _ newest: StoredMessage, of gate: GateID, _ bus: any Bus, _ env: Environment,
        refuse: (Refusal, BusMessage) -> Void
    ) async throws(BusError) {
        stored[gate] = StoredIdentity(newest)
        do throws(Refusal) { last[gate] = try Self.decode(newest.message).body } catch {
            refuse(error, newest.message)
            var readable: AcceptedOutcome?
            try await bus.read(
                stream: SystemStreams.outcomes(env), filter: SubjectPattern(newest.message.subject)
            ) { batch in
                readable =
                    batch.last { (try? Self.decode($0.message)) != nil }.flatMap { try? Self.decode($0.message) }?
                    .body ?? readable
                return true
            }
            last[gate] = readable
        }
    }

    private static func decode(_ message: BusMessage) throws(Refusal) -> Envelope<AcceptedOutcome> {
        try Envelope(decoding: message.payload, on: message.subject)
    }

    /// Takes one that waits in the outbox, behind all that is stored.
    mutating func take(_ waiting: AcceptedOutcome) { last[waiting.gateID] = waiting }
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
                    weight: weight, verification: outcome.id), in: thalamus, sequence: outcome.sequence)
            return .counted
        }
        outbox.push()
        return acceptance
    }

    /// The share of an outcome that one counts as: of a mind's opinion what the system file states, and nothing where trust is declared; nil
    /// of any other outcome, which counts as one.
    func weight(of outcome: Outcomes.Stored) -> Double? {
        guard outcome.claim == .opinion else { return nil }
        return earnsTrust(outcome.opening.gate) ? configuration.opinionWeight : 0
    }

    /// Publishes that something was accepted, with the openings that await an outcome after it; called under the lock of the gates.
    func publish(_ accepted: AcceptedOutcome, in thalamus: borrowing Thalamus, sequence: UInt64) {
        acceptances.add(1, ordering: .sequentiallyConsistent)
        if accepted.decides { ruled.decided(accepted.opening) }
        var accepted = accepted
        let awaited = thalamus.awaited(in: accepted.region)
        (accepted.undecided, accepted.newest) = (awaited.undecided, awaited.newest)
        accepted.verification = outcomes.accepted(accepted)
        announcer.put(accepted, sequence: sequence)
    }

    /// Accepted outcomes of a gate, in their order, with those that wait in the outbox.
    func accepted(of gate: GateID) async throws(BusError) -> [AcceptedOutcome] {
        let subject = Subject.acceptedOutcome(process.environment, gate: gate)
        // First what waits: it may be stored meanwhile.
        let waiting = acceptedWaiting { $0 == gate }
        var found: [Envelope<AcceptedOutcome>] = []
        try await bus.read(stream: SystemStreams.outcomes(process.environment), filter: SubjectPattern(subject)) {
            batch in
            found += batch.compactMap { try? Envelope(decoding: $0.message.payload, on: $0.message.subject) }
            return true
        }
        let known = Set(found.map(\.header.messageID))
        return (found + waiting.filter { !known.contains($0.header.messageID) }).map(\.body)
    }

    /// Takes up again what the streams hold of a gate's trust, after another thalamus has stored what this one had not.
    ///
    /// - Parameter isSuperseded: whether the other has accepted outcomes: what this one had accepted since is judged again, on top of theirs.
    ///   Otherwise only the openings are compared: those that were given up await nothing.
    func restoreTrust(of gate: GateID, isSuperseded: Bool, _ shards: Shards?) async {
        var isReported = false
        while !Task.isCancelled {
            do throws(BusError) {
                let isDone = try await outcomes.turns.alone(in: shards?.part(of: gate) ?? 0) {
                    () async throws(BusError) in
                    try await takeUpTrust(of: gate, isSuperseded: isSuperseded, shards)
                }
                if isDone { return }
            } catch {
                guard error.code != .cancelled, error.code != .closed else { return }
                if !isReported {
                    process.logger.warning("Cannot read accepted outcomes", metadata: ["reason": "\(error)"])
                }
                isReported = true
                do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
            }
        }
    }

    /// - Returns: false where the gate has changed meanwhile.
    private func takeUpTrust(
        of gate: GateID, isSuperseded: Bool, _ shards: Shards?
    ) async throws(BusError) -> Bool {
        let env = process.environment
        let before = thalamus.withLock { Moment($0, gate, acceptances) }
        // First what waits: it may be stored meanwhile.
        let waiting = acceptedWaiting { $0 == gate }
        var accepted = try await AcceptedOutcomes.read(bus, env, of: gate, refuse: announcer.reject)
        for outcome in waiting { accepted.take(outcome.body) }
        let found = accepted
        let awaited =
            try await openings(found, filter: SubjectPattern(.transition(env, gate: gate))) { $0 == gate }
            .awaited.first?.openings ?? AwaitedOpenings(after: nil)
        var claims: [Outcomes.Stored] = []
        if isSuperseded { claims = try await outcomes.stored(of: gate) }
        let judged = try await judged(found, claims)[gate] ?? Outcomes.Judged()
        let isDone = thalamus.withLock { thalamus -> Bool in
            guard Moment(thalamus, gate, acceptances) == before else { return false }
            // It was lost meanwhile.
            guard shards?.judges(gate) ?? true else { return true }
            let region = found.last[gate]?.region ?? thalamus.region(of: gate)
            if let region { thalamus.restore(awaited, region: region) }
            guard isSuperseded else { return true }
            if let region { thalamus.restore(found.last[gate]?.origins ?? [], region: region) }
            // Where anything waits the outbox knows already what it follows from.
            if waiting.isEmpty {
                let stored = found.stored[gate]
                outbox.know(.acceptedOutcome(env, gate: gate), last: stored?.sequence ?? 0, id: stored?.id)
            }
            acceptances.add(1, ordering: .sequentiallyConsistent)
            outcomes.forget { $0 == gate }
            outcomes.resume([gate: judged])
            return true
        }
        // A weight that is declared has learned from what was given up already.
        guard isDone, isSuperseded, earnsTrust(gate), shards?.judges(gate) ?? true else { return isDone }
        for outcome in claims where outcome.sequence > judged.sequence { try await outcomes.take(outcome, self) }
        return true
    }

    /// Places in the stream of decisions up to which a gate's outcomes are judged, accepted or refused: they are judged in the order of that
    /// stream. Of a gate of whose accepted ones it holds none, all that it holds came later.
    ///
    /// - Parameter claims: what the stream of decisions holds.
    func judged(
        _ accepted: AcceptedOutcomes, _ claims: [Outcomes.Stored]
    ) async throws(BusError) -> [GateID: Outcomes.Judged] {
        var judged = accepted.last.mapValues { Outcomes.Judged(sequence: 0, last: $0.verification) }
        var places: [GateID: [MessageID: UInt64]] = [:]
        for claim in claims where judged[claim.opening.gate] != nil {
            places[claim.opening.gate, default: [:]][claim.id] = claim.sequence
        }
        for (gate, places) in places {
            var place = accepted.last[gate]?.verification.flatMap { places[$0] }
            // A backup of a living system holds outcomes that were accepted after it had copied the decisions.
            if place == nil {
                let earlier = try await self.accepted(of: gate).compactMap(\.verification)
                place = earlier.last { places[$0] != nil }.flatMap { places[$0] }
            }
            judged[gate]?.sequence = place ?? 0
        }
        return judged
    }

    /// The accepted outcomes that wait in the outbox, in their order.
    func acceptedWaiting(where isMeant: (GateID) -> Bool) -> [Envelope<AcceptedOutcome>] {
        var found: [Envelope<AcceptedOutcome>] = []
        outbox.forEachWaiting { message in
            guard let gate = GateID(accepted: message.subject), isMeant(gate),
                let one = try? Envelope<AcceptedOutcome>(decoding: message.payload, on: message.subject)
            else { return }
            found.append(one)
        }
        return found
    }

    /// Returns whether a gate earns its trust, also one that is forgotten for silence.
    func earnsTrust(_ gate: GateID) -> Bool {
        thalamus.withLock { $0.region(of: gate) }.map { configuration.earnsTrust($0) } ?? false
    }
}

/// Marks of a gate's trust that differ once anything has changed.
private struct Moment: Equatable {
    let acceptances: Int
    let newest: MessageID?

    init(_ thalamus: Thalamus, _ gate: GateID, _ acceptances: borrowing Atomic<Int>) {
        self.acceptances = acceptances.load(ordering: .sequentiallyConsistent)
        newest = thalamus.region(of: gate).flatMap { thalamus.awaited(in: $0).newest }
    }
}
