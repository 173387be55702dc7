import NimmerTerminal

extension ScopeState {
    /// Draws the log, a line for each event; the newest lowest.
    func drawLog(_ pen: inout Pen, _ layout: Layout) {
        guard let area = layout.log else { return }
        var title = InkLine("log", .strong)
        if let hold = view.hold {
            let new = max(0, buffer.arrivedShown - hold.arrived)
            title.add("  held", .warning)
            if new > 0 { title.add("  \(grouped(new)) new, End follows", .warning) }
        } else {
            title.add("  follow", .quiet)
        }
        if !buffer.filter.text.isEmpty { title.add("  /\(buffer.filter.text)", .accent) }
        let inner = pen.pane(area, .log, title, hasKeys: hasKeys(.log))
        let lowest = min(buffer.shown.end - 1, view.hold?.lowest ?? .max)
        let first = max(buffer.shown.first, lowest - inner.height + 1)
        guard lowest >= first else {
            let text = buffer.entries.isEmpty ? "waiting" : "nothing passes"
            pen.write(text, .quiet, x: inner.x + 1, y: inner.y)
            return
        }
        let nameCells = layout.width >= 150 ? 20 : layout.isWide ? 12 : 11
        for place in first...lowest {
            let number = buffer.shown[place]
            let y = inner.y + place - first
            drawLine(&pen, number, Area(x: inner.x, y: y, width: inner.width, height: 1), nameCells)
        }
    }

    private func drawLine(_ pen: inout Pen, _ number: Int, _ row: Area, _ nameCells: Int) {
        let entry = buffer.entries[number]
        let event = line(entry)
        var x = row.x + 1
        x += pen.write(settings.clock(entry.at), .quiet, x: x, y: row.y) + 1
        pen.put(event.sign.glyph(settings.glyphs), event.ink, x: x, y: row.y)
        pen.write(event.sign.word, event.ink, x: x + 2, y: row.y)
        x += 12
        pen.write(event.name, .text, x: x, y: row.y, maxWidth: nameCells)
        x += nameCells + 1
        pen.write(indented(event.value, 5), event.value.isEmpty ? .quiet : .strong, x: x, y: row.y)
        x += 7
        pen.write(event.text, x: x, y: row.y, maxWidth: row.right - x)
        if number == view.selected {
            pen.screen.restyle(row) { pen.theme.select(&$0) }
            pen.put("▸", .accent, x: row.x, y: row.y)
            pen.screen.restyle(Area(x: row.x, y: row.y, width: 1, height: 1)) { pen.theme.select(&$0) }
        }
    }
}
