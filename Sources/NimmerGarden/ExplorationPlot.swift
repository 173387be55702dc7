/// Candidates that were tried, as a picture of characters: caught upward, false alarms to the right, the real system marked.
package struct ExplorationPlot: Sendable {
    /// Lines, from the top.
    package let lines: [String]

    /// - Parameters:
    ///   - width: columns that the picture may take.
    ///   - height: rows of the picture itself.
    package init(_ exploration: Exploration, width: Int, height: Int = 12) {
        let scores = exploration.tried.map(\.score)
        let all = scores + [exploration.real]
        let most = max(1, all.map(\.caught).max() ?? 1, exploration.real.faults)
        let alarms = max(1, all.map(\.falseAlarms).max() ?? 1)
        let rows = max(1, min(height, most))
        let label = String(most).count
        let columns = max(10, min(60, width - label - 4))
        func row(_ caught: Int) -> Int { (most - caught) * rows / most }
        func column(_ number: Int) -> Int { number * (columns - 1) / alarms }
        var counts = [[Int]](repeating: [Int](repeating: 0, count: columns), count: rows + 1)
        for score in scores { counts[row(score.caught)][column(score.falseAlarms)] += 1 }
        var cells = counts.map { $0.map { Self.mark($0) } }
        let best = exploration.best(1).first?.score
        if let best { cells[row(best.caught)][column(best.falseAlarms)] = "B" }
        let real = exploration.real
        let isBest = best.map {
            row($0.caught) == row(real.caught) && column($0.falseAlarms) == column(real.falseAlarms)
        }
        cells[row(real.caught)][column(real.falseAlarms)] = isBest == true ? "X" : "R"
        var lines: [String] = []
        for (place, marks) in cells.enumerated() {
            let number = place == 0 ? String(most) : place == rows ? "0" : ""
            lines.append(String(repeating: " ", count: label - number.count) + number + " |" + String(marks))
        }
        lines.append(String(repeating: " ", count: label + 1) + "+" + String(repeating: "-", count: columns))
        let end = String(alarms)
        lines.append(
            String(repeating: " ", count: label + 2) + "0" + String(repeating: " ", count: columns - 1 - end.count)
                + end)
        self.lines = lines
    }

    /// Explanation of the marks.
    package static let legend =
        "caught (up) against false alarms (right): R the real system, B the best, X both, . one tried, o several, O many"

    private static func mark(_ count: Int) -> Character {
        switch count {
        case 0: " "
        case 1: "."
        case 2...9: "o"
        default: "O"
        }
    }
}
