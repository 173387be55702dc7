/// A place on the screen: a rectangle of cells, its corner counted from the screen's upper left one. It may lie partly or
/// wholly outside; what is drawn there is clipped.
public struct Area: Hashable, Sendable {
    public var x: Int
    public var y: Int
    public var width: Int
    public var height: Int

    /// A rectangle; negative sizes are 0, and what is absurdly far away is brought nearer.
    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = Self.bounded(x)
        self.y = Self.bounded(y)
        self.width = max(0, Self.bounded(width))
        self.height = max(0, Self.bounded(height))
    }

    /// A coordinate with which one can calculate: all that lies beyond is equally invisible.
    static func bounded(_ coordinate: Int) -> Int { max(-(1 << 24), min(1 << 24, coordinate)) }

    /// The column after the last one.
    public var right: Int { x + width }
    /// The row after the last one.
    public var bottom: Int { y + height }
    /// Indicates whether it holds no cell.
    public var isEmpty: Bool { width == 0 || height == 0 }

    /// Without a margin on each side.
    public func inset(_ columns: Int = 1, _ rows: Int = 1) -> Area {
        Area(x: x + columns, y: y + rows, width: width - 2 * columns, height: height - 2 * rows)
    }

    /// Area that lies in both.
    public func intersection(_ other: Area) -> Area {
        let (left, top) = (max(x, other.x), max(y, other.y))
        return Area(x: left, y: top, width: min(right, other.right) - left, height: min(bottom, other.bottom) - top)
    }
}

/// One cell of the screen.
public struct ScreenCell: Hashable, Sendable {
    /// Glyph; a wide one is in the left one of its two cells. U+0000 marks the right one.
    public internal(set) var glyph: Unicode.Scalar
    /// Style.
    public var style: Style

    /// Nothing, in the terminal's own colours.
    public static let blank = ScreenCell(glyph: " ", style: .plain)

    /// Indicates whether it is the right half of the wide glyph to its left.
    public var isContinuation: Bool { glyph.value == 0 }
}

/// A screen that is drawn in memory. Whatever is drawn outside is clipped; nothing that is drawn can trap, move the cursor or
/// change what follows it: control characters become dots, and half of a wide glyph never remains.
public struct ScreenBuffer: Hashable, Sendable {
    /// Columns.
    public let width: Int
    /// Rows.
    public let height: Int
    /// Glyphs that the terminal can show; with ``GlyphLevel/ascii`` whatever is written becomes printable ASCII.
    public let glyphs: GlyphLevel
    /// Row by row.
    private(set) var cells: [ScreenCell]

    /// No terminal is larger; what asks for more gets this.
    public static let maximumSide = 2000

    /// An empty screen; sizes are brought to 0…``maximumSide``.
    public init(width: Int, height: Int, glyphs: GlyphLevel = .braille) {
        self.width = max(0, min(Self.maximumSide, width))
        self.height = max(0, min(Self.maximumSide, height))
        self.glyphs = glyphs
        cells = Array(repeating: .blank, count: self.width * self.height)
    }

    /// All of it.
    public var area: Area { Area(x: 0, y: 0, width: width, height: height) }

    /// The cell at a place; blank outside.
    public subscript(x: Int, y: Int) -> ScreenCell {
        guard x >= 0, y >= 0, x < width, y < height else { return .blank }
        return cells[y * width + x]
    }

    /// Writes text to the right of a place, one line, cut at `maxWidth` columns and at the edges.
    ///
    /// - Returns: how many columns were used (counted from `x`, also those that lie left of the screen), so that the next
    ///   text can follow.
    @discardableResult
    public mutating func write(
        _ text: some StringProtocol, x: Int, y: Int, style: Style = .plain, maxWidth: Int = .max
    ) -> Int {
        let (x, y) = (Area.bounded(x), Area.bounded(y))
        let limit = min(maxWidth, width - x)
        var used = 0
        for scalar in text.unicodeScalars {
            if used >= limit { break }
            let glyph = Glyph(showing: scalar)
            if glyph.columns == 0 { continue }
            if used + glyph.columns > limit {
                put(" ", 1, x: x + used, y: y, style: style)
                used += 1
                break
            }
            put(glyph.scalar, glyph.columns, x: x + used, y: y, style: style)
            used += glyph.columns
        }
        return used
    }

