import NimmerOutput
import NimmerWave

/// Finding of the doctor.
package struct Finding: Equatable, Sendable {
    package enum State: String, Sendable {
        case good = "ok"
        /// Useful, not necessary.
        case lacking
        /// Necessary.
        case missing
    }

    package let state: State
    package let name: String
    package let text: String
    package var remedy = ""

    package static func good(_ name: String, _ text: String) -> Finding {
        Finding(state: .good, name: name, text: text)
    }
    package static func lacking(_ name: String, _ text: String, _ remedy: String) -> Finding {
        Finding(state: .lacking, name: name, text: text, remedy: remedy)
    }
    package static func missing(_ name: String, _ text: String, _ remedy: String) -> Finding {
        Finding(state: .missing, name: name, text: text, remedy: remedy)
    }

    package var json: JSON {
        ["name": .string(name), "state": .string(state.rawValue), "found": .string(text), "mend": .string(remedy)]
    }

    package static func lines(_ findings: [Finding], _ paint: Paint) -> [TerminalText] {
        let width = findings.map(\.name.width).max() ?? 0
        return findings.flatMap { finding in
            let sign =
                switch finding.state {
                case .good: paint(.good, "✓ ok     ")
                case .lacking: paint(.warning, "! lacking")
                case .missing: paint(.bad, "✗ missing")
                }
            let line: TerminalText = "\(sign)  \(finding.name.padded(width))  \(finding.text)"
            guard !finding.remedy.isEmpty else { return [line] }
            let indent = String(repeating: " ", count: 11 + width + 2)
            return [line] + finding.remedy.split(separator: "\n").map { "\(indent)\(paint(.strong, "→ \($0)"))" }
        }
    }
}
