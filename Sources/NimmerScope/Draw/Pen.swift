import NimmerTerminal

/// Draws on a screen with the styles of a theme.
struct Pen {
    var screen: ScreenBuffer
    let theme: Theme
    let glyphs: GlyphLevel

    init(width: Int, height: Int, settings: ScopeSettings, theme kind: ScopeTheme) {
        screen = ScreenBuffer(width: width, height: height, glyphs: settings.glyphs)
        theme = Theme(settings.environment, settings.colors, kind)
        glyphs = settings.glyphs
        screen.fill(screen.area, " ", style: Style(background: theme.background))
    }

    /// Writes text of one meaning.
    @discardableResult
    mutating func write(
        _ text: some StringProtocol, _ ink: Ink = .text, x: Int, y: Int, maxWidth: Int = .max
    ) -> Int {
        write(text, theme.style(ink), x: x, y: y, maxWidth: maxWidth)
    }

    /// Writes text; where it does not fit, its last column states so.
    @discardableResult
    mutating func write(_ text: some StringProtocol, _ style: Style, x: Int, y: Int, maxWidth: Int = .max) -> Int {
        let limit = max(0, min(maxWidth, screen.width - x))
        let used = screen.write(text, x: x, y: y, style: style, maxWidth: limit)
        if limit > 0, used >= limit, text.utf8.count > limit, text.terminalColumns > limit {
            screen.put("…", x: x + limit - 1, y: y, style: style)
        }
        return used
    }

    /// Writes a line in pieces; where it does not fit, its last column states so.
    @discardableResult
    mutating func write(_ line: InkLine, x: Int, y: Int, maxWidth: Int = .max) -> Int {
        var used = 0
        for (index, run) in line.runs.enumerated() {
            let rest = maxWidth - used
            if rest <= 0 { break }
            let isCut = index + 1 < line.runs.count && run.text.terminalColumns >= rest
            used += write(run.text, run.ink, x: x + used, y: y, maxWidth: rest)
            if isCut, line.runs[(index + 1)...].contains(where: { !$0.text.isEmpty }) {
                write("…", run.ink, x: x + maxWidth - 1, y: y)
            }
        }
        return used
    }

    /// Writes text that ends at a column.
    mutating func writeBack(_ text: String, _ ink: Ink = .text, end: Int, y: Int) {
        write(text, ink, x: end - text.terminalColumns, y: y)
    }

    /// Puts one glyph.
    mutating func put(_ glyph: Unicode.Scalar, _ ink: Ink, x: Int, y: Int) {
        screen.put(glyph, x: x, y: y, style: theme.style(ink))
    }

    /// Puts one glyph of a shape, such as a bar.
    mutating func shape(_ glyph: Unicode.Scalar, _ ink: Ink, x: Int, y: Int) {
        screen.put(glyph, x: x, y: y, style: theme.shape(ink))
    }

    /// Draws the edge of a pane with its number, name and what is to be reported beside it; the pane that has the keys is marked by a
    /// sign, weight and colour.
    ///
    /// - Returns: the area within.
    @discardableResult
    mutating func pane(_ area: Area, _ pane: Pane, _ title: InkLine, hasKeys: Bool, right: InkLine = InkLine()) -> Area
    {
        screen.fill(area, " ", style: Style(background: theme.background))
        screen.box(area, style: theme.style(hasKeys ? .quiet : .faint))
        if glyphs == .blocks { squareCorners(area, hasKeys) }
        var head = InkLine(hasKeys ? " ▸" : "  ", .accent)
        head.add("\(pane.rawValue) ", hasKeys ? .accent : .quiet)
        head.runs += title.runs
        head.add(" ")
        let used = write(head, x: area.x + 1, y: area.y, maxWidth: area.width - 2)
        let columns = right.text.terminalColumns
        if columns > 0, used + columns + 4 < area.width {
            write(InkLine(" ").and("", .text), x: area.right - columns - 4, y: area.y)
            var tail = right
            tail.add(" ")
            write(tail, x: area.right - columns - 3, y: area.y)
        }
        return area.inset()
    }

    /// Consoles without braille seldom have rounded corners.
    private mutating func squareCorners(_ area: Area, _ hasKeys: Bool) {
        let ink: Ink = hasKeys ? .quiet : .faint
        put("┌", ink, x: area.x, y: area.y)
        put("┐", ink, x: area.right - 1, y: area.y)
        put("└", ink, x: area.x, y: area.bottom - 1)
        put("┘", ink, x: area.right - 1, y: area.bottom - 1)
    }
}