    /// Puts one glyph; a wide one takes the cell to its right too.
    public mutating func put(_ scalar: Unicode.Scalar, x: Int, y: Int, style: Style = .plain) {
        let glyph = Glyph(showing: scalar)
        let (x, y) = (Area.bounded(x), Area.bounded(y))
        if glyph.columns > 0 { put(glyph.scalar, glyph.columns, x: x, y: y, style: style) }
    }

    private mutating func put(_ scalar: Unicode.Scalar, _ columns: Int, x: Int, y: Int, style: Style) {
        guard y >= 0, y < height, x < width, x + columns > 0 else { return }
        let scalar = glyphs == .ascii ? Glyph.ascii(scalar) : scalar
        if columns == 2 {
            if glyphs == .ascii || x < 0 || x + 1 >= width {
                for column in x..<x + 2 { set(glyphs == .ascii ? scalar : " ", column, y, style) }
                return
            }
            set(scalar, x, y, style)
            set("\0", x + 1, y, style)
        } else {
            set(scalar, x, y, style)
        }
    }

    /// Sets one cell; the other half of a wide glyph that was there becomes blank.
    @inline(always)
    private mutating func set(_ scalar: Unicode.Scalar, _ x: Int, _ y: Int, _ style: Style) {
        guard x >= 0, x < width else { return }
        let place = y * width + x
        if cells[place].isContinuation, x > 0 { cells[place - 1].glyph = " " }
        if x + 1 < width, cells[place + 1].isContinuation { cells[place + 1].glyph = " " }
        cells[place] = ScreenCell(glyph: scalar, style: style)
    }

    /// Fills an area with one glyph of one column (a wide one becomes a space).
    public mutating func fill(_ area: Area, _ glyph: Unicode.Scalar = " ", style: Style = .plain) {
        let seen = area.intersection(self.area)
        let shown = Glyph(showing: glyph)
        for y in seen.y..<seen.bottom {
            for x in seen.x..<seen.right {
                put(shown.columns == 1 ? shown.scalar : " ", 1, x: x, y: y, style: style)
            }
        }
    }

    /// Changes how an area looks without changing its text: a tint, a cursor's column, a selected line. A wide glyph
    /// looks as its left half does.
    public mutating func restyle(_ area: Area, _ change: (inout Style) -> Void) {
        let seen = area.intersection(self.area)
        for y in seen.y..<seen.bottom {
            for x in seen.x..<seen.right where !self[x, y].isContinuation {
                let place = y * width + x
                change(&cells[place].style)
                if self[x + 1, y].isContinuation { cells[place + 1].style = cells[place].style }
            }
        }
    }

    /// Draws the edge of an area, rounded (`+-|` in ASCII); what is inside stays.
    public mutating func box(_ area: Area, style: Style = .plain) {
        guard area.width >= 2, area.height >= 2 else { return }
        let (right, bottom) = (area.right - 1, area.bottom - 1)
        let seen = area.intersection(self.area)
        for x in max(seen.x, area.x + 1)..<max(seen.x, area.x + 1, min(seen.right, right)) {
            put("─", x: x, y: area.y, style: style)
            put("─", x: x, y: bottom, style: style)
        }
        for y in max(seen.y, area.y + 1)..<max(seen.y, area.y + 1, min(seen.bottom, bottom)) {
            put("│", x: area.x, y: y, style: style)
            put("│", x: right, y: y, style: style)
        }
        put("╭", x: area.x, y: area.y, style: style)
        put("╮", x: right, y: area.y, style: style)
        put("╰", x: area.x, y: bottom, style: style)
        put("╯", x: right, y: bottom, style: style)
    }

    /// Draws another screen over this one, its upper left corner at a place.
    public mutating func draw(_ other: ScreenBuffer, x: Int, y: Int) {
        let (x, y) = (Area.bounded(x), Area.bounded(y))
        for row in 0..<other.height {
            for column in 0..<other.width {
                let cell = other[column, row]
                if cell.isContinuation { continue }
                put(cell.glyph, x: x + column, y: y + row, style: cell.style)
            }
        }
    }
}
