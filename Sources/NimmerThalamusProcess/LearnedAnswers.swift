import Logging
import NimmerBus
import NimmerProcess
import NimmerWave
import Synchronization

/// Answers cells with what they have kept of what they learned (decision 0031): they may publish their own key of the bucket `<ENV>-LEARNED`, and
/// ask JetStream nothing, since its answers go wherever the question names.
final class LearnedAnswers: Sendable {
    private let process: ServiceProcess
    private let stream: String
    private let isMade = Atomic<Bool>(false)

    init(_ process: ServiceProcess) {
        self.process = process
        stream = "KV_\(SystemStreams.learned(process.environment).bucket)"
    }

    /// Makes the bucket where it is missing. Without it cells learn as new after a restart, and nothing else is lost.
    func begin() async {
        do throws(BusError) {
            var configuration = try SystemStreams.learnedStream(process.environment)
            configuration.leavesRoom = true
            try await process.bus.ensureStream(configuration)
            isMade.store(true, ordering: .relaxed)
        } catch {
            process.logger.warning(
                "No bucket for what cells have learned: they learn as new after a restart",
                metadata: ["reason": "\(error)"])
        }
    }

    /// The answer to a cell's question.
    func answer(_ command: Command, of sender: Token?) async -> CommandResult {
        guard let cell = sender ?? command.payload["cell"]?.string.flatMap({ try? Token($0) }) else {
            return CommandResult(status: .refused, error: "payload.cell must be a cell's name")
        }
        if !isMade.load(ordering: .relaxed) { await begin() }
        do throws(BusError) {
            let subject = Subject.learned(process.environment, cell: cell)
            guard let kept = try await process.bus.lastMessage(stream: stream, subject: subject) else {
                return CommandResult(status: .ok, result: [:])
            }
            let from = command.payload["from"]?.int ?? 0
            let part = LearnedParts(of: kept.message.payload, revision: Int(clamping: kept.sequence), from: from)
            return CommandResult(status: .ok, result: part.json)
        } catch { return CommandResult(status: .error, error: error.description) }
    }
}
