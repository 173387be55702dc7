import NimmerTerminal

extension ScopeState {
    /// Every key, in two columns, and what signs and lines mean where there is room for it.
    func drawHelp(_ pen: inout Pen, _ layout: Layout) {
        let columns = Self.helpColumns
        let count = Self.helpLines
        let width = min(layout.width, 96)
        let legend = legend(isNarrow: width < 90)
        let wanted = count + legend.count + 2
        // A line left over at top or bottom would look like a piece of what is behind.
        let height = wanted + 4 > layout.height ? layout.height - 2 : wanted
        let area = Area(x: (layout.width - width) / 2, y: (layout.height - height) / 2, width: width, height: height)
        pen.screen.fill(area, " ", style: Style(background: pen.theme.background))
        pen.screen.box(area, style: pen.theme.style(.quiet))
        pen.write(InkLine(" keys ", .strong), x: area.x + 2, y: area.y)
        pen.writeBack(" ? closes ", .quiet, end: area.right - 2, y: area.y)
        let inner = area.inset(2, 1)
        let half = inner.width / 2
        let first = max(0, min(view.helpScroll, count - inner.height))
        for (side, lines) in columns.enumerated() {
            for (row, line) in lines.dropFirst(first).prefix(inner.height).enumerated() {
                pen.write(line, x: inner.x + side * half, y: inner.y + row, maxWidth: half - 1)
            }
        }
        if first + inner.height < count {
            pen.writeBack(" j more ↓ ", .quiet, end: area.right - 2, y: area.bottom - 1)
        } else {
            for (row, line) in legend.enumerated() where inner.height >= count + legend.count {
                pen.write(line, x: inner.x, y: inner.y + count + row, maxWidth: inner.width)
            }
        }
    }

    private static let helpColumns = [Array(ScopeKeys.groups[..<2]), Array(ScopeKeys.groups[2...])].map { part in
        part.flatMap { group -> [InkLine] in
            [InkLine(group.title, .strong)]
                + group.entries.map { InkLine(padded(" " + $0.keys, 12), .accent).and($0.meaning) } + [InkLine()]
        }.dropLast()
    }

    /// Number of lines that the keys take.
    static let helpLines = helpColumns.map(\.count).max() ?? 0

    /// Meanings of signs and lines.
    private func legend(isNarrow: Bool) -> [InkLine] {
        let titleCells = isNarrow ? 8 : 12
        let gap = isNarrow ? " " : "  "
        func glyph(_ sign: Sign) -> Character { Character(sign.glyph(settings.glyphs)) }
        let all: [(Sign, Ink)] = [
            (.wave, .nervous), (.denial, .nervous), (.gate, .good), (.collapse, .strong), (.request, .cognitive),
            (.response, .cognitive),
        ]
        var signs = all.reduce(into: InkLine(padded("Signs", titleCells), .strong)) { line, sign in
            line.add("\(glyph(sign.0)) ", sign.1)
            line.add(sign.0.word + gap, .quiet)
        }
        signs.add("\(glyph(.changeBegins))", .warning)
        signs.add("\(glyph(.changeEnds)) change", .quiet)
        return [
            signs,
            InkLine(padded("Lines", titleCells), .strong).and("solid wave, dashed question, ", .quiet)
                .and("dotted below floor or virtual", .quiet),
        ]
    }
}
