import NimmerOutput
import NimmerSupervisor
import NimmerWave
import Synchronization

/// The lines of `nimmer up`, one at a time: those of steady waves are written again in their place as long as a terminal shows them lowest.
final class UpLines: Sendable {
    private let folded = Mutex(FoldedLines())
    private let rewrites: Bool

    /// - Parameter rewrites: whether standard output is a terminal on which lines can be written again.
    init(rewrites: Bool) { self.rewrites = rewrites }

    /// Prints a line.
    func line(_ text: TerminalText) {
        folded.withLock { folded in
            folded.other()
            try? Console.line(text)
        }
    }

    /// Prints the line of the first wave of a row, which later ones may write again.
    func line(_ text: TerminalText, of row: SteadyWaves.Fold) {
        folded.withLock { folded in
            folded.append(row.origin, width: text.width, columns: Console.columns)
            try? Console.line(text)
        }
    }

    /// Writes the line of a row of waves again where it is, or below, if it is due.
    ///
    /// - Parameter now: time of the line that follows it, before which lines with later times may stand; nil for its own.
    /// - Returns: whether it was written.
    func write(_ row: SteadyWaves.Fold, _ formatter: EventFormatter, isDue: Bool, at now: Timestamp? = nil) -> Bool {
        folded.withLock { folded in
            let size = (columns: Console.columns, rows: Console.rows)
            let distance = rewrites ? folded.distance(to: row.origin, columns: size.columns, rows: size.rows) : nil
            guard distance != nil || isDue else { return false }
            let text = formatter.line(
                subject: row.subject, message: .waveSignal(row.newest), repeats: (row.count, row.since), at: now)
            if let distance, text.width < size.columns {
                try? Console.write(text.rewriting(linesAbove: distance))
            } else {
                guard isDue else { return false }
                folded.append(row.origin, width: text.width, columns: size.columns)
                try? Console.line(text)
            }
            return true
        }
    }
}
