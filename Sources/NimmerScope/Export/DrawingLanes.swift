import NimmerTerminal
import NimmerWave

extension ScopeDrawing {
    private static func className(_ domain: SubjectDomain) -> String {
        switch domain {
        case .nervous: "nervous"
        case .cognitive: "cognitive"
        case .organs: "organs"
        }
    }

    /// The shades of origins as rules of a style sheet; the first of each world is the world's own colour.
    static func shades(light: Bool) -> String {
        let theme = Theme(.dev, .truecolor, light ? .light : .dark)
        return [SubjectDomain.nervous, .cognitive, .organs].map { domain in
            (1..<theme.shades(domain)).map { place in
                let digits = String(theme.style(domain, shade: place).foreground.rgb, radix: 16)
                let color = "#" + String(repeating: "0", count: 6 - digits.count) + digits
                return ".\(className(domain))\(place){stroke:\(color)}.\(className(domain))\(place)name{fill:\(color)}"
            }.joined()
        }.joined(separator: "\n")
    }

    private static func className(_ domain: SubjectDomain, shade place: Int) -> String {
        let shade = place % Theme(.dev, .truecolor, .dark).shades(domain)
        return shade == 0 ? className(domain) : "\(className(domain))\(shade)"
    }

    /// One lane: its name, origins and scale, its openings, its traces, and what happened.
    func draw(_ group: LaneGroup, _ members: [Lane], _ traces: [Trace], _ top: Double, _ out: inout SVGText) {
        let bottom = top + Self.laneHeight
        let name = Self.className(group.domain)
        let end = Self.left + Self.plotWidth
        let isSigned = members.contains { $0.denials > 0 }
        out.text(16, top + 14, "\(name)name", group.name)
        drawOrigins(group, traces, top, &out)
        out.text(Self.left - 8, top + 6, "quiet end", isSigned ? "+1" : "1")
        out.text(Self.left - 8, bottom + 4, "quiet end", isSigned ? "-1" : "0")
        drawOpenings(group, top, &out)
        out.line(Self.left, bottom, end, bottom, "axis")
        if isSigned { out.line(Self.left, top + Self.laneHeight / 2, end, top + Self.laneHeight / 2, "axis") }
        for trace in traces {
            draw(
                trace, isSigned: isSigned, Self.className(group.domain, shade: group.place(of: trace.origin)), top, &out
            )
        }
        for lane in members { drawEvents(lane, isSigned: isSigned, name, top, bottom, &out) }
    }

    /// The legend of a lane: its origins in their shades.
    private func drawOrigins(_ group: LaneGroup, _ traces: [Trace], _ top: Double, _ out: inout SVGText) {
        let places = Set(traces.map { group.place(of: $0.origin) }).sorted()
        guard places != [0] || group.origins[0] != group.name else { return }
        let rows = 4
        let isCut = places.count > rows
        for (row, place) in places.prefix(isCut ? rows - 1 : rows).enumerated() {
            out.text(
                16, top + 31 + 15 * Double(row), "\(Self.className(group.domain, shade: place))name",
                group.origins[place])
        }
        if isCut { out.text(16, top + 31 + 15 * Double(rows - 1), "quiet", "+\(places.count - rows + 1) more") }
    }

    private func drawEvents(
        _ lane: Lane, isSigned: Bool, _ name: String, _ top: Double, _ bottom: Double, _ out: inout SVGText
    ) {
        for number in lane.exchanges.numbers {
            let exchange = lane.exchanges[number]
            guard exchange.from < to, exchange.to >= from else { continue }
            let y = y(Double(exchange.value), isSigned: isSigned, top)
            // One of a negligible duration must still be visible.
            let start = x(exchange.from)
            let end = max(start + 5, x(min(exchange.to, state.now.nanoseconds)))
            out.line(start, y, end, y, "trace dashed \(name)")
        }
        for number in lane.marks.numbers {
            let mark = lane.marks[number]
            if (from..<to).contains(mark.at), state.buffer.isShown(mark.number) {
                draw(mark, name, x(mark.at), top, bottom, &out)
            }
        }
    }

    private func drawOpenings(_ group: LaneGroup, _ top: Double, _ out: inout SVGText) {
        guard group.domain == .nervous, let openings = state.gates.tracks[group.name]?.openings else { return }
        for number in openings.numbers where openings[number].start < to && openings[number].end >= from {
            let start = x(openings[number].start)
            let end = x(min(openings[number].end, state.now.nanoseconds))
            out.rectangle(start, top, max(1, end - start), Self.laneHeight, "band")
            out.line(start, top, max(start + 1, end), top, "bandline")
        }
    }

