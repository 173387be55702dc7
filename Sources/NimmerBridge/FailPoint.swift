import NimmerProcess
import NimmerWave

#if DEBUG || NIMMER_FAIL_POINTS
    import Glibc
    import Synchronization
#endif

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
    /// The record states that a command leaves.
    case begun
    /// The command was answered.
    case sent
    /// The record states what came back.
    case ended
    /// The outcome of the commands is in the stream.
    case reported

    static let names = allCases.map(\.rawValue).joined(separator: ", ")
}

/// A place where a test kills the process by SIGKILL, to see that nothing is lost and nothing done twice. Only debug builds have one;
/// in a release build it does nothing, and there are no settings for it.
package final class FailPoint: Sendable {
    #if DEBUG || NIMMER_FAIL_POINTS
        /// The settings of the bridge that choose the place.
        package struct Options: ProcessOptions {
            package let killAt = Setting.text(
                "kill_at",
                "For tests: the process kills itself after this step (and :2 for the second time): \(BridgeStep.names)."
            )
            package let killBy = Setting.text(
                "kill_by", "For tests: the process kills itself when it takes a request with this event type.")

            package init() {}
        }

        private let step: BridgeStep?
        private let left: Atomic<Int>
        private let eventType: String?

        /// The place that the settings name; most name none.
        package init(_ settings: Settings<Options>) throws {
            eventType = settings.killBy
            let text = settings.killAt
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
            if request.eventType == eventType { kill(getpid(), SIGKILL) }
            passed(.taken)
        }
    #else
        package typealias Options = NoOptions

        package init(_ settings: Settings<Options>) throws {}

        func passed(_ step: BridgeStep) {}

        func took(_ request: CognitiveRequest) {}
    #endif
}
