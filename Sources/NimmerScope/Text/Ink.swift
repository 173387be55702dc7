/// Meaning of a piece of text; the theme decides its style.
public enum Ink: Sendable, Hashable {
    /// Plain, of weight, beside the point, hardly seen.
    case text, strong, quiet, faint
    /// The worlds.
    case nervous, cognitive, organs
    /// States and verdicts.
    case good, bad, warning
    /// Something pressed, marked or measured.
    case accent

    /// The colour of a world.
    init(_ domain: SubjectDomain) {
        switch domain {
        case .nervous: self = .nervous
        case .cognitive: self = .cognitive
        case .organs: self = .organs
        }
    }
}

/// A line of text in pieces.
public struct InkLine: Sendable, Hashable {
    /// A piece of one meaning.
    public struct Run: Sendable, Hashable {
        /// Text.
        public var text: String
        /// Its meaning.
        public var ink: Ink
    }

    /// The pieces, in their order.
    public var runs: [Run] = []

    init() {}

    init(_ text: String, _ ink: Ink = .text) { runs = [Run(text: text, ink: ink)] }

    /// Adds a piece.
    mutating func add(_ text: String, _ ink: Ink = .text) { runs.append(Run(text: text, ink: ink)) }

    /// The same with a piece more.
    func and(_ text: String, _ ink: Ink = .text) -> InkLine {
        var line = self
        line.add(text, ink)
        return line
    }

    /// The text without its meanings.
    var text: String { runs.map(\.text).joined() }
}
