import NimmerOutput
import NimmerWave

/// Comparison of a column of the recording, which labels what was done, with what each nerve was doing at that moment: a table of
/// rows counted.
///
/// A recording is open loop: the recorded system never received the nerve's commands. Read the table as agreement moment by moment.
package struct ReplayLabels: Sendable, Equatable {
    /// Rows by nerve, by label, and by what the nerve was doing.
    package private(set) var counts: [String: [String: [String: Int]]] = [:]
    private var doing: [String: String] = [:]

    /// Nerves at rest.
    package init(nerves: [Token]) {
        for nerve in nerves { doing[nerve.text] = "IDLE" }
    }

    /// Takes what follows from a row.
    package mutating func take(_ output: ReplayOutput) {
        guard case .state(let state) = output else { return }
        doing[state.nerve.text] = state.details?["maneuver"]?.string ?? state.toState
    }

    /// Counts a row, once everything that follows from it has been taken.
    package mutating func count(_ label: String) {
        for (nerve, word) in doing { counts[nerve, default: [:]][label, default: [:]][word, default: 0] += 1 }
    }

    /// A line for a program for each nerve: `{"type": "labels", "nerve": …, "counts": {label: {doing: rows}}}`.
    package var json: [JSON] {
        counts.sorted { $0.key < $1.key }.map { nerve, rows in
            [
                "type": "labels", "nerve": .string(nerve),
                "counts": .object(
                    JSONObject(
                        rows.sorted { $0.key < $1.key }.map { label, words in
                            .init(
                                label,
                                .object(
                                    JSONObject(
                                        words.sorted { $0.key < $1.key }.map {
                                            .init($0.key, .number(Double($0.value)))
                                        }
                                    )))
                        })),
            ]
        }
    }

    /// A table for a person for each nerve.
    package func lines(_ paint: Paint) -> [TerminalText] {
        counts.sorted { $0.key < $1.key }.flatMap { nerve, rows -> [TerminalText] in
            let words = Set(rows.values.flatMap(\.keys)).sorted()
            var table = Table(["recorded \\ \(nerve)"] + words)
            for (label, row) in rows.sorted(by: { $0.key < $1.key }) {
                table.add([label] + words.map { String(row[$0] ?? 0) })
            }
            return table.lines(paint)
        }
    }
}
