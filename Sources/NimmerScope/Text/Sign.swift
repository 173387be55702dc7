import NimmerTerminal

/// The sign of what happened, beside its word and colour; one for each glyph level
/// (oscilloscope.md, The visual language).
public enum Sign: Sendable, CaseIterable {
    case wave, denial, gate, collapse, request, response, nerve, attention, refused, outcome, correlation, command
    case result, heartbeat, changeBegins, changeEnds, device

    /// The sign of a kind of message.
    init(_ kind: EntryKind) {
        switch kind {
        case .wave: self = .wave
        case .heartbeat: self = .heartbeat
        case .attention: self = .attention
        case .correlation: self = .correlation
        case .nerve: self = .nerve
        case .result: self = .result
        case .command: self = .command
        case .reject, .refused: self = .refused
        case .outcome: self = .outcome
        case .change: self = .changeBegins
        case .transition: self = .gate
        case .collapse: self = .collapse
        case .response: self = .response
        case .request: self = .request
        }
    }

    /// The sign of an entry: of a wave by its polarity, of a change by its edge.
    init(_ entry: Entry) {
        self.init(entry.kind)
        if entry.kind == .wave, entry.value < 0 { self = .denial }
        if entry.kind == .change, !entry.flags.contains(.begins) { self = .changeEnds }
    }

    /// Glyph on a terminal: of the symbols, of those that every console font has, of ASCII.
    public func glyph(_ level: GlyphLevel) -> Unicode.Scalar {
        let three: (Unicode.Scalar, Unicode.Scalar, Unicode.Scalar) =
            switch self {
            case .wave: ("∿", "~", "~")
            case .denial: ("∾", "≈", "%")
            case .gate: ("▮", "■", "#")
            case .collapse: ("◉", "●", "@")
            case .request: ("◆", "♦", "*")
            case .response: ("◇", "◊", "o")
            case .nerve: ("▷", "►", ">")
            case .attention: ("◎", "○", "O")
            case .refused: ("✗", "×", "x")
            case .outcome: ("✓", "√", "v")
            case .correlation: ("≋", "≡", "=")
            case .command: ("→", "→", ">")
            case .result: ("←", "←", "<")
            case .heartbeat: ("♥", "♥", "m")
            case .changeBegins: ("◖", "(", "(")
            case .changeEnds: ("◗", ")", ")")
            case .device: ("·", "·", ".")
            }
        return switch level {
        case .braille: three.0
        case .blocks: three.1
        case .ascii: three.2
        }
    }

    /// The word beside it.
    public var word: String {
        switch self {
        case .wave: "wave"
        case .denial: "denial"
        case .gate: "gate"
        case .collapse: "collapse"
        case .request: "escalate"
        case .response: "decision"
        case .nerve: "nerve"
        case .attention: "attention"
        case .refused: "refused"
        case .outcome: "verified"
        case .correlation: "correlate"
        case .command: "command"
        case .result: "result"
        case .heartbeat: "mind"
        case .changeBegins, .changeEnds: "change"
        case .device: "device"
        }
    }
}
