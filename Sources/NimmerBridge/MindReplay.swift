import NimmerCognition
import NimmerProcess
import NimmerSystem
import NimmerWave
import Synchronization

/// Asks minds again about an old request, outside the queue and the budget's bounds but not outside its accounts; nothing is
/// published, and no command leaves.
struct MindReplay: Sendable {
    private let owner: BridgeProcess

    init(_ owner: BridgeProcess) { self.owner = owner }

    /// Asks each mind again, in the order of preference, until one gives a valid answer; and compares it with the former one.
    func run(_ request: CognitiveRequest, before: CognitiveResponse?) async -> JSON {
        var asked: [JSON] = []
        var now: Decision?
        for index in owner.settings.minds.indices where now == nil {
            let deadline = owner.scheduler.withLock { $0.clock.read(.now()) }
                .advanced(milliseconds: Double(owner.settings.minds[index].timeoutMS))
            let outcome = await owner.outcome(
                of: Ask(request: request, mind: index, recall: Recall(), deadline: deadline))
            let name = owner.settings.minds[index].name
            owner.scheduler.withLock {
                $0.account(outcome, mind: index, region: request.domain.text, at: $0.clock.read(.now()))
            }
            switch outcome {
            case .answered(.valid(let decision), let usage, _, _):
                now = decision
                asked.append(["mind": .string(name), "verdict": "valid", "ms": .number(usage.milliseconds.rounded())])
            case .answered(.invalid(let problems), _, _, _), .answered(.cutOff(_, let problems), _, _, _):
                asked.append([
                    "mind": .string(name), "verdict": "invalid", "problems": .array(problems.map { .string($0) }),
                ])
            case .failed(let error, _):
                asked.append(["mind": .string(name), "verdict": .string(error.code.rawValue)])
            }
        }
        // Reminders are not repeated: what is near to the question may be another by now.
        return AnswerComparison(request, then: before, now: now)
            .json(asked: asked, reminders: before?.record?.recalled.count ?? 0)
    }
}
