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
        let opening: OutcomeTracker.Opening
        let result: VerificationResult
        /// The verifier: the sender behind the subject, else what the message states.
        let sender: String
        let sequence: UInt64
        let message: BusMessage
    }

    private let bus: any Bus
    private let env: Environment
    private let stream: String
    private let logger: Logger
    private let tracker = Mutex(OutcomeTracker())
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
    func forget(where isGone: (GateID) -> Bool) { tracker.withLock { $0.forget(where: isGone) } }

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
            opening: OutcomeTracker.Opening(gate: gate, id: outcome.body.originalSignalID),
            result: outcome.body.outcome, sender: sender?.text ?? outcome.body.verificationSource,
            sequence: sequence, message: message)
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

    /// Judges an outcome; looks into the streams where it names an opening that is not in memory.
    func judge(_ outcome: Stored) async throws(BusError) -> OutcomeTracker.Verdict {
        let verdict = tracker.withLock { $0.verdict(outcome.opening, at: outcome.sequence) }
        guard verdict == .look else { return verdict }
        let isOpening = try await stored(outcome.opening) != nil
        let first = isOpening ? try await first(of: outcome.opening) : nil
        return tracker.withLock {
            $0.looked(outcome.opening, at: outcome.sequence, isOpening: isOpening, first: first)
        }
    }

    /// An opening as the stream of transitions holds it; nil where it does not.
    private func stored(_ opening: OutcomeTracker.Opening) async throws(BusError) -> GateTransition? {
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

    /// The place of the first outcome of an opening.
    private func first(of opening: OutcomeTracker.Opening) async throws(BusError) -> UInt64? {
        let subjects = try? SubjectPattern("\(env.rawValue).nervous.outcomes.\(opening.gate).>")
        return try await stored(filter: subjects).first { $0.opening == opening }?.sequence
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
                            try await take(delivery.message, delivery.sequence, owner, shards)
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
        let outcome: Stored
        do throws(Refusal) { outcome = try read(message, sequence) } catch {
            return owner.announcer.reject(error, message)
        }
        try await take(outcome, owner)
    }

    /// Learns from an outcome, or refuses it.
    func take(_ outcome: Stored, _ owner: ThalamusProcess) async throws(BusError) {
        switch try await judge(outcome) {
        case .learn:
            // The gate knows its recent openings; of an older one the stream does.
            let isRecent = owner.thalamus.withLock { $0.awaits(outcome.opening.id, gate: outcome.opening.gate) }
            let opening = isRecent ? nil : try await stored(outcome.opening)
            switch owner.accept(outcome, opening) {
            case .counted: break
            case .notUndecided: owner.announcer.reject(OutcomeTracker.decided(outcome.opening), outcome.message)
            case .noGate:
                // A gate that is being taken up learns it then.
                tracker.withLock { $0.wasNotLearned(outcome.opening, at: outcome.sequence) }
                logger.info("An outcome for a gate that is not here", metadata: ["gate": "\(outcome.opening.gate)"])
            }
        case .known, .look: break
        case .refuse(let refusal): owner.announcer.reject(refusal, outcome.message)
        }
    }
}
