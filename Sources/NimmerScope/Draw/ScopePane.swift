import NimmerTerminal
import NimmerWave

extension ScopeState {
    /// The traces on their common time.
    func drawScope(_ pen: inout Pen, _ layout: Layout, _ now: Int64) {
        guard let area = layout.scope else { return }
        let window = window(layout, now)
        var title = InkLine("scope", .strong)
        title.add("  \(view.scale.text)")
        title.add(view.isSweep ? "  sweep" : "  roll", .quiet)
        title.add("  peak", .quiet)
        if buffer.quiet > 0 {
            title.add("  \(grouped(buffer.quiet)) hidden below \(decimals(buffer.minimumConfidence))", .warning)
        }
        let inner = pen.pane(area, .scope, title, hasKeys: hasKeys(.scope))
        let lanes = groupsShown
        let rows = LaneRows(lanes: lanes.count, lines: layout.laneLines, selected: view.lane)
        drawLegend(&pen, area, after: title.text.terminalColumns + 8, rows)
        if lanes.isEmpty { drawEmptyScope(&pen, inner) }
        var y = inner.y
        for place in rows.visible {
            let lane = LaneDrawing(
                state: self, group: buffer.groups[lanes[place]], window: window, layout: layout, now: now,
                area: Area(x: inner.x, y: y, width: inner.width, height: rows.height(of: place)),
                isSelected: place == min(view.lane, lanes.count - 1) && hasKeys(.scope))
            lane.draw(&pen)
            y += rows.height(of: place)
        }
        let left = inner.x + layout.nameCells + Layout.axisCells
        if rows.hidden > 0 {
            pen.writeBack("\(rows.hidden) more ↓", .quiet, end: inner.right, y: inner.bottom - 1)
        }
        drawCursors(&pen, window, Area(x: left, y: inner.y, width: layout.plotCells, height: max(0, y - inner.y)))
        drawTimes(&pen, window, layout, Area(x: left, y: inner.bottom - 2, width: layout.plotCells, height: 1), now)
        drawOverview(&pen, window, layout, Area(x: left, y: inner.bottom - 1, width: layout.plotCells, height: 1), now)
    }

    /// The origins that a group's traces show, by their places.
    func originsShown(of group: LaneGroup) -> [Int] {
        var shown: Set<Int> = []
        for trace in members(of: group).flatMap(\.traces) where !buffer.traces[trace].columns.isEmpty {
            shown.insert(group.place(of: buffer.traces[trace].origin))
        }
        return shown.sorted()
    }

    /// The origins of the selected lane on the pane's edge, where the lane itself has no room for them.
    private func drawLegend(_ pen: inout Pen, _ area: Area, after columns: Int, _ rows: LaneRows) {
        guard let group = selectedGroup, rows.visible.contains(view.lane) else { return }
        let origins = originsShown(of: group)
        guard rows.height(of: view.lane) - 1 < origins.count,
            origins.count > 1 || origins.contains(where: { group.origins[$0] != group.name })
        else { return }
        let texts =
            origins.count == 1
            ? [group.origins[origins[0]]] : origins.map { "\(LaneGroup.letter($0)) \(group.origins[$0])" }
        let room = area.width - columns - 4
        var count = 0
        var used = 0
        while count < texts.count, used + texts[count].terminalColumns + 2 <= room {
            used += texts[count].terminalColumns + 2
            count += 1
        }
        guard count > 0 else { return }
        var x = area.right - used - 2
        pen.write(" ", .text, x: x - 1, y: area.y)
        for (text, place) in zip(texts, origins).prefix(count) {
            x += pen.write(text, pen.theme.style(group.domain, shade: place), x: x, y: area.y)
            x += pen.write("  ", .text, x: x, y: area.y, maxWidth: area.right - 1 - x)
        }
    }

    func hasKeys(_ pane: Pane) -> Bool { view.overlay.map { $0 == pane } ?? (view.pane == pane) }

    private func drawEmptyScope(_ pen: inout Pen, _ inner: Area) {
        let text: String
        if buffer.entries.isEmpty {
            text = "Nothing has arrived yet on \(settings.patterns)."
        } else if !buffer.filter.isEmpty {
            text = "Nothing of \(grouped(buffer.entries.count)) messages passes /\(buffer.filter.text)"
        } else {
            text = "No wave yet."
        }
        pen.write(text, .quiet, x: inner.x + 2, y: inner.y + 1, maxWidth: inner.width - 4)
    }

    /// Cursor and second marker as lines through all lanes; where a trace is, it stays.
    private func drawCursors(_ pen: inout Pen, _ window: TimeWindow, _ area: Area) {
        for (moment, glyph, ink) in [(view.marker, "┆" as Unicode.Scalar, Ink.warning), (view.cursor, "│", .accent)] {
            guard let moment, let cell = window.cell(at: moment) else { continue }
            for y in area.y..<area.bottom {
                let there = pen.screen[area.x + cell, y].glyph
                if there == " " || there == "┊" { pen.put(glyph, ink, x: area.x + cell, y: y) }
            }
            pen.screen.restyle(Area(x: area.x + cell, y: area.y, width: 1, height: area.height)) {
                pen.theme.point(&$0)
            }
        }
    }

