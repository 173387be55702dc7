import NimmerTerminal
import NimmerWave

extension ScopeState {
    /// Every gate: potential with thresholds and release marks, sign, word; by attention: open gates first.
    func drawGates(_ pen: inout Pen, _ area: Area, _ now: Int64) {
        var title = InkLine("gates", .strong)
        if let moment = momentOfGates {
            title.add("  at \(settings.clock(moment, characters: 8))", .accent)
        } else if let mode = gates.mode {
            title.add("  \(mode.rawValue)", Self.ink(mode))
        }
        title.add("  by \(view.gateOrder.rawValue)\(view.isGateOrderReversed ? ", reversed" : "")", .quiet)
        let inner = pen.pane(area, .gates, title, hasKeys: hasKeys(.gates))
        let all = gatesShown
        guard !all.isEmpty else {
            let text = InkLine("No gate yet: once a second the thalamus lists open and rising gates.", .quiet)
            for (row, line) in Self.wrapped(text, inner.width - 2, indent: 0).enumerated() {
                pen.write(line, x: inner.x + 1, y: inner.y + row, maxWidth: inner.width - 2)
            }
            return
        }
        let rows = gateRows(inner, all)
        let columns = rows.columns
        if columns.hasHeading, rows.top > inner.y { columns.drawHeading(&pen, x: inner.x, y: inner.y, view.gateOrder) }
        var y = rows.top
        let (first, room) = (rows.first, rows.room)
        let selected = all.firstIndex { $0.region.text == selectedGate } ?? 0
        let isMarked = hasKeys(.gates)
        for (place, gate) in all.enumerated().dropFirst(first).prefix(max(0, room)) {
            let row = Area(x: inner.x, y: y, width: inner.width, height: 1)
            columns.draw(
                gate, history: columns.historyCells > 0 ? gates.tracks[gate.region.text] : nil, &pen, row,
                now: momentOfGates ?? now)
            if isMarked, place == selected {
                pen.put("▸", .accent, x: row.x, y: y)
                pen.screen.restyle(row) { pen.theme.select(&$0) }
            }
            y += 1
        }
        if let summary = gates.summary, view.isLive, y + 3 <= inner.bottom {
            drawSummary(summary, &pen, Area(x: inner.x, y: inner.bottom - 2, width: inner.width, height: 2))
        }
        if all.count - first > room, room > 0 {
            let text = " \(all.count - first - room) more ↓ "
            pen.writeBack(text, .quiet, end: inner.right - 1, y: area.bottom - 1)
        }
    }

    /// Position of the gates in their pane: the row of the first that is shown, which one that is, and how many there is room for.
    func gateRows(_ inner: Area, _ all: [AttendedGate]) -> (columns: GateColumns, top: Int, first: Int, room: Int) {
        let columns = GateColumns(inner.width, longest: all.map(\.region.text.count).max() ?? 0)
        let top = inner.y + (columns.hasHeading && inner.height > 3 ? 1 : 0)
        let room = inner.bottom - top
        let selected = all.firstIndex { $0.region.text == selectedGate } ?? 0
        let first = hasKeys(.gates) ? max(0, min(all.count - room, selected - room + 1)) : 0
        return (columns, top, first, room)
    }

    /// Draws what the thalamus has done since its start.
    private func drawSummary(_ summary: Attention, _ pen: inout Pen, _ area: Area) {
        let first =
            "\(grouped(summary.regions)) regions  \(grouped(summary.waves)) waves  \(grouped(summary.openings)) openings"
        var second = "\(grouped(summary.collapses)) collapses  \(grouped(summary.escalations)) escalated"
        if summary.rejected > 0 { second += "  \(grouped(summary.rejected)) refused" }
        pen.write(first, .quiet, x: area.x + 1, y: area.y, maxWidth: area.width - 2)
        pen.write(second, .quiet, x: area.x + 1, y: area.y + 1, maxWidth: area.width - 2)
        if summary.lost > 0 {
            let lost = "lost \(grouped(summary.lost))"
            pen.writeBack(lost, .bad, end: area.right - 1, y: area.y + 1)
        }
    }

