import NimmerWave

extension ScopeState {
    /// A stretch of time as an SVG drawing.
    func drawing(from: Int64, to: Int64) -> [UInt8] { ScopeDrawing(self, from: from, to: to).svg() }
}

/// The scope as SVG, in the same visual language as the screen: colour is the world, line style the direction, bands are
/// openings, signs what happened (oscilloscope.md, The visual language).
struct ScopeDrawing {
    static let left = 150.0
    static let right = 24.0
    static let plotWidth = 1000.0
    static let laneHeight = 84.0
    static let laneGap = 18.0
    static let top = 64.0
    /// Columns across the plot.
    static let columns = Int64(1000)

    let state: ScopeState
    let from: Int64
    let to: Int64
    let column: Int64
    /// The lanes that have something in it, with their traces drawn in this drawing's own columns.
    var lanes: [(group: LaneGroup, members: [Lane], traces: [Trace])] = []

    init(_ state: ScopeState, from: Int64, to: Int64) {
        self.state = state
        self.from = from
        self.to = max(to, from + Self.columns)
        column = max(1, (self.to - from) / Self.columns)
        collect()
    }

    private mutating func collect() {
        var traces = state.buffer.traces.map { trace in
            var own = Trace(lane: trace.lane, origin: trace.origin, isVirtual: trace.isVirtual)
            own.state(trace.stated / 1_000_000)
            return own
        }
        var place = state.buffer.shown.firstNumber { state.buffer.entries[$0].at >= from }
        while place < state.buffer.shown.end {
            let entry = state.buffer.entries[state.buffer.shown[place]]
            place += 1
            guard entry.at < to else { break }
            if entry.kind == .wave { traces[Int(entry.trace)].add(entry.value, at: entry.at - from, duration: column) }
        }
        for number in state.groupsShown {
            let group = state.buffer.groups[number]
            let members = state.members(of: group)
            let own = members.flatMap(\.traces).map { traces[$0] }.filter { !$0.columns.isEmpty }
            let isBusy = members.contains { lane in
                lane.marks.numbers.contains { (from..<to).contains(lane.marks[$0].at) }
                    || lane.exchanges.numbers.contains {
                        lane.exchanges[$0].from < to && lane.exchanges[$0].to >= from
                    }
            }
            if !own.isEmpty || isBusy { lanes.append((group, members, own)) }
        }
    }

    func x(_ moment: Int64) -> Double {
        Self.left + Self.plotWidth * Double(min(to, max(from, moment)) - from) / Double(to - from)
    }

    func x(column index: Int64) -> Double { x(from + index * column + column / 2) }

    func y(_ value: Double, isSigned: Bool, _ top: Double) -> Double {
        let part = isSigned ? (1 - value) / 2 : 1 - value
        return top + max(0, min(1, part)) * Self.laneHeight
    }

    func top(_ place: Int) -> Double { Self.top + Double(place) * (Self.laneHeight + Self.laneGap) }

    /// The whole text.
    func svg() -> [UInt8] {
        let bottom = top(max(1, lanes.count))
        let width = Self.left + Self.plotWidth + Self.right
        let height = bottom + 74
        var out = SVGText()
        out.open(width: width, height: height, style: Self.style)
        out.text(16, 30, "title", state.settings.environment.rawValue.uppercased(), more: "chip")
        out.text(80, 30, "title", "waves and gates")
        out.text(
            Self.left + Self.plotWidth, 30, "quiet end",
            "\(Timestamp(nanoseconds: from).rfc3339.prefix(10)) \(state.settings.clock(from, characters: 8)) to "
                + "\(state.settings.clock(to, characters: 8))")
        drawTimes(&out, bottom)
        for (place, lane) in lanes.enumerated() { draw(lane.group, lane.members, lane.traces, top(place), &out) }
        if lanes.isEmpty { out.text(Self.left + 20, Self.top + 40, "quiet", "Nothing arrived in this time.") }
        drawLegend(&out, bottom + 44)
        out.close()
        return out.bytes
    }

    /// Lines and labels at round times, six to twelve of them.
    private func drawTimes(_ out: inout SVGText, _ bottom: Double) {
        let steps: [Int64] =
            [1, 2, 5, 10, 20, 50, 100, 200, 500].map { $0 * 1_000_000 }
            + [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400].map { $0 * 1_000_000_000 }
        let step = steps.first { (to - from) / $0 <= 12 } ?? (to - from)
        var moment = (TimeWindow.floor(from, step) + 1) * step
        while moment < to {
            let x = x(moment)
            out.line(x, Self.top - 10, x, bottom - Self.laneGap + 6, "grid")
            out.text(
                x, bottom + 8, "quiet middle", state.settings.clock(moment, characters: step < 1_000_000_000 ? 12 : 8))
            moment += step
        }
    }

    private static let style = """
        .ground{fill:#ffffff}.ink{fill:#1c2529}.title{fill:#1c2529;font-weight:600;font-size:15px}
        .chip{fill:#2f7d4f}.quiet{fill:#66737b}.end{text-anchor:end}.middle{text-anchor:middle}
        .grid{stroke:#e4e9eb;stroke-width:1}.axis{stroke:#c3ccd0;stroke-width:1}
        .band{fill:#d9f2e2}.bandline{stroke:#2f9e5b;stroke-width:2}
        .trace{fill:none;stroke-width:1.4;stroke-linejoin:round}.dotted{stroke-dasharray:1.5 3}.dashed{stroke-dasharray:7 4}
        .nervous{stroke:#0b8791}.cognitive{stroke:#6c43d0}.organs{stroke:#cc4a26}
        .nervousname{fill:#0b8791}.cognitivename{fill:#6c43d0}.organsname{fill:#cc4a26}
        .collapse{fill:none;stroke:#1c2529;stroke-width:1.6}.dot{fill:#1c2529}
        .request{fill:#6c43d0}.response{fill:#ffffff;stroke:#6c43d0;stroke-width:1.6}
        .opened{fill:#2f9e5b}.closed{fill:#c8373c}.released{fill:none;stroke:#66737b;stroke-width:1.2}
        .begins{fill:#b36b00}.ends{fill:#ffffff;stroke:#66737b;stroke-width:1.2}
        \(shades(light: true))
        @media (prefers-color-scheme:dark){
        .ground{fill:#0d1214}.ink,.title{fill:#e3eaed}.chip{fill:#63d98a}.quiet{fill:#8997a0}
        .grid{stroke:#1d272b}.axis{stroke:#3a474d}.band{fill:#12301f}.bandline{stroke:#63d98a}
        .nervous{stroke:#4fd1d9}.cognitive{stroke:#b692ff}.organs{stroke:#ff8a6b}
        .nervousname{fill:#4fd1d9}.cognitivename{fill:#b692ff}.organsname{fill:#ff8a6b}
        .collapse{stroke:#e3eaed}.dot{fill:#e3eaed}.request{fill:#b692ff}.response{fill:#0d1214;stroke:#b692ff}
        .opened{fill:#63d98a}.closed{fill:#f0555a}.released{stroke:#8997a0}
        .begins{fill:#ffbd5e}.ends{fill:#0d1214;stroke:#8997a0}
        \(shades(light: false))
        }
        """
}
