import NimmerTerminal
import NimmerWave

/// One lane, or those of several regions of one gate: name, origins, scale, traces, what happened, and the value under the cursor.
struct LaneDrawing {
    let state: ScopeState
    let group: LaneGroup
    let lanes: [Lane]
    let window: TimeWindow
    let layout: Layout
    let now: Int64
    let area: Area
    let isSelected: Bool

    private var plot: Area {
        Area(x: area.x + layout.nameCells + Layout.axisCells, y: area.y, width: layout.plotCells, height: area.height)
    }

    private var ink: Ink { Ink(group.domain) }
    private var isSigned: Bool {
        lanes.contains { $0.denials > 0 && $0.deniedSince <= state.view.hold?.at ?? .max }
    }
    /// The origins that are drawn, by their places in the group.
    let origins: [Int]

    init(
        state: ScopeState, group: LaneGroup, window: TimeWindow, layout: Layout, now: Int64, area: Area,
        isSelected: Bool
    ) {
        self.state = state
        self.group = group
        self.window = window
        self.layout = layout
        self.now = now
        self.area = area
        self.isSelected = isSelected
        lanes = state.members(of: group)
        origins = state.originsShown(of: group)
    }

    func draw(_ pen: inout Pen) {
        drawName(&pen)
        drawGrid(&pen)
        drawOpenings(&pen)
        drawTraces(&pen)
        drawMarks(&pen)
        drawValue(&pen)
    }

    private func drawName(_ pen: inout Pen) {
        pen.write(isSelected ? "▸" : " ", .accent, x: area.x, y: area.y)
        pen.write(group.name, isSelected ? .strong : ink, x: area.x + 1, y: area.y, maxWidth: layout.nameCells - 1)
        drawOrigins(&pen)
        if isSelected, pen.theme.style(.strong).foreground.isStandard {
            pen.screen.restyle(Area(x: area.x + 1, y: area.y, width: layout.nameCells - 1, height: 1)) {
                $0.underline = true
            }
        }
        let axis = area.x + layout.nameCells
        let top = isSigned ? "+1" : " 1"
        let bottom = isSigned ? "-1" : " 0"
        for y in area.y..<area.bottom { pen.write("  ┤", .faint, x: axis, y: y) }
        if area.height > 1 {
            pen.write(top, .quiet, x: axis, y: area.y)
            pen.write(bottom, .quiet, x: axis, y: area.bottom - 1)
            if isSigned, area.height > 2, area.height % 2 == 1 {
                pen.write(" 0", .quiet, x: axis, y: area.y + area.height / 2)
            }
        }
    }

    /// The legend: each origin with the letter that its trace bears, in its shade.
    private func drawOrigins(_ pen: inout Pen) {
        let room = area.height - 1
        guard room > 0, origins.count > 1 || origins.contains(where: { group.origins[$0] != group.name }) else {
            return
        }
        let isCut = origins.count > room
        for (row, place) in origins.prefix(isCut ? room - 1 : room).enumerated() {
            let text = origins.count == 1 ? group.origins[place] : "\(LaneGroup.letter(place)) \(group.origins[place])"
            pen.write(
                text, pen.theme.style(group.domain, shade: place), x: area.x + 1, y: area.y + 1 + row,
                maxWidth: layout.nameCells - 2)
        }
        if isCut {
            pen.write(
                "+\(origins.count - room + 1) more", .quiet, x: area.x + 1, y: area.bottom - 1,
                maxWidth: layout.nameCells - 2)
        }
    }

    /// Lines at the divisions, and along the lower edge.
    private func drawGrid(_ pen: inout Pen) {
        let step = TimeScale.cellsPerDivision
        if state.view.isLive, !window.isSweep {
            var x = plot.width - step
            while x > 0 {
                for y in plot.y..<plot.bottom { pen.put("┊", .faint, x: plot.x + x, y: y) }
                x -= step
            }
            return
        }
        let columns = TimeScale.columnsPerDivision
        var division = TimeWindow.floor(window.first, columns) + 1
        while division * columns <= window.last {
            if let place = window.place(ofColumn: division * columns) {
                for y in plot.y..<plot.bottom { pen.put("┊", .faint, x: plot.x + place / 2, y: y) }
            }
            division += 1
        }
    }

    /// The time in which the lane's gate is open: a line along the upper edge, and a tint.
    private func drawOpenings(_ pen: inout Pen) {
        guard group.domain == .nervous, let track = state.gates.tracks[group.name] else { return }
        let known = state.isServerLost ? state.connectionChanged.nanoseconds : now
        let openings = track.openings
        var number = openings.firstNumber { $0.end >= window.start }
        while number < openings.end, openings[number].start < window.end {
            let opening = openings[number]
            number += 1
            let from = max(window.first, TimeWindow.floor(opening.start, window.scale.column))
            let to = min(window.last, TimeWindow.floor(min(opening.end, known), window.scale.column))
            guard from <= to else { continue }
            var column = from
            while column <= to {
                if let place = window.place(ofColumn: column) { openCell(&pen, place / 2) }
                column = column == to ? to + 1 : min(to, column + 2)
            }
        }
    }

