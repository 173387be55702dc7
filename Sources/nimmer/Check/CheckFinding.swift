import NimmerSystem
import NimmerWave

/// Something that a check of a system file found.
struct CheckFinding: Equatable, Sendable {
    enum Weight: String, Sendable {
        /// The system would not do what the file wants.
        case problem
        /// Worth knowing; the file is in order.
        case note
    }

    let weight: Weight
    /// Which check it is from: `file`, `settings`, `origins`, `programs`.
    let check: String
    let mark: YAMLMark
    let text: String
    /// What a person can do; empty where there is nothing.
    var mend = ""
    /// What `--write` does about it; nil where only a person can.
    var change: SystemChange?

    func line(_ file: String, _ paint: Paint) -> TerminalText {
        let place: TerminalText = "\(file):\(mark.line)"
        let sign = weight == .problem ? paint(.bad, place) : paint(.quiet, place)
        return "\(sign): \(text)" + (mend.isEmpty ? "" : "\n  " + paint(.strong, "→ \(mend)"))
    }

    var json: JSON {
        [
            "weight": .string(weight.rawValue), "check": .string(check), "line": .number(Double(mark.line)),
            "column": .number(Double(mark.column)), "text": .string(text), "mend": .string(mend),
            "writable": .bool(change != nil),
        ]
    }
}

/// A change of the system file that mends what a check found.
enum SystemChange: Equatable, Sendable {
    /// Grants origins to a cell or nerve.
    case grant([OriginPattern], to: String)

    /// The text with the change.
    func applied(to text: [UInt8], file: String) throws(SystemError) -> [UInt8] {
        switch self {
        case .grant(let origins, let name): try SystemFileEdit.grant(origins, to: name, in: text, file: file)
        }
    }
}
