import NimmerTerminal
import NimmerWave

extension ScopeState {
    /// Draws the first line, in the environment's colour: what runs where, whether it follows, and how much comes.
    func drawHeader(_ pen: inout Pen, _ layout: Layout, _ now: Int64) {
        let area = layout.header
        let theme = pen.theme
        pen.screen.fill(area, " ", style: theme.header)
        let title = " \(settings.title)  "
        let chip = " \(settings.environment.rawValue.uppercased()) "
        let right = status(now, columns: area.width - title.terminalColumns - chip.terminalColumns - 2)
        let rightColumns = right.reduce(0) { $0 + $1.text.terminalColumns }
        let limit = area.width - rightColumns - 2
        var x = 0
        func add(_ text: String, _ style: Style) {
            guard x < limit else { return }
            x += pen.write(text, style, x: x, y: area.y, maxWidth: limit - x)
        }
        add(title.terminalColumns + chip.terminalColumns <= limit ? title : " ", theme.header.with(adding: .bold))
        add(chip, theme.chip)
        var parts = [("  \(settings.patterns)", theme.headerQuiet)]
        if case .recording(let path) = settings.source {
            parts.append(("  \(path.split(separator: "/").last ?? "")", theme.header))
        }
        if buffer.minimumConfidence > 0 {
            let sign = settings.glyphs == .ascii ? ">=" : "≥"
            parts.append(("  conf\(sign)\(decimals(buffer.minimumConfidence))", theme.header))
        }
        if !buffer.filter.text.isEmpty { parts.append(("  /\(buffer.filter.text)", theme.header.with(adding: .bold))) }
        // What hides something is reported before what is listened to.
        while let first = parts.first, x + parts.reduce(0, { $0 + $1.0.terminalColumns }) > limit {
            if parts.count == 1, limit - x > 12, first.0.terminalColumns > 12 { break }
            parts.removeFirst()
        }
        for (text, style) in parts { add(text, style) }
        x = area.width - rightColumns
        for piece in right { x += pen.write(piece.text, piece.style(theme), x: x, y: area.y) }
    }

    private struct Piece {
        var text: String
        var isAlarm = false
        var isQuiet = false
        var isBold = false
        var kind = Kind.state

        enum Kind { case state, rate, losses, roundTrip }

        func style(_ theme: Theme) -> Style {
            if isAlarm { return theme.alarm }
            let style = isQuiet ? theme.headerQuiet : theme.header
            return isBold ? style.with(adding: .bold) : style
        }
    }

    /// Pieces at the right: on a narrow screen without what matters least.
    private func status(_ now: Int64, columns: Int) -> [Piece] {
        var pieces = state(now)
        for omitted in [Piece.Kind.roundTrip, .losses, .rate] {
            if pieces.reduce(0, { $0 + $1.text.terminalColumns }) <= columns { break }
            pieces.removeAll { $0.kind == omitted }
        }
        return ascii(pieces)
    }

    private func state(_ now: Int64) -> [Piece] {
        var pieces: [Piece] = []
        if isRecording { pieces += [Piece(text: " ● REC \(grouped(recorded)) ", isAlarm: true), Piece(text: "  ")] }
        if let hold = view.hold {
            let back = span(nanoseconds: max(0, now - (view.cursor ?? hold.at)))
            let new = buffer.arrivedShown - hold.arrived
            pieces.append(Piece(text: "‖ PAUSED \(back) back, \(grouped(max(0, new))) new", isBold: true))
        } else if case .recording = settings.source {
            let digits = playback.speed == playback.speed.rounded() ? 0 : 3
            let text =
                switch playback.motion {
                case .playing: "► \(decimals(playback.speed, digits))x"
                case .stopped: "‖ STOPPED"
                case .ended: "■ END"
                }
            pieces.append(Piece(text: text, isBold: true))
        } else {
            pieces.append(
                isServerLost ? Piece(text: "✗ NO SERVER", isBold: true) : Piece(text: "● LIVE", isBold: true))
        }
        let perSecond = buffer.rate.perSecond(at: now)
        let rate = perSecond >= 10 ? grouped(Int(saturating: perSecond.rounded())) : decimals(perSecond, 1)
        pieces.append(Piece(text: "  \(rate) w/s", kind: .rate))
        if lost > 0 {
            pieces += [Piece(text: "  "), Piece(text: " lost \(grouped(lost)) ", isAlarm: true)]
        } else {
            pieces.append(Piece(text: "  lost 0", isQuiet: true, kind: .losses))
        }
        if let roundTrip {
            pieces.append(Piece(text: "  nats \(decimals(roundTrip, 1))ms", isQuiet: true, kind: .roundTrip))
        }
        pieces.append(Piece(text: "  \(settings.clock(now, characters: 8)) "))
        return pieces
    }

    /// The signs of the header for a terminal that has none.
    private func ascii(_ pieces: [Piece]) -> [Piece] {
        guard settings.glyphs == .ascii else { return pieces }
        return pieces.map { piece in
            var piece = piece
            for (sign, plain) in [("‖", "="), ("●", "*"), ("►", ">"), ("■", "#"), ("✗", "x")] {
                if let (before, after) = piece.text.halves(around: sign) { piece.text = before + plain + after }
            }
            return piece
        }
    }
}
