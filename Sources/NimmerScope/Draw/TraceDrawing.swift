import NimmerTerminal

/// Draws the traces and exchanges of one lane as dots.
///
/// Line style is direction (oscilloscope.md, The visual language): solid a wave, dotted one below the floor or of the virtual
/// garden, dashed a question until its answer. Dots and dashes are anchored to absolute time, so that they do not shimmer while
/// the screen scrolls.
struct TraceDrawing {
    private(set) var canvas: DotCanvas
    private let window: TimeWindow
    private let isSigned: Bool
    private let shift: Int
    private let level: GlyphLevel

    /// So few empty columns are always drawn over.
    static let shortGap: Int64 = 4

    /// A drawing of so many rows; it goes from 0 to 1, or from -1 to 1 when it is signed.
    init(window: TimeWindow, rows: Int, level: GlyphLevel, isSigned: Bool) {
        self.window = window
        self.isSigned = isSigned
        self.level = level
        canvas = DotCanvas(cells: window.cells, rows: rows, level: level)
        shift = level == .ascii ? 1 : 0
    }

    /// The row of dots of a value.
    func row(_ value: Double) -> Int {
        let part = isSigned ? (1 - value) / 2 : 1 - value
        return Int((max(0, min(1, part)) * Double(canvas.height - 1)).rounded())
    }

    private func row(_ scaled: Int16) -> Int { row(TraceColumn.value(scaled)) }

    /// Returns whether a dotted line has a dot in a column.
    private func isDotted(_ column: Int64) -> Bool { column % (shift == 1 ? 4 : 3) == 0 }

    /// Draws a trace.
    ///
    /// - Parameter drawer: who draws, 1 or more, for its shade.
    mutating func add(_ trace: Trace, as drawer: UInt8 = 1) {
        canvas.drawer = drawer
        defer { canvas.drawer = 1 }
        let columns = trace.columns
        let first = columns.firstNumber { $0.index >= window.first }
        var before: TraceColumn?
        if first > columns.first { before = columns[first - 1] }
        var number = first
        while number < columns.end {
            let column = columns[number]
            number += 1
            if column.index > window.last { break }
            if let before, column.isJoined || column.index - before.index <= Self.shortGap {
                join(before, column, trace.isVirtual)
            }
            range(column, trace.isVirtual)
            before = column
        }
    }

    /// A column's own values, from the lowest to the highest.
    private mutating func range(_ column: TraceColumn, _ isVirtual: Bool) {
        guard let place = window.place(ofColumn: column.index) else { return }
        canvas.set(place >> shift, from: row(column.high), to: row(column.low))
    }

    /// The line from one column's last value to the next one's first.
    private mutating func join(_ from: TraceColumn, _ to: TraceColumn, _ isVirtual: Bool) {
        let distance = Double(to.index - from.index)
        let start = TraceColumn.value(from.last)
        let rise = TraceColumn.value(to.first) - start
        let isTentative = isVirtual || max(abs(start), abs(start + rise)) < MessageBuffer.floor
        var before = row(start)
        for index in max(from.index + 1, window.first)...max(to.index, window.first) where index <= to.index {
            let here = row(start + rise * Double(index - from.index) / distance)
            defer { before = here }
            guard let place = window.place(ofColumn: index) else { continue }
            if isTentative {
                if isDotted(index) { canvas.set(place >> shift, here) }
                continue
            }
            let step = here > before ? before + 1 : here < before ? before - 1 : here
            canvas.set(place >> shift, from: here, to: index == to.index || abs(here - before) > 1 ? step : here)
        }
    }

    /// The cell and row of a column of a trace; nil when it is not shown.
    func cell(of column: TraceColumn) -> (cell: Int, row: Int)? {
        guard let place = window.place(ofColumn: column.index), canvas.height > 0 else { return nil }
        return (place / 2, row(column.last) / DotCanvas.dots(level).y)
    }

    /// Draws a question until its answer, or until now.
    mutating func add(_ exchange: Exchange, now: Int64) {
        let column = window.scale.column
        let from = TimeWindow.floor(exchange.from, column)
        let to = TimeWindow.floor(min(exchange.to, now), column)
        let height = row(Double(exchange.value))
        guard to >= window.first, from <= window.last else { return }
        for index in max(from, window.first)...max(from, min(to, window.last)) {
            guard index == from || index == to || index & 7 < 5, let place = window.place(ofColumn: index) else {
                continue
            }
            canvas.set(place >> shift, height)
        }
    }
}
