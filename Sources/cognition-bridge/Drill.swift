import Glibc
import NimmerProcess
import NimmerWave
import Synchronization

/// The steps between which the bridge may die; the order of one decision that sends one command.
enum BridgeStep: String, CaseIterable {
    /// The request was taken from its stream.
    case taken
    /// The response is made, and nowhere yet.
    case decided
    /// The response is in the stream.
    case answered
    /// The record of its commands is kept.
    case kept
    /// The request is acknowledged.
    case acknowledged
    /// The record says that a command leaves.
    case begun
    /// The command was answered.
    case sent
    /// The record says what came back.
    case ended
    /// What became of the commands is in the stream.
    case reported

    static let names = allCases.map(\.rawValue).joined(separator: ", ")
}

/// Kills its own process after a chosen step, so that a test or a person can see that nothing is lost and nothing done twice.
final class Drill: Sendable {
    private let step: BridgeStep?
    private let left: Atomic<Int>
    private let poison: String?

    /// A drill from its settings.
    ///
    /// - Parameters:
    ///   - text: the step, `answered` or `answered:2`; nil: none.
    ///   - poison: the event type of requests that it does not survive; nil: none.
    init(_ text: String?, poison: String? = nil) throws {
        self.poison = poison
        let parts = (text ?? "").split(separator: ":", maxSplits: 1)
        step = parts.first.flatMap { BridgeStep(rawValue: String($0)) }
        let times = parts.count > 1 ? Int(parts[1]) ?? 0 : 1
        left = Atomic(times)
        guard text == nil || (step != nil && times > 0) else {
            throw ProcessFailure(
                .configuration,
                "kill_at: found '\(text ?? "")'; expected one of \(BridgeStep.names), and :N for the Nth time")
        }
    }

    /// A step was taken.
    func passed(_ step: BridgeStep) {
        guard step == self.step else { return }
        if left.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 { kill(getpid(), SIGKILL) }
    }

    /// A request was taken.
    func took(_ request: CognitiveRequest) {
        if request.eventType == poison { kill(getpid(), SIGKILL) }
        passed(.taken)
    }
}
