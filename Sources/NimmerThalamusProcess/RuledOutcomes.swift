import Logging
import NimmerBus
import NimmerProcess
import NimmerSystem
import NimmerThalamus
import NimmerWave
import Synchronization

/// Hears what the rules of the system file name, beside the hot path, and publishes the outcomes that follow, each under its own id and
/// through the outbox: a restart or another thalamus never gives two.
final class RuledOutcomes: Sendable {
    private let process: ServiceProcess
    private let outbox: Outbox
    private let tolerance: ClockTolerance
    private let rules: Mutex<OutcomeRules>
    private let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    init(_ process: ServiceProcess, _ outbox: Outbox, _ tolerance: ClockTolerance) {
        self.process = process
        self.outbox = outbox
        self.tolerance = tolerance
        rules = Mutex(OutcomeRules(process.system))
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Hears the cells and nerves that rules name, and the ends of commands.
    func hear() async throws(BusError) {
        let env = process.environment
        let (names, waitsForCommands) = rules.withLock { ($0.names.sorted(), $0.waitsForCommands) }
        for name in names {
            guard let sender = try? Token(name) else { continue }
            _ = try await process.bus.subscribe(.waves(env, of: sender)) { [self] _, _, arrival in
                let message = arrival.message()
                guard let wave = try? Envelope<WaveSignal>(decoding: message.payload, on: message.subject) else {
                    return
                }
                let at = tolerance.time(sent: wave.header.timestamp, arrival: message.at).at
                publish(rules.withLock { $0.heard(sender, wave.body, at: at) })
            }
            _ = try await process.bus.subscribe(.changes(env, of: sender)) { [self] _, _, arrival in
                let message = arrival.message()
                guard let change = try? Envelope<ChangeEvent>(decoding: message.payload, on: message.subject),
                    change.body.view == ChangeEvent.silence
                else { return }
                rules.withLock { $0.silence(of: sender, begins: change.body.edge == .begin) }
            }
        }
        guard waitsForCommands else { return }
        _ = try await process.bus.subscribe(SubjectPattern(.act(env))) { [self] _, _, arrival in take(arrival.message())
        }
    }

    private func take(_ message: BusMessage) {
        guard let act = try? Envelope<Act>(decoding: message.payload, on: message.subject) else { return }
        rules.withLock { $0.acted(act.body) }
        changed.yield()
    }

    /// A gate of this thalamus has opened: what is heard from now on counts, also while the opening waits in the outbox.
    func opened(_ id: MessageID, _ opening: GateTransition) {
        rules.withLock { $0.opened(id, opening, isStored: false) }
        changed.yield()
    }

    /// An opening of this thalamus is stored.
    func stored(_ opening: MessageID) {
        if let outcome = rules.withLock({ $0.stored(opening) }) { publish([outcome]) }
    }

    /// Forgets the openings of a gate that were given up before they were stored.
    func forgetUnstored(of gate: GateID) { rules.withLock { $0.forgetUnstored(of: gate) } }

    /// The outcome of an opening became known.
    func decided(_ opening: MessageID) { rules.withLock { $0.decided(opening) } }

    /// Forgets the openings of gates that another thalamus has.
    func forget(where isGone: (GateID) -> Bool) { rules.withLock { $0.forget(where: isGone) } }

    /// Takes up openings that wait since before a restart, with the commands that have ended since; waves that came meanwhile were not heard.
    func resume(_ openings: [Envelope<GateTransition>]) async throws(BusError) {
        let waitsForCommands = rules.withLock { rules in
            for opening in openings { rules.opened(opening.header.messageID, opening.body) }
            return rules.waitsForCommands && rules.next != nil
        }
        if waitsForCommands {
            let env = process.environment
            try await process.bus.read(
                stream: SystemStreams.decisions(env), filter: SubjectPattern(.act(env))
            ) { batch in
                for stored in batch { take(stored.message) }
                return true
            }
        }
        changed.yield()
    }

    /// Decides openings when their time is over, until the task is cancelled.
    func run() async {
        for await _ in changes {
            while let next = rules.withLock({ $0.next }) {
                // Looked at every second: a wave may decide it, and another opening come before it.
                let wait = max(1, min(next.milliseconds(since: .now()) + 1, 1000))
                do { try await Task.sleep(for: .milliseconds(saturating: wait)) } catch { return }
                publish(rules.withLock { $0.due(by: .now()) })
            }
        }
    }

    private func publish(_ outcomes: [RuledOutcome]) {
        for outcome in outcomes {
            let message = outcome.message(in: process.environment, at: .now(), from: process.source)
            let sender = process.bus.identity ?? (try? Token(ServiceName.thalamus))
            outbox.send(
                Subject.feedback(process.environment, gate: outcome.gate).from(sender), payload: message.encoded(),
                id: message.header.messageID)
        }
    }
}
