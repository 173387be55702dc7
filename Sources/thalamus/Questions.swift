import Logging
import NimmerBus
import NimmerCell
import NimmerThalamus
import NimmerWave
import Synchronization

/// Answers what people ask the thalamus, and hears what became of its openings.
struct Questions: Sendable {
    private let owner: ThalamusProcess

    init(_ owner: ThalamusProcess) { self.owner = owner }

    /// Serves `<env>.nervous.cells.thalamus.request`: `gates` and `explain {"gate": …}`.
    func serve() async throws(BusError) -> any Subscription {
        let process = owner.process
        let subject = Subject.request(process.environment, cell: process.name)
        return try await process.bus.subscribe(SubjectPattern(subject)) { _, _, arrival in
            let message = arrival.message()
            let result: CommandResult
            do throws(Refusal) {
                result = answer(try Envelope<Command>(decoding: message.payload).body)
            } catch {
                owner.announcer.reject(error, arrival)
                result = CommandResult(status: .refused, error: error.description)
            }
            let envelope = Envelope(id: .v7(), at: .now(), from: process.source, result)
            try? process.bus.respond(to: message, payload: envelope.encoded())
        }
    }

    private func answer(_ command: Command) -> CommandResult {
        let now = Timestamp.now()
        switch command.command {
        case "gates":
            let gates = owner.thalamus.withLock { $0.gates(at: now) }
            return CommandResult(status: .ok, result: .array(gates.map(\.json)))
        case "explain":
            guard let gate = command.payload["gate"]?.string else {
                return CommandResult(status: .refused, error: "payload.gate must be a gate's name or region")
            }
            guard let report = owner.thalamus.withLock({ $0.explanation(of: gate, at: now) }) else {
                return CommandResult(status: .refused, error: "no gate '\(gate)': no wave of that region has come yet")
            }
            return CommandResult(status: .ok, result: report)
        default:
            return CommandResult(
                status: .refused, error: "the command '\(command.command)' is unknown; expected gates or explain")
        }
    }

    /// Moves gates' weights by what became of their openings (gates.md, Learning).
    func learn() async {
        let process = owner.process
        do {
            for try await message in try await process.bus.messages(.outcomes(process.environment)) {
                do throws(Refusal) {
                    let outcome = try Envelope<VerificationOutcome>(decoding: message.payload).body
                    guard let gate = Self.gate(of: message.subject) else { continue }
                    let isKnown = owner.thalamus.withLock { $0.learn(outcome.outcome, gate: gate) }
                    if !isKnown {
                        process.logger.info("An outcome for a gate that is not here", metadata: ["gate": "\(gate)"])
                    }
                } catch {
                    owner.announcer.reject(error, message)
                }
            }
        } catch {
            process.logger.error("Cannot hear outcomes", metadata: ["reason": "\(error)"])
        }
    }

    /// The gate of `<env>.nervous.outcomes.<gate>.feedback`.
    static func gate(of subject: Subject) -> GateID? {
        let tokens = subject.text.split(separator: ".")
        guard tokens.count == 5, tokens[4] == "feedback" else { return nil }
        return try? GateID(String(tokens[3]))
    }
}