    private func openCell(_ pen: inout Pen, _ cell: Int) {
        pen.screen.put(
            state.settings.glyphs == .ascii ? "=" : "▔", x: plot.x + cell, y: plot.y, style: pen.theme.style(.good))
        pen.screen.restyle(Area(x: plot.x + cell, y: plot.y, width: 1, height: plot.height)) { pen.theme.open(&$0) }
    }

    private func drawTraces(_ pen: inout Pen) {
        var drawing = TraceDrawing(
            window: window, rows: plot.height, level: state.settings.glyphs, isSigned: isSigned)
        for lane in lanes {
            for number in lane.traces {
                let trace = state.buffer.traces[number]
                drawing.add(trace, as: UInt8(min(254, group.place(of: trace.origin)) + 1))
            }
            var number = max(lane.exchanges.first, lane.exchanges.firstNumber { $0.from > window.start } - 64)
            while number < lane.exchanges.end {
                drawing.add(lane.exchanges[number], now: min(now, state.view.hold?.at ?? now))
                number += 1
            }
        }
        let shades = (0..<max(1, min(255, group.origins.count))).map { pen.theme.style(group.domain, shade: $0) }
        for row in 0..<plot.height {
            for cell in 0..<plot.width {
                guard let glyph = drawing.canvas.glyph(cell, row) else { continue }
                let background = pen.screen[plot.x + cell, plot.y + row].style.background
                let shade = Int(drawing.canvas.drawer(cell, row)) - 1
                pen.screen.put(
                    glyph, x: plot.x + cell, y: plot.y + row, style: shades[shade].with(background: background))
            }
        }
        if origins.count > 1 { drawLetters(drawing, &pen) }
    }

    /// The letter of each origin at the newest point of its trace; also at the divisions where the terminal has fewer shades than there are
    /// origins, so that nothing is shown by colour alone.
    private func drawLetters(_ drawing: TraceDrawing, _ pen: inout Pen) {
        var taken: Set<Place> = []
        let repeats = pen.theme.shades(group.domain) < origins.count
        for lane in lanes {
            for number in lane.traces {
                let trace = state.buffer.traces[number]
                let place = group.place(of: trace.origin)
                let columns = trace.columns
                let newest = columns.firstNumber { $0.index > window.last } - 1
                guard newest >= columns.first, columns[newest].index >= window.first else { continue }
                put(place, drawing.cell(of: columns[newest]), &taken, &pen)
                guard repeats else { continue }
                let step = TimeScale.columnsPerDivision
                var column = TimeWindow.floor(window.first, step) * step + Int64(place * 6) % step
                while column <= window.last {
                    let near = columns.firstNumber { $0.index >= column }
                    if near < newest, columns[near].index - column <= TraceDrawing.shortGap {
                        put(place, drawing.cell(of: columns[near]), &taken, &pen)
                    }
                    column += step
                }
            }
        }
    }

    /// Puts an origin's letter at a point, or beside it where another one stands there.
    private func put(_ origin: Int, _ point: (cell: Int, row: Int)?, _ taken: inout Set<Place>, _ pen: inout Pen) {
        guard let point else { return }
        let place = (0..<4).map { Place(cell: point.cell - $0, row: point.row) }.first { !taken.contains($0) }
        guard let place, place.cell >= 0, place.cell < plot.width, place.row < plot.height else { return }
        taken.insert(place)
        let background = pen.screen[plot.x + place.cell, plot.y + place.row].style.background
        pen.screen.put(
            LaneGroup.letter(origin), x: plot.x + place.cell, y: plot.y + place.row,
            style: pen.theme.style(group.domain, shade: origin).with(background: background, adding: .bold))
    }

