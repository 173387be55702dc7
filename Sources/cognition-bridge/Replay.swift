import NimmerProcess
import NimmerCognition
import NimmerSystem
import NimmerWave
import Synchronization

/// Asks minds again about an old request, outside the queue and the budget's bounds but not outside its accounts; nothing is
/// published, and no command leaves.
struct Replay: Sendable {
    private let owner: BridgeProcess

    init(_ owner: BridgeProcess) { self.owner = owner }

    /// What each mind says now, in the order of preference, until one gives a valid answer; and what differs from before.
    func run(_ request: CognitiveRequest, before: CognitiveResponse?) async -> JSON {
        var asked: [JSON] = []
        var now: Decision?
        for index in owner.settings.minds.indices where now == nil {
            let deadline = owner.scheduler.withLock { $0.clock.read(.now()) }
                .advanced(milliseconds: Double(owner.settings.minds[index].timeoutMS))
            let outcome = await owner.outcome(of: Ask(request: request, mind: index, deadline: deadline))
            let name = owner.settings.minds[index].name
            owner.scheduler.withLock {
                $0.account(outcome, mind: index, region: request.domain.text, at: $0.clock.read(.now()))
            }
            switch outcome {
            case .answered(.valid(let decision), let usage, _, _):
                now = decision
                asked.append(["mind": .string(name), "verdict": "valid", "ms": .number(usage.milliseconds.rounded())])
            case .answered(.invalid(let problems), _, _, _):
                asked.append([
                    "mind": .string(name), "verdict": "invalid", "problems": .array(problems.map { .string($0) }),
                ])
            case .failed(let error, _):
                asked.append(["mind": .string(name), "verdict": .string(error.code.rawValue)])
            }
        }
        let then = before.map { Self.line($0.decision, $0.downstreamCommands, $0.record?.confidence) }
        let again = now.map { Self.line($0.action, $0.commands, $0.confidence) }
        var differences: [JSON] = []
        for key in ["action", "commands", "confidence"] {
            let (old, new) = (then?[key] ?? .null, again?[key] ?? .null)
            if old.resolved != new.resolved { differences.append(["key": .string(key), "then": old, "now": new]) }
        }
        return [
            "request_id": .string(request.requestID.text), "event_type": .string(request.eventType),
            "then": then ?? .null, "now": again ?? .null, "asked": .array(asked), "differences": .array(differences),
        ]
    }

    private static func line(_ action: String, _ commands: [DownstreamCommand], _ confidence: Double?) -> JSON {
        [
            "action": .string(action), "commands": .array(commands.map(\.json)),
            "confidence": confidence.map { .number($0) } ?? .null,
        ]
    }
}