    /// Draws the times along the scope: before now while it rolls, of the day while it is held or sweeps.
    private func drawTimes(_ pen: inout Pen, _ window: TimeWindow, _ layout: Layout, _ area: Area, _ now: Int64) {
        var taken = [Range<Int>]()
        func put(_ text: String, _ ink: Ink, at x: Int) {
            let columns = text.terminalColumns
            let start = max(0, min(area.width - columns, x))
            let range = start..<start + columns
            guard columns <= area.width,
                !taken.contains(where: { $0.overlaps((range.lowerBound - 1)..<(range.upperBound + 1)) })
            else { return }
            taken.append(range)
            pen.write(text, ink, x: area.x + start, y: area.y)
        }
        /// The moment of a line through the lanes, on the side of it where there is room.
        func put(_ moment: Int64, _ ink: Ink, at cell: Int) {
            let clock = settings.clock(moment, characters: 12)
            if cell + 13 <= area.width { put("└" + clock, ink, at: cell) } else { put(clock + "┘", ink, at: cell - 12) }
        }
        if let cursor = view.cursor, let cell = window.cell(at: cursor) { put(cursor, .accent, at: cell) }
        if let marker = view.marker {
            if let cell = window.cell(at: marker) { put(marker, .warning, at: cell) }
            let here = view.cursor ?? view.hold?.end ?? now
            pen.writeBack(
                (settings.glyphs == .ascii ? "delta " : "Δ ") + span(nanoseconds: here - marker), .warning,
                end: area.right + Layout.valueCells, y: area.y)
        }
        let step = TimeScale.cellsPerDivision
        if view.isLive, !window.isSweep {
            put("now", .strong, at: area.width - 3)
            var back = 1
            while area.width - back * step >= 0 {
                let text = "-" + roundSpan(nanoseconds: view.scale.division * Int64(back))
                put(text, .quiet, at: area.width - back * step - text.count / 2)
                back += 1
            }
        } else {
            for (cell, division) in divisions(window) {
                put(
                    settings.clock(division * view.scale.division, characters: view.scale.milliseconds < 1000 ? 12 : 8),
                    .quiet, at: cell)
            }
        }
    }

    /// Starts of divisions on the screen.
    private func divisions(_ window: TimeWindow) -> [(cell: Int, division: Int64)] {
        let columns = TimeScale.columnsPerDivision
        var division = TimeWindow.floor(window.first, columns) + 1
        var found: [(Int, Int64)] = []
        while division * columns <= window.last {
            if let place = window.place(ofColumn: division * columns) { found.append((place / 2, division)) }
            division += 1
        }
        return found
    }

    /// The whole buffer in one line, with the part that the scope shows.
    private func drawOverview(_ pen: inout Pen, _ window: TimeWindow, _ layout: Layout, _ area: Area, _ now: Int64) {
        guard let oldest = buffer.entries.oldest?.at else { return }
        let nice: [Int64] = [60, 120, 300, 600, 1200, 1800, 3600, 7200].map { $0 * 1_000_000_000 }
        let extent = max(now, window.end) - min(oldest, window.start)
        let length = nice.first { $0 >= extent } ?? extent
        let part = max(1, length / Int64(area.width))
        let end = (TimeWindow.floor(max(now, window.end), part) + 1) * part
        let start = end - part * Int64(area.width)
        let (counts, marks) = buffer.overview.parts(area.width, from: start, to: end)
        let most = Double(max(1, counts.max() ?? 1))
        let leftmost = max(0, min(area.width - 1, Int((window.start - start) / part)))
        let seen = leftmost...max(leftmost, min(area.width - 1, Int((window.end - start) / part)))
        for x in 0..<area.width {
            let inWindow = seen.contains(x)
            let glyph = Bars.level(counts[x] == 0 ? 0 : max(0.01, Double(counts[x]) / most), settings.glyphs)
            pen.put(glyph, marks[x] ? .good : inWindow ? .nervous : .quiet, x: area.x + x, y: area.y)
            if inWindow {
                pen.screen.restyle(Area(x: area.x + x, y: area.y, width: 1, height: 1)) { pen.theme.tint(&$0) }
            }
        }
        if seen.lowerBound > 0 { pen.put("[", .strong, x: area.x + seen.lowerBound - 1, y: area.y) }
        if seen.upperBound < area.width - 1 { pen.put("]", .strong, x: area.x + seen.upperBound + 1, y: area.y) }
        let label = "all \(roundSpan(nanoseconds: length))"
        pen.write(label, .quiet, x: area.x - layout.nameCells - Layout.axisCells, y: area.y, maxWidth: layout.nameCells)
        pen.writeBack(grouped(buffer.shown.count), .quiet, end: area.right + Layout.valueCells, y: area.y)
    }
}

/// Distribution of lines among lanes, and the lanes that there is room for.
struct LaneRows {
    let visible: Range<Int>
    let hidden: Int
    /// Higher lanes show no more.
    private static let maximum = 16
    private let base: Int
    private let extra: Int

    /// - Parameter selected: the lane that must be among them.
    init(lanes: Int, lines: Int, selected: Int) {
        let fitting = max(0, min(lanes, lines))
        let first = max(0, min(lanes - fitting, selected - fitting + 1))
        visible = first..<first + fitting
        hidden = lanes - fitting
        base = fitting == 0 ? 0 : min(Self.maximum, lines / fitting)
        extra = fitting == 0 || base == Self.maximum ? 0 : lines - base * fitting
    }

    func height(of place: Int) -> Int { base + (place - visible.lowerBound < extra ? 1 : 0) }
}