    /// Draws events besides waves: the most important of what falls on one cell, with its word where there is room.
    private func drawMarks(_ pen: inout Pen) {
        var cells: [Place: Mark] = [:]
        var changes: [(cell: Int, mark: Mark)] = []
        for mark in lanes.flatMap({ marks(of: $0) }) {
            guard let cell = window.cell(at: mark.at), state.buffer.isShown(mark.number) else { continue }
            if mark.kind == .change {
                changes.append((cell, mark))
                continue
            }
            let place = Place(cell: cell, row: row(mark.kind))
            if cells[place].map({ $0.kind <= mark.kind }) ?? true { cells[place] = mark }
        }
        // Above the traces; below where what is more important stands there, since a change often comes just before its gate opens.
        for (cell, mark) in changes {
            let places = [0, plot.height - 1].map { Place(cell: cell, row: $0) }
            if let place = places.first(where: { cells[$0].map { $0.kind == .change } ?? true }) { cells[place] = mark }
        }
        for (place, mark) in cells.sorted(by: { $0.key.cell < $1.key.cell }) {
            let (cell, row) = (place.cell, place.row)
            let (glyph, ink, word) = sign(mark)
            let background = pen.screen[plot.x + cell, plot.y + row].style.background
            var style = pen.theme.style(ink, over: background).with(adding: .bold)
            // A bracket among the dots of a trace is found by its colour; without colours it needs something else.
            if mark.kind == .change, style.foreground.isStandard { style.reverse = true }
            pen.screen.put(glyph, x: plot.x + cell, y: plot.y + row, style: style)
            guard !word.isEmpty, plot.height > 1, cell + 2 + word.count < plot.width else { continue }
            let free = (cell + 1)...(cell + 1 + word.count)
            guard free.allSatisfy({ isFree(pen, $0, row) && cells[Place(cell: $0, row: row)] == nil }) else { continue }
            for (offset, scalar) in word.unicodeScalars.enumerated() {
                let x = plot.x + cell + 2 + offset
                pen.screen.put(
                    scalar, x: x, y: plot.y + row,
                    style: pen.theme.style(ink, over: pen.screen[x, plot.y + row].style.background))
            }
        }
    }

    private func marks(of lane: Lane) -> [Mark] {
        let first = lane.marks.firstNumber { $0.at >= window.start }
        return (first..<max(first, lane.marks.firstNumber { $0.at >= window.end })).map { lane.marks[$0] }
    }

    /// Position of a sign.
    private struct Place: Hashable {
        var cell: Int
        var row: Int
    }

    /// Row of a kind of event: those of one moment stand one above the other where there is room: the gate's change, the collapse, the question
    /// and the decision.
    private func row(_ kind: EntryKind) -> Int {
        switch kind {
        case .transition, .outcome: 0
        case .collapse: min(1, plot.height - 1)
        case .request, .response: min(2, plot.height - 1)
        default: 0
        }
    }

    private func isFree(_ pen: Pen, _ cell: Int, _ row: Int) -> Bool {
        [" ", "┊", "▔", "="].contains(pen.screen[plot.x + cell, plot.y + row].glyph)
    }

    private func sign(_ mark: Mark) -> (Unicode.Scalar, Ink, String) {
        let glyph = Sign(mark.kind).glyph(state.settings.glyphs)
        switch mark.kind {
        case .request: return (glyph, .cognitive, "escalated")
        case .response: return (glyph, .cognitive, "")
        case .collapse: return (glyph, .strong, "collapse")
        case .transition where mark.flags.contains(.opens): return (glyph, .good, "opened")
        case .transition where mark.flags.contains(.closes): return (glyph, .bad, "closed")
        case .transition: return (state.settings.glyphs == .ascii ? "-" : "▯", .quiet, "")
        case .outcome: return (glyph, .good, "")
        case .change:
            let isBegin = mark.flags.contains(.begins)
            let sign: Sign = isBegin ? .changeBegins : .changeEnds
            let cell = state.buffer.subjects[Int(state.buffer.entries[mark.number].subject)].owner
            let word =
                mark.flags.contains(.silence)
                ? "\(cell) STALE" : mark.flags.contains(.hunger) ? "\(cell) HUNGRY" : cell
            return (sign.glyph(state.settings.glyphs), isBegin ? .warning : .quiet, isBegin ? word : "")
        default: return (glyph, ink, "")
        }
    }

    /// The value under the cursor, or the newest, and how many waves a second.
    private func drawValue(_ pen: inout Pen) {
        let end = plot.right + Layout.valueCells
        let moment = state.view.cursor ?? state.view.hold?.end
        let column = moment.map { TimeWindow.floor($0, window.scale.column) } ?? window.last
        var newest: TraceColumn?
        for trace in lanes.flatMap(\.traces) {
            let columns = state.buffer.traces[trace].columns
            let number = columns.firstNumber { $0.index > column } - 1
            guard number >= columns.first, columns[number].index >= window.first else { continue }
            if newest.map({ columns[number].index > $0.index }) ?? true { newest = columns[number] }
        }
        if let newest {
            let isHere = newest.index == column && newest.low != newest.high && state.view.cursor != nil
            let text =
                isHere
                ? "\(decimals(TraceColumn.value(newest.low)))–\(decimals(TraceColumn.value(newest.high)))"
                : decimals(TraceColumn.value(newest.last))
            pen.writeBack(text, state.view.cursor == nil ? .strong : .accent, end: end - 1, y: area.y)
        }
        let rate = lanes.reduce(0) { $0 + $1.rate.perSecond(at: now) }
        guard state.view.isLive, rate > 0, area.height > 1 else { return }
        pen.writeBack(
            "\(rate >= 9.95 ? grouped(Int(saturating: rate.rounded())) : decimals(rate, 1)) w/s", .quiet, end: end - 1,
            y: area.y + 1)
    }
}
