import NimmerOutput
import NimmerWave

/// Tally of the fields of a recording that hold no number for a cell that reads them.
package struct GapTally: Sendable, Equatable {
    package private(set) var count = 0
    /// Place of the first of them: its row, counted from 1, and the cell that would have read it; nil while there is none.
    package private(set) var first: String?

    /// Counts the fields of a row; nothing happens where there are none.
    mutating func take(_ fields: Int, row: Int, of cell: Token) {
        guard fields > 0 else { return }
        count += fields
        first = first ?? "row \(row), for the cell \(cell)"
    }

    /// Note for a person; nil without a gap.
    package var note: String? {
        first.map { first in
            "\(NimmerOutput.count(count, "field")) held no number and "
                + (count == 1 ? "was left out: " : "were left out; the first: ") + first
        }
    }
}
