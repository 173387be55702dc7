import NimmerWave

/// Choice of colour: only where a person looks, always, or never.
package enum ColorChoice: String, CaseIterable, Sendable {
    case auto, always, never
}

/// Puts colour on text, or leaves it as it is.
///
/// The palette is the oscilloscope's 16-colour one (oscilloscope.md, The visual language); nothing is shown by colour
/// alone, so every text reads the same without it.
package struct Paint: Sendable {
    /// A colour or weight by its meaning.
    package enum Ink: String, Sendable {
        case strong = "1"
        case quiet = "2"
        /// Domain colours.
        case nervous = "36"
        case cognitive = "35"
        case organs = "91"
        /// Gate states, verdicts and environments.
        case good = "32"
        case warning = "33"
        case bad = "31"
        case blue = "34"
        case devChip = "30;42"
        case stagingChip = "30;43"
        case prodChip = "97;44"
        /// One of the colours of processes.
        case process0 = "96"
        case process1 = "92"
        case process2 = "94"
        case process3 = "95"
        case process4 = "93"
    }

    package let enabled: Bool

    /// Leaves every text as it is.
    package static let plain = Paint(.never, noColor: nil, terminal: false, kind: nil)

    /// Decides by the flag, then NO_COLOR, then whether standard output is a terminal that can.
    package init(_ choice: ColorChoice, noColor: String?, terminal: Bool, kind: String?) {
        switch choice {
        case .always: enabled = true
        case .never: enabled = false
        case .auto: enabled = terminal && (noColor ?? "").isEmpty && kind != "dumb"
        }
    }

    package func callAsFunction(_ ink: Ink, _ text: TerminalText) -> TerminalText {
        enabled && !text.isEmpty ? text.colored(ink.rawValue) : text
    }
}

extension Paint {
    /// The environment's name on its colour: dev green, staging amber, prod blue.
    package func chip(_ environment: Environment) -> TerminalText {
        let name: TerminalText = "\(environment.rawValue.uppercased())"
        guard enabled else { return name }
        return switch environment {
        case .dev: self(.devChip, " \(name) ")
        case .staging: self(.stagingChip, " \(name) ")
        case .prod: self(.prodChip, " \(name) ")
        }
    }
}