    /// A trace as two paths: what resonates solid, what does not dotted.
    private func draw(_ trace: Trace, isSigned: Bool, _ name: String, _ top: Double, _ out: inout SVGText) {
        var solid = ""
        var dotted = ""
        var before: TraceColumn?
        for number in trace.columns.numbers {
            let here = trace.columns[number]
            let (low, high) = (TraceColumn.value(here.low), TraceColumn.value(here.high))
            let x = x(column: here.index)
            if let before, here.isJoined || here.index - before.index <= TraceDrawing.shortGap {
                let (start, end) = (TraceColumn.value(before.last), TraceColumn.value(here.first))
                let isTentative = trace.isVirtual || max(abs(start), abs(end)) < MessageBuffer.floor
                let piece =
                    "M\(decimals(self.x(column: before.index), 1)) \(decimals(y(start, isSigned: isSigned, top), 1))"
                    + "L\(decimals(x, 1)) \(decimals(y(end, isSigned: isSigned, top), 1))"
                if isTentative { dotted += piece } else { solid += piece }
            } else if low == high {
                solid += "M\(decimals(x - 2, 1)) \(decimals(y(low, isSigned: isSigned, top), 1))h4"
            }
            if low != high {
                solid +=
                    "M\(decimals(x, 1)) \(decimals(y(high, isSigned: isSigned, top), 1))V\(decimals(y(low, isSigned: isSigned, top), 1))"
            }
            before = here
        }
        if !solid.isEmpty { out.path(solid, trace.isVirtual ? "trace dotted \(name)" : "trace \(name)") }
        if !dotted.isEmpty { out.path(dotted, "trace dotted \(name)") }
    }

    private func draw(
        _ mark: Mark, _ name: String, _ x: Double, _ top: Double, _ bottom: Double, _ out: inout SVGText
    ) {
        let middle = top + Self.laneHeight / 2
        switch mark.kind {
        case .collapse: out.ring(x, middle, "collapse")
        case .request: out.diamond(x, top + 14, "request")
        case .response: out.diamond(x, top + 28, "response")
        case .transition where mark.flags.contains(.opens): out.triangle(x, top - 2, up: true, "opened")
        case .transition where mark.flags.contains(.closes): out.triangle(x, bottom + 2, up: false, "closed")
        case .transition: out.line(x, top - 5, x, top + 5, "released")
        case .change:
            out.half(x, bottom, left: mark.flags.contains(.begins), mark.flags.contains(.begins) ? "begins" : "ends")
        case .command, .result: out.text(x, middle + 5, "\(name)name middle", mark.kind == .command ? "→" : "←")
        default: break
        }
    }

    /// Draws the meanings of lines, colours and signs.
    func drawLegend(_ out: inout SVGText, _ y: Double) {
        var x = Self.left
        func next(_ text: String, _ width: Double, _ draw: (Double) -> Void) {
            draw(x)
            out.text(x + 26, y + 4, "quiet", text)
            x += width
        }
        next("wave", 74) { out.line($0, y, $0 + 20, y, "trace nervous") }
        next("below the floor, or virtual", 196) { out.line($0, y, $0 + 20, y, "trace dotted nervous") }
        next("question to answer", 152) { out.line($0, y, $0 + 20, y, "trace dashed cognitive") }
        next("open", 72) {
            out.rectangle($0, y - 7, 20, 14, "band")
            out.line($0, y - 7, $0 + 20, y - 7, "bandline")
        }
        next("opened", 84) { out.triangle($0 + 10, y - 2, up: true, "opened") }
        next("closed", 80) { out.triangle($0 + 10, y + 2, up: false, "closed") }
        next("collapse", 94) { out.ring($0 + 10, y, "collapse") }
        next("escalated", 100) { out.diamond($0 + 10, y, "request") }
        next("decided", 90) { out.diamond($0 + 10, y, "response") }
        x = Self.left
        for (name, text) in [("nervous", "nervous"), ("cognitive", "cognitive"), ("organs", "organs")] {
            out.text(x, y + 24, "\(name)name", text)
            x += 74
        }
        for (sign, text, width) in [("→", "command", 86.0), ("←", "what came of it", 150)] {
            out.text(x, y + 24, "organsname", sign)
            out.text(x + 18, y + 24, "quiet", text)
            x += width
        }
        for (isBegin, text) in [(true, "change begins"), (false, "change ends")] {
            out.half(x + 10, y + 20, left: isBegin, isBegin ? "begins" : "ends")
            out.text(x + 22, y + 24, "quiet", text)
            x += 130
        }
    }
}