    static func ink(_ mode: AttentionMode) -> Ink {
        switch mode {
        case .idle: .quiet
        case .alert: .warning
        case .focused: .good
        case .overwhelmed: .bad
        }
    }

    /// The gates on one line, for a narrow screen: as many as fit, by attention: open gates first.
    func drawGateLine(_ pen: inout Pen, _ area: Area) {
        var x = area.x + 1
        x += pen.write("gates ", hasKeys(.gates) ? .accent : .quiet, x: x, y: area.y)
        if let moment = momentOfGates {
            x += pen.write("at \(settings.clock(moment, characters: 8))  ", .accent, x: x, y: area.y)
        } else if let mode = gates.mode {
            x += pen.write("\(mode.rawValue)  ", Self.ink(mode), x: x, y: area.y)
        }
        let all = gatesShown
        if all.isEmpty { pen.write("none yet", .quiet, x: x, y: area.y) }
        for (place, gate) in all.enumerated() {
            let state = GateColumns.state(gate.state, settings.glyphs)
            let text = "\(gate.region) \(signed(gate.potential)) "
            let more = all.count - place
            guard x + text.count + 6 + (more > 1 ? 9 : 0) < area.right else {
                pen.write(" \(more) more", .quiet, x: x, y: area.y)
                break
            }
            x += pen.write(text, .text, x: x, y: area.y)
            x += pen.write("\(state.sign) \(state.word)", state.ink, x: x, y: area.y) + 3
        }
    }
}

/// The columns of the gates pane, as many as its width allows.
struct GateColumns {
    let name: Int
    let bar: Int
    let isLong: Bool
    let historyCells: Int
    var hasHeading: Bool { isLong }

    init(_ width: Int, longest: Int) {
        isLong = width >= 76
        let fixed = isLong ? 1 + 1 + 5 + 2 + 8 + 2 + 5 + 1 + 3 + 1 + 10 + 2 : 1 + 1 + 5 + 1 + 6 + 1
        let free = width - fixed
        let name = max(6, min(isLong ? 24 : 14, min(longest, free / 2)))
        self.name = name
        let rest = max(0, free - name - 1)
        let isVeryLong = isLong && rest >= 44
        historyCells = isVeryLong ? min(60, rest / 2) : 0
        let bar = min(61, rest - (isVeryLong ? historyCells + 2 : 0))
        self.bar = bar - (bar + 1) % 2
    }

    /// A gate's state by sign, word and meaning together.
    static func state(_ state: GateState, _ glyphs: GlyphLevel) -> (sign: String, word: String, ink: Ink) {
        let isPlain = glyphs == .ascii
        return switch state {
        case .open: (isPlain ? "^" : "▲", "OPEN", .good)
        case .stable: (isPlain ? "-" : "─", "STBL", .quiet)
        case .closed: (isPlain ? "v" : "▼", "CLSD", .bad)
        }
    }

    /// The columns by which one can order, with their widths, in their order.
    private var headings: [(text: String, width: Int, order: GateOrder?)] {
        [
            (padded("gate", name), name + 1, .name), (indented("pot", 5), 7, .value), ("state", 10, .state),
            ("trust", 6, .trust), ("wit", 4, .witnesses), (indented("opened", 10), 12, .change), ("-1", bar, .value),
            ("", historyCells == 0 ? 0 : 2, nil), ("before", historyCells, nil),
        ]
    }

    /// The order that the heading of a column names; nil where it names no order.
    func order(at x: Int) -> GateOrder? {
        var end = 1
        for heading in headings {
            end += heading.width
            if x < end { return x < 1 ? nil : heading.order }
        }
        return nil
    }

    func drawHeading(_ pen: inout Pen, x: Int, y: Int, _ order: GateOrder) {
        var x = x + 1
        for (text, width, own) in headings where width > 0 {
            pen.write(text, own == order && text != "-1" ? .strong : .quiet, x: x, y: y, maxWidth: width)
            x += width
        }
        let barEnd = x - (historyCells == 0 ? 0 : historyCells + 2)
        pen.write("0", .quiet, x: barEnd - bar / 2 - 1, y: y)
        pen.writeBack("+1", .quiet, end: barEnd, y: y)
    }

