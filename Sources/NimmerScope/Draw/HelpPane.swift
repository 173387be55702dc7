import NimmerTerminal

extension ScopeState {
    /// Every key, in two columns.
    func drawHelp(_ pen: inout Pen, _ layout: Layout) {
        let groups = ScopeKeys.groups
        let columns = [Array(groups[..<2]), Array(groups[2...])].map { part in
            part.flatMap { group -> [InkLine] in
                [InkLine(group.title, .strong)]
                    + group.entries.map { InkLine(padded("  " + $0.keys, 13), .accent).and($0.meaning) } + [InkLine()]
            }
        }
        let count = columns.map(\.count).max() ?? 0
        let width = min(layout.width - 2, 96)
        let height = min(layout.height - 2, count + 4)
        let area = Area(x: (layout.width - width) / 2, y: (layout.height - height) / 2, width: width, height: height)
        pen.screen.fill(area, " ", style: pen.theme.style(.text))
        pen.screen.box(area, style: pen.theme.style(.quiet))
        pen.write(InkLine(" keys ", .strong), x: area.x + 2, y: area.y)
        pen.writeBack(" ? closes ", .quiet, end: area.right - 2, y: area.y)
        let inner = area.inset(2, 1)
        let rows = inner.height
        let half = inner.width / 2
        let first = max(0, min(view.helpScroll, count - rows))
        for (side, lines) in columns.enumerated() {
            for (row, line) in lines.dropFirst(first).prefix(rows).enumerated() {
                pen.write(line, x: inner.x + side * half, y: inner.y + row, maxWidth: half - 1)
            }
        }
        if first + rows < count { pen.writeBack(" j more ↓ ", .quiet, end: area.right - 2, y: area.bottom - 1) }
    }
}
