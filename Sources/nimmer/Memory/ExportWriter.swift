import NimmerCognition
import NimmerMemory
import NimmerOutput
import NimmerWave

/// Writes rows of an export in its form, and counts what was left out.
final class ExportWriter {
    /// Texts of the system file that prompts hold.
    struct Prompts {
        var about = ""
        var catalogue = CommandCatalogue()
        var bytes = 8_192
    }

    private let form: ExportForm
    private let prompts: Prompts
    private let labels: GateLabels
    private var pairs = PreferencePairs()
    /// Lines so far, without a header.
    private(set) var written = 0
    private var byRule = 0
    private var unsure = 0
    private var partial = 0
    private var contradicted = 0
    private var refused: (count: Int, first: String) = (0, "")

    init(_ form: ExportForm, _ prompts: Prompts = Prompts(), signals: Int = GateLabels.standardSignals) {
        self.form = form
        self.prompts = prompts
        labels = GateLabels(signals: signals)
    }

    /// Name of one line.
    var noun: String {
        switch form {
        case .examples, .gates: "example"
        case .chat: "conversation"
        case .preference: "pair"
        }
    }

    /// Writes an example.
    func take(_ example: TrainingExample, _ output: ExportOutput) throws {
        if form == .gates {
            if written == 0 { try output.write(TerminalText(labels.header) + "\r\n") }
            try output.write(TerminalText(labels.line(example)) + "\r\n")
        } else {
            try output.write(TerminalText(json: example.json.text) + "\n")
        }
        written += 1
    }

    /// Writes an answer, where it is to be learned or makes a pair.
    func take(_ answer: AnsweredRequest, _ output: ExportOutput) throws {
        let conversation: TrainingConversation
        do throws(TrainingConversation.Unusable) {
            conversation = try TrainingConversation(
                answer.request, answer.response.body, region: answer.region, result: answer.result,
                about: prompts.about, catalogue: prompts.catalogue, promptBytes: prompts.bytes)
        } catch {
            switch error {
            case .byRule: byRule += 1
            case .unsure: unsure += 1
            case .partial: partial += 1
            case .refused(let problem):
                refused = (refused.count + 1, refused.count == 0 ? problem : refused.first)
            }
            return
        }
        switch form {
        case .preference:
            guard let pair = pairs.take(conversation) else { return }
            try output.write(TerminalText(json: pair.json.text) + "\n")
        default:
            guard conversation.judgement == .good else { return contradicted += 1 }
            try output.write(TerminalText(json: conversation.json.text) + "\n")
        }
        written += 1
    }

    /// Remarks about what was left out.
    var remarks: [TerminalText] {
        guard refused.count > 0 else { return [] }
        return [
            "nimmer: left out \(count(refused.count, "answer")) that the schema refuses, the first because \(refused.first)"
        ]
    }

    /// The failure of an export without a line.
    func nothing(_ query: TrainingQuery, _ rows: Int) -> Failure {
        let place: TerminalText = query.region.map { " in \($0.text)" } ?? ""
        switch form {
        case .examples, .gates:
            let what: TerminalText = query.labelledOnly ? "labelled window" : "window"
            let message: TerminalText = "nothing to export: no \(what) of signals\(place) in that time"
            return Failure(.failed, message, remedy: "`nimmer verify ID confirmed|failed` gives openings their labels")
        case .chat, .preference:
            guard rows > 0 else {
                return Failure(
                    .failed, "nothing to export: no answer\(place) in that time whose opening has an accepted outcome",
                    remedy: "`nimmer verify ID confirmed|failed` gives openings their outcomes")
            }
            var left: [String] = []
            for (number, words) in [
                (byRule, "by rule"), (unsure, "unsure"), (partial, "with a partial outcome"),
                (contradicted, "contradicted by reality"), (refused.count, "that the schema refuses"),
            ] where number > 0 {
                left.append("\(number) \(words)")
            }
            let found: TerminalText = left.isEmpty ? "" : " (\(left.joined(separator: ", ")))"
            let message: TerminalText =
                "nothing to export: \(count(rows, "answer"))\(place) with an accepted outcome, no \(noun)\(found)"
            let remedy: TerminalText =
                form == .preference
                ? "a pair needs answers of minds with different actions to one kind of request, of which reality bears out one"
                : "a conversation needs the answer of a mind that reality bears out"
            return Failure(.failed, message, remedy: remedy)
        }
    }
}
