import Logging
import NimmerBus
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

/// Reads the outcomes of openings, from the stream and in its order: the first valid outcome of each opening that the stream of
/// transitions holds moves its gate's weight, whichever thalamus has the gate, and after a restart as before.
final class Outcomes: Sendable {
    /// An outcome as it stands in the stream.
    struct Stored: Sendable {
        let id: MessageID
        let opening: OutcomeTracker.Opening
        let claim: OutcomeTracker.Claim
        let result: VerificationResult
        /// The verifier: the sender behind the subject, else what the message states.
        let sender: String
        /// The sender behind the subject.
        let name: Token?
        let sequence: UInt64
        let message: BusMessage
    }

    /// Extent to which a gate's outcomes are judged.
    struct Judged: Sendable {
        /// Place in the stream of decisions up to which each was accepted or refused before this thalamus had the gate.
        var sequence: UInt64 = 0
        /// The outcome or withdrawal that was accepted last.
        var last: MessageID?
    }

    /// Outcomes are judged in the order of their stream: not while a gate is being taken up.
    let turns = Turns()
    private let bus: any Bus
    private let env: Environment
    private let stream: String
    private let logger: Logger
    private let tracker = Mutex(OutcomeTracker())
    private let judged = Mutex<[GateID: Judged]>([:])
    /// The sequence behind which outcomes are heard as they come.
    private let start = Mutex<UInt64>(0)

    init(_ process: ServiceProcess) {
        bus = process.bus
        env = process.environment
        stream = SystemStreams.decisions(env)
        logger = process.logger
    }

    /// An opening of this thalamus is stored.
    func opened(_ gate: GateID, _ id: MessageID) {
        tracker.withLock { $0.opened(OutcomeTracker.Opening(gate: gate, id: id)) }
    }

    /// Forgets the openings of gates that another thalamus has.
    func forget(where isGone: (GateID) -> Bool) {
        tracker.withLock { $0.forget(where: isGone) }
        judged.withLock { judged in judged = judged.filter { !isGone($0.key) } }
    }

    /// Continues where an earlier thalamus left gates.
    func resume(_ gates: [GateID: Judged]) { judged.withLock { $0.merge(gates) { $1 } } }

    /// Notes what was accepted last; called under the lock of the gates.
    ///
    /// - Returns: the outcome or withdrawal that was accepted last: of a reset, which is neither, the one before it.
    func accepted(_ accepted: AcceptedOutcome) -> MessageID? {
        judged.withLock { judged in
            if accepted.effect != .reset { judged[accepted.gateID, default: Judged()].last = accepted.verification }
            return judged[accepted.gateID]?.last
        }
    }

    /// Notes where the stream ends: what comes behind is heard by ``learn(_:_:)``.
    func begin() async throws(BusError) {
        let last = try await bus.stream(stream).lastSequence
        start.withLock { $0 = last }
    }

    /// Reads an outcome.
    ///
    /// - Throws: a ``Refusal``, also where its sender is not known although senders have identities.
    func read(_ message: BusMessage, _ sequence: UInt64) throws(Refusal) -> Stored {
        let provenance = try Provenance(of: message.subject)
        let outcome = try Envelope<VerificationOutcome>(decoding: message.payload, on: message.subject)
        guard let gate = provenance.gate else {
            throw .wrong("subject", "must name a gate", found: message.subject.text)
        }
        let sender = try provenance.authority(hasIdentities: bus.identity != nil)
        return Stored(
            id: outcome.header.messageID,
            opening: OutcomeTracker.Opening(gate: gate, id: outcome.body.originalSignalID),
            claim: try outcome.body.claim(by: sender), result: outcome.body.outcome,
            sender: sender?.text ?? outcome.body.verificationSource, name: sender, sequence: sequence, message: message)
    }

    /// Every outcome that the stream holds behind a sequence, as far as it can be read.
    ///
    /// - Parameter refuse: called for each that cannot.
    func stored(
        after sequence: UInt64 = 0, filter: SubjectPattern? = nil, refuse: (Refusal, BusMessage) -> Void = { _, _ in }
    ) async throws(BusError) -> [Stored] {
        var found: [Stored] = []
        try await bus.read(
            stream: stream, filter: filter ?? .outcomes(env), start: sequence == 0 ? .all : .sequence(sequence + 1)
        ) { batch in
            for item in batch {
                do throws(Refusal) { found.append(try read(item.message, item.sequence)) } catch {
                    refuse(error, item.message)
                }
            }
            return true
        }
        return found
    }

