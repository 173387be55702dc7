import NimmerOutput
import NimmerSystem
import NimmerWave

/// Something that a check of a system file found.
package struct CheckFinding: Equatable, Sendable {
    package enum Weight: String, Sendable {
        /// The system would not do what the file asks for.
        case problem
        /// Worth knowing; the file is in order.
        case note
    }

    package let weight: Weight
    /// Check that it is from: `file`, `kinds`, `settings`, `links`, `commands`, `origins`, `programs`, `services`, `topics`, `windows`,
    /// `witnesses`, `verify`, `regions`.
    package let check: String
    package let mark: YAMLMark
    package let text: String
    /// Remedy; empty without one.
    package var remedy = ""
    /// Change that `--write` makes; nil where only a person can.
    package var change: SystemChange?

    package init(
        weight: Weight, check: String, mark: YAMLMark, text: String, remedy: String = "", change: SystemChange? = nil
    ) {
        self.weight = weight
        self.check = check
        self.mark = mark
        self.text = text
        self.remedy = remedy
        self.change = change
    }

    package func line(_ file: String, _ paint: Paint) -> TerminalText {
        let place: TerminalText = "\(file):\(mark.description)"
        let sign = weight == .problem ? paint(.bad, place) : paint(.quiet, place)
        return "\(sign): \(text)" + (remedy.isEmpty ? "" : "\n  " + paint(.strong, "→ \(remedy)"))
    }

    package var json: JSON {
        [
            "weight": .string(weight.rawValue), "check": .string(check), "line": .number(Double(mark.line)),
            "column": .number(Double(mark.column)), "text": .string(text), "mend": .string(remedy),
            "writable": .bool(change != nil),
        ]
    }
}
