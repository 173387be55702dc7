import NimmerTerminal
import NimmerWave

extension ScopeState {
    /// The screen of a size at a moment, which is not before the last event.
    public func draw(width: Int, height: Int, now: Timestamp) -> ScreenBuffer {
        let layout = Layout(width: width, height: height, face: settings.face, hasBanner: isServerLost)
        var pen = Pen(width: width, height: height, settings: settings, theme: view.theme)
        guard layout.isLargeEnough else {
            drawTooSmall(&pen, layout)
            return pen.screen
        }
        let moment = max(Self.bounded(now).nanoseconds, self.now.nanoseconds)
        drawHeader(&pen, layout, moment)
        drawBanner(&pen, layout, moment)
        drawScope(&pen, layout, moment)
        if let area = layout.gates { drawGates(&pen, area, moment) }
        if let area = layout.gateLine { drawGateLine(&pen, area) }
        drawLog(&pen, layout)
        if let area = layout.inspector { drawInspector(&pen, area) }
        if !layout.isWide, let overlay = view.overlay {
            if overlay == .gates {
                drawGates(&pen, layout.overlay, moment)
            } else {
                drawInspector(&pen, layout.overlay)
            }
        }
        if view.isHelpShown { drawHelp(&pen, layout) }
        drawKeys(&pen, layout)
        return pen.screen
    }

    private func drawTooSmall(_ pen: inout Pen, _ layout: Layout) {
        let lines = [
            "nimmer needs \(Layout.minimum.width)x\(Layout.minimum.height)",
            "this is \(layout.width)x\(layout.height)",
            "make it larger, or q to quit",
        ]
        let top = max(0, (layout.height - lines.count) / 2)
        for (row, line) in lines.enumerated() {
            pen.write(
                line, row == 0 ? .strong : .quiet, x: max(0, (layout.width - line.count) / 2), y: top + row,
                maxWidth: layout.width)
        }
    }

    private func drawBanner(_ pen: inout Pen, _ layout: Layout, _ now: Int64) {
        guard let area = layout.banner, case .lost(let server)? = connection else { return }
        pen.screen.fill(area, " ", style: pen.theme.alarm)
        let since = span(nanoseconds: max(0, elapsed(from: connectionChanged.nanoseconds, to: now)))
        let what =
            " ✗ \(server) is lost since \(settings.clock(connectionChanged.nanoseconds, characters: 8)) (\(since))"
        let more = [". Connecting again; what happens meanwhile is not seen.", ", connecting again", ""]
        let text = more.map { what + $0 }.first { $0.terminalColumns < area.width } ?? what
        pen.write(text, pen.theme.alarm, x: area.x, y: area.y, maxWidth: area.width)
        pen.screen.put(Sign.refused.glyph(settings.glyphs), x: area.x + 1, y: area.y, style: pen.theme.alarm)
    }
}