    func draw(_ gate: AttendedGate, history: GateTrack?, _ pen: inout Pen, _ row: Area, now: Int64) {
        let state = Self.state(gate.state, pen.glyphs)
        var x = row.x + 1
        pen.write(gate.region.text, gate.state == .open ? .strong : .text, x: x, y: row.y, maxWidth: name)
        x += name + 1
        pen.write(signed(gate.potential), gate.potential.magnitude < 0.01 ? .quiet : .text, x: x, y: row.y)
        x += isLong ? 7 : 6
        let word = isLong ? EventText.state(gate.state).text : state.word
        pen.write("\(state.sign) \(word)", state.ink, x: x, y: row.y)
        x += isLong ? 10 : 7
        if isLong {
            pen.write(indented(decimals(gate.weight), 5), .quiet, x: x, y: row.y)
            pen.write(indented("\(min(999, gate.witnesses))", 3), .quiet, x: x + 6, y: row.y)
            let opened = gate.openedAt.map {
                $0.nanoseconds <= now ? "\(span(nanoseconds: elapsed(from: $0.nanoseconds, to: now))) ago" : ""
            }
            pen.write(indented(opened ?? "never", 10), .quiet, x: x + 10, y: row.y)
            x += 22
        }
        drawBar(gate, state.ink, &pen, x: x, y: row.y)
        if let history {
            drawHistory(history, &pen, x: x + bar + 2, y: row.y, now: now)
        }
    }

    /// The potential between -1 and 1: zero in the middle, the thresholds and the levels of release as marks.
    private func drawBar(_ gate: AttendedGate, _ ink: Ink, _ pen: inout Pen, x: Int, y: Int) {
        guard bar >= 5 else { return }
        let half = bar / 2
        let length = min(1, gate.potential.magnitude) * Double(half)
        let isAscii = pen.glyphs == .ascii
        for cell in 1...half {
            let part = max(0, min(1, length - Double(cell - 1)))
            let isPositive = gate.potential >= 0
            if isPositive {
                pen.shape(Bars.length(part, pen.glyphs), ink == .quiet ? .nervous : ink, x: x + half + cell, y: y)
            } else {
                pen.shape(Bars.lengthBack(part, pen.glyphs), ink == .quiet ? .nervous : ink, x: x + half - cell, y: y)
            }
        }
        func mark(_ value: Double, _ glyph: Unicode.Scalar, _ ink: Ink) {
            let cell = half.addingSaturated(Int(saturating: (value * Double(half)).rounded()))
            guard cell != half, cell >= 0, cell < bar else { return }
            let there = pen.screen[x + cell, y]
            if there.glyph == " " || there.glyph == "▏" {
                pen.put(glyph, ink, x: x + cell, y: y)
            } else {
                pen.screen.put(
                    glyph, x: x + cell, y: y,
                    style: Style(foreground: pen.theme.background, background: there.style.foreground, bold: true))
            }
        }
        pen.put("│", .quiet, x: x + half, y: y)
        mark(gate.openThreshold * gate.releaseFraction, isAscii ? ":" : "┊", .quiet)
        mark(gate.closeThreshold * gate.releaseFraction, isAscii ? ":" : "┊", .quiet)
        mark(gate.openThreshold, isAscii ? "]" : "▕", .text)
        mark(gate.closeThreshold, isAscii ? "[" : "▏", .text)
    }

    /// Draws the course of the potential, a second a cell.
    private func drawHistory(_ track: GateTrack, _ pen: inout Pen, x: Int, y: Int, now: Int64) {
        for cell in 0..<historyCells {
            let moment = now - Int64(historyCells - 1 - cell) * 1_000_000_000
            guard let sample = track.sample(at: moment) else { continue }
            let ink: Ink = sample.state == .open ? .good : sample.state == .closed ? .bad : .quiet
            pen.shape(Bars.level(Double(abs(sample.potential)), pen.glyphs), ink, x: x + cell, y: y)
        }
    }
}