    /// Every outcome of a gate that the stream holds, as far as it can be read.
    func stored(of gate: GateID) async throws(BusError) -> [Stored] {
        try await stored(filter: try? SubjectPattern("\(env.rawValue).nervous.outcomes.\(gate).>"))
    }

    /// Judges an outcome; looks into the streams where it names an opening that is not in memory.
    ///
    /// - Parameters:
    ///   - isEarned: whether the gate earns its trust: then it knows itself which openings await an outcome.
    ///   - accepted: the gate's accepted outcomes, those included that no stream holds yet.
    func judge(
        _ outcome: Stored, isEarned: Bool, _ accepted: (GateID) async throws(BusError) -> [AcceptedOutcome]
    ) async throws(BusError) -> OutcomeTracker.Verdict {
        let (opening, sequence, claim) = (outcome.opening, outcome.sequence, outcome.claim)
        let verdict = tracker.withLock { $0.verdict(opening, at: sequence, as: claim) }
        guard verdict == .look else { return verdict }
        let entries = try await accepted(opening.gate)
        let isKnown = entries.contains { $0.opening == opening.id }
        var isOpening = isKnown
        if !isOpening { isOpening = try await stored(opening) != nil }
        var state: (standing: OutcomeTracker.Standing, last: UInt64?) = (.awaited, nil)
        if isOpening { state = try await self.state(of: opening, before: sequence, entries, isEarned: isEarned) }
        let (wasOpened, found) = (isOpening, state)
        return tracker.withLock {
            $0.looked(
                opening, at: sequence, as: claim, isOpening: wasOpened, standing: found.standing, last: found.last)
        }
    }

    /// An opening as the stream of transitions holds it; nil where it does not.
    func stored(_ opening: OutcomeTracker.Opening) async throws(BusError) -> GateTransition? {
        var found: GateTransition?
        let subject = Subject.transition(env, gate: opening.gate)
        try await bus.read(stream: SystemStreams.transitions(env), filter: SubjectPattern(subject)) { batch in
            for stored in batch {
                let message = try? Envelope<GateTransition>(
                    decoding: stored.message.payload, on: stored.message.subject)
                if let message, message.header.messageID == opening.id, message.body.isOpening { found = message.body }
            }
            return found == nil
        }
        return found
    }

    /// State of an opening as the streams show it: by what was accepted, and where nothing was (a stream that holds it no more) and trust is
    /// declared by what was claimed.
    private func state(
        of opening: OutcomeTracker.Opening, before sequence: UInt64, _ accepted: [AcceptedOutcome], isEarned: Bool
    ) async throws(BusError) -> (standing: OutcomeTracker.Standing, last: UInt64?) {
        let entries = accepted.filter { $0.opening == opening.id && $0.effect != .reset }
        guard !isEarned else { return (entries.last?.standing ?? .awaited, nil) }
        let claims = try await stored(of: opening.gate).filter { $0.opening == opening && $0.sequence < sequence }
        guard let last = entries.last else {
            var state: (standing: OutcomeTracker.Standing, last: UInt64?) = (.awaited, nil)
            for claim in claims {
                switch (claim.claim, state.standing) {
                case (.outcome, .awaited), (.outcome, .opined): state = (.judged, claim.sequence)
                case (.withdrawal, .judged): state = (.awaited, claim.sequence)
                default: break
                }
            }
            return state
        }
        let handled = Set(entries.compactMap(\.verification))
        let place = claims.last { handled.contains($0.id) }?.sequence ?? claims.first?.sequence
        return (last.standing, place)
    }

    /// A message had no effect after all.
    func wasNotLearned(_ outcome: Stored) {
        tracker.withLock { $0.wasNotLearned(outcome.opening, at: outcome.sequence) }
    }

