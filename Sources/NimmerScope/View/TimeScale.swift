/// Time of a division of the scope. A division is sixteen cells, a cell two columns of time, so that the zoom does
/// not depend on the terminal's size, and columns begin at the same moments however the screen is scrolled.
struct TimeScale: Sendable, Hashable {
    static let cellsPerDivision = 16
    static let columnsPerCell = 2
    static let columnsPerDivision = Int64(cellsPerDivision * columnsPerCell)

    /// The steps of the zoom: milliseconds a division.
    static let steps: [Int64] = [
        100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
    ]
    /// Initial zoom: 15 seconds a division.
    static let start = 7

    /// Current step.
    private(set) var step = start

    /// Milliseconds a division.
    var milliseconds: Int64 { Self.steps[step] }
    /// The duration of a division, in nanoseconds.
    var division: Int64 { milliseconds * 1_000_000 }
    /// The duration of a column, in nanoseconds: a whole number, since every step divides so.
    var column: Int64 { division / Self.columnsPerDivision }
    /// The duration of a cell, in nanoseconds.
    var cell: Int64 { column * Int64(Self.columnsPerCell) }

    /// Shows less time, so more of it.
    mutating func zoomIn() { step = max(0, step - 1) }
    /// Shows more time.
    mutating func zoomOut() { step = min(Self.steps.count - 1, step + 1) }
    /// As at the start.
    mutating func reset() { step = Self.start }

    /// `15s/div`
    var text: String {
        switch milliseconds {
        case ..<1000: "\(milliseconds)ms/div"
        case ..<60_000: "\(milliseconds / 1000)s/div"
        default: "\(milliseconds / 60_000)min/div"
        }
    }
}

/// The stretch of time that the scope shows, and where on the screen each moment of it is.
struct TimeWindow: Sendable, Hashable {
    let scale: TimeScale
    /// The number of the last column that is shown.
    let last: Int64
    /// Width in cells.
    let cells: Int
    /// Indicates whether the screen stands still and is written over (sweep) instead of moving (roll).
    let isSweep: Bool

    init(end: Int64, cells: Int, scale: TimeScale, isSweep: Bool, wholeCells: Bool) {
        self.scale = scale
        self.cells = max(1, cells)
        self.isSweep = isSweep
        let column = Self.floor(end, scale.column)
        last = isSweep || wholeCells ? column | 1 : column
    }

    /// The quotient, rounded down also below zero.
    static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : (value + 1) / divisor - 1
    }

    /// The number of the first column that is shown.
    var first: Int64 { last - Int64(cells * TimeScale.columnsPerCell) + 1 }
    /// Its first moment.
    var start: Int64 { first * scale.column }
    /// The moment after its last.
    var end: Int64 { (last + 1) * scale.column }

    /// Position of a column, in half cells from the left edge; nil when it is not shown.
    func place(ofColumn column: Int64) -> Int? {
        guard column >= first, column <= last else { return nil }
        guard isSweep else { return Int(column - first) }
        let cell = column >> 1
        // The cell in front of the pen is kept free, so that one sees where it writes.
        if last >> 1 - cell >= Int64(cells) - 1 { return nil }
        let place = cell % Int64(cells)
        return Int(place < 0 ? place + Int64(cells) : place) * 2 + Int(column & 1)
    }

    /// The cell of a moment, from the left edge; nil when it is not shown.
    func cell(at moment: Int64) -> Int? {
        place(ofColumn: Self.floor(moment, scale.column)).map { $0 / 2 }
    }

    /// The moment in the middle of a cell.
    func moment(ofCell cell: Int) -> Int64 {
        guard isSweep else { return (first + Int64(cell) * 2 + 1) * scale.column }
        let newest = last >> 1
        var back = (newest - Int64(cell)) % Int64(cells)
        if back < 0 { back += Int64(cells) }
        return ((newest - back) * 2 + 1) * scale.column
    }
}
