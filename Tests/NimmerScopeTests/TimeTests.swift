import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

@Suite struct TimeTests {
    @Test(arguments: TimeScale.steps) func columnsAreWholeNanoseconds(_ milliseconds: Int64) {
        #expect(milliseconds * 1_000_000 % TimeScale.columnsPerDivision == 0)
    }

    @Test(arguments: [false, true]) func everyCellHasItsMoment(_ isSweep: Bool) {
        for cells in [1, 2, 17, 57, 160] {
            for end in [Int64(0), 1, 123_456_789_012, 1_795_262_400_000_000_000] {
                let window = TimeWindow(end: end, cells: cells, scale: TimeScale(), isSweep: isSweep, wholeCells: false)
                for cell in 0..<cells {
                    let found = window.cell(at: window.moment(ofCell: cell))
                    // A sweep keeps the cell in front of its pen free.
                    #expect(found == cell || (isSweep && found == nil))
                }
                #expect(window.place(ofColumn: window.last) != nil || isSweep && cells == 1)
                #expect(window.cell(at: window.start - 1) == nil && window.cell(at: window.end) == nil)
            }
        }
    }

    @Test func aSweepStandsStillAndOnlyThePenMoves() {
        let scale = TimeScale()
        let start: Int64 = 1_795_262_400_000_000_000
        let moment = start - 5 * scale.cell
        let places = (0..<20).map { step in
            TimeWindow(end: start + Int64(step) * scale.cell, cells: 60, scale: scale, isSweep: true, wholeCells: false)
                .cell(at: moment)
        }
        #expect(Set(places).count == 1 && places[0] != nil)
    }

    @Test func dotsAndDashesDoNotShimmer() throws {
        var trace = Trace(lane: 0, origin: "a", isVirtual: true)
        let duration = TimeScale().column
        for column in 0..<200 { trace.add(0.5, at: Int64(column) * 4 * duration, duration: duration) }
        let exchange = Exchange(id: MessageID(high: 0, low: 0), from: 0, to: .max, value: 0.9)
        /// The columns of time that have a dot, wherever the window is.
        func dots(_ last: Int64) -> Set<Int64> {
            let scale = TimeScale()
            let window = TimeWindow(
                end: last * scale.column, cells: 60, scale: scale, isSweep: false, wholeCells: false)
            var drawing = TraceDrawing(window: window, rows: 2, level: .braille, isSigned: false)
            drawing.add(trace)
            drawing.add(exchange, now: .max)
            var found = Set<Int64>()
            for cell in 0..<60 {
                for row in 0..<2 {
                    guard let glyph = drawing.canvas.glyph(cell, row) else { continue }
                    let pattern = glyph.value - 0x2800
                    if pattern & 0b0100_0111 != 0 { found.insert(window.first + Int64(cell) * 2 + Int64(row) * 10_000) }
                    if pattern & 0b1011_1000 != 0 {
                        found.insert(window.first + Int64(cell) * 2 + 1 + Int64(row) * 10_000)
                    }
                }
            }
            return found
        }
        let (before, after) = (dots(400), dots(403))
        let common = { (set: Set<Int64>) in set.filter { (300...399).contains($0 % 10_000) } }
        #expect(common(before) == common(after) && common(before).count > 50)
    }

    @Test func panesTileTheScreen() {
        for face in [ScopeSettings.Face.tail, .gates] {
            for width in stride(from: 80, through: 240, by: 7) {
                for height in stride(from: 24, through: 80, by: 3) {
                    for hasBanner in [false, true] {
                        let layout = Layout(width: width, height: height, face: face, hasBanner: hasBanner)
                        let panes = [
                            layout.header, layout.banner, layout.scope, layout.gates, layout.gateLine, layout.log,
                            layout.inspector, layout.keys,
                        ].compactMap { $0 }
                        #expect(panes.reduce(0) { $0 + $1.width * $1.height } == width * height)
                        for (index, pane) in panes.enumerated() {
                            for other in panes.dropFirst(index + 1) { #expect(pane.intersection(other).isEmpty) }
                        }
                    }
                }
            }
        }
    }

    @Test func nothingMovesBeforeTheNextSubColumn() throws {
        let stage = Stage(try GoldenScreenTests.plant.get(), seconds: 79)
        let next = stage.scope.nextChange(after: stage.now)
        let before = stage.scope.draw(width: 120, height: 36, now: stage.now)
        let still = stage.scope.draw(width: 120, height: 36, now: Timestamp(nanoseconds: next.nanoseconds - 1))
        #expect(before == still, "a redraw before \(next) would change nothing")
        #expect(next.milliseconds(since: stage.now) <= 469)
    }

    @Test func spansAsPeopleReadThem() {
        #expect(span(nanoseconds: 840_000_000) == "840ms")
        #expect(span(nanoseconds: 12_340_000_000) == "12.3s")
        #expect(span(nanoseconds: 245_000_000_000) == "4m05s")
        #expect(span(nanoseconds: 7_380_000_000_000) == "2h03m")
        #expect(span(nanoseconds: -4_100_000_000) == "-4.1s")
        #expect(span(nanoseconds: .max) == "11574d" && span(nanoseconds: .min).hasPrefix("-"))
        #expect(roundSpan(nanoseconds: 45_000_000_000) == "45s" && roundSpan(nanoseconds: 120_000_000_000) == "2m")
        #expect(grouped(1_234_567) == "1,234,567" && grouped(-12) == "-12")
        #expect(decimals(.nan) == "—" && signed(-0.001) == "+0.00")
    }
}
