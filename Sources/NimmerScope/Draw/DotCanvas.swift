import NimmerTerminal

/// A drawing in dots finer than a cell: 2×4 a cell with braille, 2×2 with block elements, 1×3 with ASCII.
struct DotCanvas: Sendable {
    /// Dots across and down.
    let width: Int
    let height: Int
    private let level: GlyphLevel
    /// The drawer of each dot; 0 where none is set.
    private var dots: [UInt8]
    /// The drawer of the next dots, 1 or more.
    var drawer: UInt8 = 1

    /// Dots a cell.
    static func dots(_ level: GlyphLevel) -> (x: Int, y: Int) {
        switch level {
        case .braille: (2, 4)
        case .blocks: (2, 2)
        case .ascii: (1, 3)
        }
    }

    /// An empty drawing of so many cells.
    init(cells: Int, rows: Int, level: GlyphLevel) {
        let size = Self.dots(level)
        width = max(0, cells) * size.x
        height = max(0, rows) * size.y
        self.level = level
        dots = Array(repeating: 0, count: width * height)
    }

    /// Sets a dot; what is outside is left out.
    @inline(always)
    mutating func set(_ x: Int, _ y: Int) {
        guard x >= 0, x < width, y >= 0, y < height else { return }
        dots[y * width + x] = drawer
    }

    /// Sets the dots of one column from a row to another.
    mutating func set(_ x: Int, from top: Int, to bottom: Int) {
        for y in min(top, bottom)...max(top, bottom) { set(x, y) }
    }

    private func bit(_ x: Int, _ y: Int) -> Bool { dots[y * width + x] != 0 }

    /// The drawer of a cell's dots: of several the last one in their order; 0 where no dot is set.
    func drawer(_ cell: Int, _ row: Int) -> UInt8 {
        let size = Self.dots(level)
        var last: UInt8 = 0
        for y in row * size.y..<(row + 1) * size.y {
            for x in cell * size.x..<(cell + 1) * size.x { last = max(last, dots[y * width + x]) }
        }
        return last
    }

    /// The glyph of a cell; nil where no dot is set.
    func glyph(_ cell: Int, _ row: Int) -> Unicode.Scalar? {
        switch level {
        case .braille: return braille(cell, row)
        case .blocks: return quadrant(cell, row)
        case .ascii: return ascii(cell, row)
        }
    }

    private func braille(_ cell: Int, _ row: Int) -> Unicode.Scalar? {
        let (x, y) = (cell * 2, row * 4)
        var pattern: UInt32 = 0
        for line in 0..<3 {
            if bit(x, y + line) { pattern |= 1 << UInt32(line) }
            if bit(x + 1, y + line) { pattern |= 8 << UInt32(line) }
        }
        if bit(x, y + 3) { pattern |= 0x40 }
        if bit(x + 1, y + 3) { pattern |= 0x80 }
        return pattern == 0 ? nil : Unicode.Scalar(0x2800 + pattern)
    }

    private func quadrant(_ cell: Int, _ row: Int) -> Unicode.Scalar? {
        let (x, y) = (cell * 2, row * 2)
        let pattern =
            (bit(x, y) ? 1 : 0) | (bit(x + 1, y) ? 2 : 0) | (bit(x, y + 1) ? 4 : 0) | (bit(x + 1, y + 1) ? 8 : 0)
        let glyphs: [Unicode.Scalar?] = [
            nil, "▘", "▝", "▀", "▖", "▌", "▞", "▛", "▗", "▚", "▐", "▜", "▄", "▙", "▟", "█",
        ]
        return glyphs[pattern]
    }

    private func ascii(_ cell: Int, _ row: Int) -> Unicode.Scalar? {
        let y = row * 3
        switch (bit(cell, y), bit(cell, y + 1), bit(cell, y + 2)) {
        case (false, false, false): return nil
        case (true, false, false): return "\""
        case (false, true, false): return "-"
        case (false, false, true): return "_"
        case (true, true, true): return "|"
        default: return ":"
        }
    }
}