    /// Moves gates' weights by the outcomes of their openings (gates.md, Learning), until the task is cancelled.
    func learn(_ owner: ThalamusProcess, _ shards: Shards?) async {
        var last = start.withLock { $0 }
        while !Task.isCancelled {
            do throws(BusError) {
                let consumer = try await bus.consumer(
                    ConsumerConfiguration(
                        stream: stream, durable: nil, filter: .outcomes(env), start: .sequence(last + 1),
                        acknowledges: false))
                do throws(BusError) {
                    while !Task.isCancelled {
                        for delivery in try await consumer.fetch(maximum: 100, wait: .seconds(5), linger: .zero)
                        where delivery.sequence > last {
                            let part = delivery.message.subject.feedbackGate.flatMap { shards?.part(of: $0) } ?? 0
                            try await turns.alone(in: part) { () async throws(BusError) in
                                try await take(delivery.message, delivery.sequence, owner, shards)
                            }
                            last = delivery.sequence
                        }
                    }
                } catch {
                    await consumer.stop()
                    throw error
                }
                await consumer.stop()
            } catch {
                guard error.code != .cancelled, error.code != .closed else { return }
                logger.warning("Cannot hear outcomes", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func take(
        _ message: BusMessage, _ sequence: UInt64, _ owner: ThalamusProcess, _ shards: Shards?
    ) async throws(BusError) {
        // Another thalamus has the rest.
        if let shards, let gate = message.subject.feedbackGate, !shards.judges(gate),
            !owner.thalamus.withLock({ $0.knows(gate) })
        {
            return
        }
        // It was judged before the gate was taken up.
        if let gate = message.subject.feedbackGate, judged.withLock({ sequence <= $0[gate]?.sequence ?? 0 }) { return }
        let outcome: Stored
        do throws(Refusal) { outcome = try read(message, sequence) } catch {
            return owner.announcer.reject(error, message)
        }
        try await take(outcome, owner)
    }

    /// Learns from an outcome, or refuses it.
    func take(_ outcome: Stored, _ owner: ThalamusProcess) async throws(BusError) {
        if let refusal = try await refusal(of: outcome, by: owner.verifiers) {
            return owner.announcer.reject(refusal, outcome.message)
        }
        guard owner.weight(of: outcome) != 0 else { return }
        let verdict = try await judge(
            outcome, isEarned: owner.earnsTrust(outcome.opening.gate), owner.accepted(of:))
        do throws(BusError) {
            guard let refusal = try await apply(verdict, outcome, owner) else { return }
            owner.announcer.reject(refusal, outcome.message)
        } catch {
            // It comes again.
            wasNotLearned(outcome)
            throw error
        }
    }

    /// The refusal of an outcome whose sender may not give it: the system file does not grant it, or it is about the sender's own word.
    func refusal(of outcome: Stored, by verifiers: Verifiers) async throws(BusError) -> Refusal? {
        do throws(Refusal) {
            try verifiers.check(outcome.name, gate: outcome.opening.gate)
        } catch { return error }
        guard outcome.claim != .withdrawal, verifiers.mayWitness(outcome.name) else { return nil }
        // The opening names the sender behind each witness, which a gate does not know.
        guard let opening = try await stored(outcome.opening) else { return OutcomeTracker.unknown(outcome.opening) }
        do throws(Refusal) { try verifiers.check(outcome.name, judging: opening) } catch { return error }
        return nil
    }

    /// Gives an outcome its effect.
    ///
    /// - Returns: the refusal where it has none.
    private func apply(
        _ verdict: OutcomeTracker.Verdict, _ outcome: Stored, _ owner: ThalamusProcess
    ) async throws(BusError) -> Refusal? {
        switch verdict {
        case .learn:
            // The gate knows its recent openings; of an older one the stream does.
            let isRecent = owner.thalamus.withLock { $0.awaits(outcome.opening.id, gate: outcome.opening.gate) }
            let opening = isRecent ? nil : try await stored(outcome.opening)
            switch owner.accept(outcome, opening) {
            case .counted: return nil
            case .notUndecided:
                wasNotLearned(outcome)
                return OutcomeTracker.decided(outcome.opening)
            case .noGate:
                // A gate that is being taken up learns it then.
                wasNotLearned(outcome)
                logger.info("An outcome for a gate that is not here", metadata: ["gate": "\(outcome.opening.gate)"])
                return nil
            }
        case .replace, .takeBack:
            guard let refusal = try await owner.takeBack(outcome) else { return nil }
            wasNotLearned(outcome)
            return refusal
        case .known, .look: return nil
        case .refuse(let refusal): return refusal
        }
    }
}

extension AcceptedOutcome {
    /// State of its opening after it.
    fileprivate var standing: OutcomeTracker.Standing {
        effect == .withdrawal ? .awaited : isOpinion ? .opined : .judged
    }
}

extension VerificationOutcome {
    /// Its statement.
    ///
    /// - Throws: a ``Refusal`` of a kind that only the thalamus publishes.
    fileprivate func claim(by sender: Token?) throws(Refusal) -> OutcomeTracker.Claim {
        switch kind ?? .outcome {
        case .outcome: return isOpinion(of: sender) ? .opinion : .outcome
        case .withdrawal where outcome == .partial: return .withdrawal
        case .withdrawal: throw .wrong("body.outcome", "must be partial in a withdrawal", found: outcome.rawValue)
        case .replacement, .reset:
            throw .wrong("body.kind", "must be outcome or withdrawal", found: (kind ?? .outcome).rawValue)
        }
    }
}
