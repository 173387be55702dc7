import NimmerBus
import NimmerCognition
import NimmerMemory
import NimmerProcess
import NimmerSystem
import NimmerWave
import Synchronization

/// Asks the hippocampus for earlier decisions like a question, within a time; without an answer the mind is asked without them (spec/iris.md, Recall).
///
/// The bridge has no database of its own: it learns only what the hippocampus of its environment answers on its own subject.
final class Recalling: Sendable {
    /// Recalls by outcome, since the start.
    struct Counters: Sendable, Hashable {
        /// Questions to the hippocampus.
        var asked = 0
        /// Those that brought a decision.
        var used = 0
        /// Those without an answer in time.
        var late = 0
        /// Those that were refused or failed.
        var failed = 0
        /// The last failure, for a person; empty when there was none.
        var reason = ""
    }

    private let process: ServiceProcess
    private let hippocampus: Token?
    private let counted = Mutex(Counters())
    /// Settings; nil: the system file has no `iris`, or no item is to be recalled.
    let limits: IrisSettings.Recall?

    /// Recall for a bridge.
    init(_ process: ServiceProcess, _ limits: IrisSettings.Recall?) {
        self.process = process
        self.limits = limits.flatMap { $0.items > 0 ? $0 : nil }
        hippocampus = try? Token("hippocampus")
    }

    /// Recalls since the start.
    var counters: Counters { counted.withLock { $0 } }

    /// Earlier decisions like a request; none where recall is off, or brings nothing in its time.
    func recall(_ request: CognitiveRequest) async -> Recall {
        guard let limits, let hippocampus else { return Recall() }
        counted.withLock { $0.asked += 1 }
        let payload: JSON = [
            "text": .string(MeaningText(request).text), "limit": .number(Double(limits.items)),
            "within_ms": .number(Double(limits.deadlineMS)),
            // Nothing is like itself.
            "except": .string(request.requestID.text),
        ]
        let command = Command(
            command: "recall", payload: payload, deadlineMilliseconds: max(1, limits.deadlineMS),
            cause: request.requestID.text)
        do throws(BusError) {
            let answer = try await process.ask(
                command, cell: hippocampus, within: .milliseconds(limits.deadlineMS))
            guard answer.status == .ok else {
                let reason = answer.error ?? "no reason"
                return failed(reason, isLate: reason.hasPrefix(Self.late))
            }
            let recall = Recall(Array(Recall(answer: answer.result).items.prefix(limits.items)))
            if !recall.items.isEmpty { counted.withLock { $0.used += 1 } }
            return recall
        } catch {
            return failed("\(error)", isLate: error.code == .timeout)
        }
    }

    /// Beginning of the hippocampus's answer where its store or model did not answer in time.
    private static let late = "late:"

    private func failed(_ reason: String, isLate: Bool) -> Recall {
        counted.withLock {
            if isLate { $0.late += 1 } else { $0.failed += 1 }
            $0.reason = reason.visible(limit: 256)
        }
        return Recall()
    }
}

extension Recalling {
    /// The part `recall` of `$SRV.STATS`; null where it is off.
    var json: JSON {
        guard limits != nil else { return .null }
        let counted = counters
        return [
            "asked": .number(Double(counted.asked)), "used": .number(Double(counted.used)),
            "late": .number(Double(counted.late)), "failed": .number(Double(counted.failed)),
            "reason": .string(counted.reason),
        ]
    }

    /// Writes the metrics of recall for `/metrics`.
    func measure(into page: inout MetricsPage) {
        guard limits != nil else { return }
        let counted = counters
        page.counter("nimmer_recalls_total", "Questions to the hippocampus for earlier decisions.", counted.asked)
        page.counter("nimmer_recalls_used_total", "Of these, those that brought a decision.", counted.used)
        page.counter("nimmer_recalls_late_total", "Of these, those without an answer in their time.", counted.late)
        page.counter("nimmer_recalls_failed_total", "Of these, those that were refused or failed.", counted.failed)
    }
}
