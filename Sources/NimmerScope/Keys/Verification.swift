import NimmerTerminal
import NimmerWave

/// A person's report of an opening, made on the screen.
public struct ScopeVerification: Sendable, Hashable {
    /// The opening.
    public let opening: MessageID
    /// The region whose gate opened.
    public let region: Region
    /// The outcome; nil takes back the one that counts.
    public let result: VerificationResult?

    /// The report as a question, and what was done in words.
    var words: String {
        switch result {
        case .confirmed?: "confirm"
        case .failed?: "fail"
        case .partial?: "call partial"
        case nil: "take back the outcome of"
        }
    }
}

extension ScopeState {
    /// Asks whether the last opening of the gate that is inspected was right, was not, or is to be judged again.
    mutating func verify(_ result: VerificationResult?) {
        guard case .gate(let name)? = view.inspected else { return }
        guard settings.source == .live else {
            return showNotice("a recording is not verified: only openings that happen now are")
        }
        guard case .success(let report)? = explanations[name],
            let region = report["region"]?.string.flatMap({ try? Region($0) }),
            let id = report["opening"]?["transition_id"]?.string.flatMap({ try? MessageID($0) })
        else { return showNotice("no opening of \(name) is known") }
        view.question = ScopeVerification(opening: id, region: region, result: result)
    }

    /// A key answers the question at the bottom: y or Enter does it, any other does not.
    mutating func answer(_ key: Key) -> [ScopeEffect] {
        guard let question = view.question else { return [] }
        view.question = nil
        switch key {
        case .character("y"), .enter: return [.verify(question)]
        default:
            showNotice("nothing was reported")
            return []
        }
    }

    /// Draws the question.
    func draw(_ question: ScopeVerification, _ pen: inout Pen, _ area: Area) {
        let text = " \(question.words) the opening \(question.opening.text.prefix(8)) of \(question.region)?"
        pen.write(text, .strong, x: area.x, y: area.y, maxWidth: area.width - 32)
        pen.writeBack("y Enter do it   Esc do not ", .quiet, end: area.right, y: area.y)
    }
}
