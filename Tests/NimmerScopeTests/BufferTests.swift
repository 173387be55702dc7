import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

/// The buffer keeps what it says it keeps, and what it counts is what one would count.
@Suite struct BufferTests {
    static func wave(
        _ region: String, _ confidence: Double, origin: String = "cell", polarity: Int = 1, garden: Garden = .real,
        padding: Int = 0
    ) throws -> [UInt8] {
        let content = "{\"text\":\"\(String(repeating: "x", count: padding))\"}"
        let wave = WaveSignal(
            domain: try Token(region), confidence: confidence, semanticContent: .raw(Array(content.utf8)),
            polarity: polarity, origin: try Token(origin))
        return Envelope(
            id: MessageID(high: 0x7000, low: 1 << 63), at: Scenario.start,
            from: Source(entityID: origin, entityType: .cell, garden: garden), wave
        ).encoded()
    }

    private func buffer(_ tune: (inout ScopeLimits) -> Void = { _ in }) -> MessageBuffer {
        var limits = ScopeLimits()
        tune(&limits)
        return MessageBuffer(limits, filter: "", minimumConfidence: 0, column: TimeScale().column)
    }

    @Test func theLineOfASlowSensorGoesOverItsIntervals() {
        func joined(_ seconds: [Double], stated: Double) -> [Bool] {
            var trace = Trace(lane: 0, origin: "slow", isVirtual: false)
            trace.state(stated)
            // What states nothing changes nothing.
            trace.state(0)
            for second in seconds { trace.add(0.5, at: Int64(saturating: second * 1e9), duration: 1_000_000_000) }
            return trace.columns.numbers.map { trace.columns[$0].isJoined }
        }
        let minutes = [0.0, 60, 120, 180, 240]
        #expect(joined(minutes, stated: 0) == [false, false, false, false, false])
        #expect(joined(minutes, stated: 60_000) == [false, false, true, true, true])
        #expect(joined([0, 60, 120, 7200], stated: 60_000) == [false, false, true, false])
    }

    @Test func keepsSoManyMessagesAndNoMore() throws {
        var buffer = buffer {
            $0.messages = 5000
            $0.waveBytes = 1 << 20
        }
        let payload = try Self.wave("math", 0.5, padding: 600)
        for number in 0..<30_000 {
            _ = buffer.receiveWave(
                subject: "dev.nervous.cells.math.wave", payload: payload, at: Int64(number) * 1_000_000)
        }
        #expect(buffer.entries.count == 5000 && buffer.shown.count == 5000)
        let oldest = try #require(buffer.entries.oldest)
        #expect(oldest.at == 25_000_000_000)
        #expect(buffer.traces[0].columns.count <= 12, "5 seconds in columns of 469 ms")
        #expect(buffer.lanes[0].shown == 5000)
        let kept = buffer.entries.numbers.count { buffer.bytes(of: buffer.entries[$0]) != nil }
        #expect(kept > 500 && kept * payload.count <= 1 << 20, "bytes are bounded, and the newest kept: \(kept)")
        #expect(buffer.bytes(of: buffer.entries[buffer.entries.end - 1]).map(Array.init) == payload)
        #expect(buffer.bytes(of: buffer.entries[buffer.entries.first]) == nil)
    }

    @Test func keepsNothingOlderThanItsAge() throws {
        var buffer = buffer { $0.ageMilliseconds = 60_000 }
        let payload = try Self.wave("math", 0.5)
        for second in 0..<300 {
            _ = buffer.receiveWave(
                subject: "dev.nervous.cells.math.wave", payload: payload, at: Int64(second) * 1_000_000_000)
            buffer.receive(
                .collapse, subject: "dev.nervous.thalamus.collapse", payload: [0x7b, 0x7d],
                at: Int64(second) * 1_000_000_000, lane: ("math", .nervous), value: 0.5)
        }
        #expect(buffer.entries.count == 122 && buffer.entries.oldest?.at == 239_000_000_000)
        #expect(buffer.lanes[0].marks.count == 61)
        buffer.forget(olderThan: 1_000_000_000_000)
        #expect(buffer.entries.isEmpty && buffer.shown.isEmpty && buffer.lanes[0].shown == 0)
        #expect(buffer.lanes[0].marks.isEmpty && buffer.traces[0].columns.isEmpty)
    }

    @Test func namesAreBounded() throws {
        var buffer = buffer()
        for number in 0..<5000 {
            let payload = try Self.wave("region\(number)", 0.5, origin: "origin\(number)")
            _ = buffer.receiveWave(subject: "dev.nervous.cells.cell\(number).wave", payload: payload, at: Int64(number))
        }
        #expect(buffer.lanes.count <= MessageBuffer.maximumLanes + 1)
        #expect(buffer.traces.count <= MessageBuffer.maximumTraces + MessageBuffer.maximumLanes + 1)
        #expect(buffer.shown.count == 5000)
        #expect(buffer.lanes.reduce(0) { $0 + $1.shown } == 5000, "what has no lane of its own shares one")
    }

    @Test func noZoomLosesASpike() throws {
        var stage = Stage(try GoldenScreenTests.plant.get(), seconds: 79)
        let highest = { (scope: ScopeState) in
            scope.buffer.lanes[scope.buffer.lane(of: "math") ?? 0].traces.flatMap { trace in
                scope.buffer.traces[trace].columns.numbers.map { scope.buffer.traces[trace].columns[$0].high }
            }.max() ?? 0
        }
        for step in 0..<12 {
            #expect(abs(TraceColumn.value(highest(stage.scope)) - 0.99) < 1e-4, "step \(step)")
            let window = stage.scope.window(stage.scope.layout, stage.now.nanoseconds)
            var drawing = TraceDrawing(window: window, rows: 3, level: .braille, isSigned: false)
            for trace in stage.scope.buffer.traces { drawing.add(trace) }
            let dots = (0..<window.cells).compactMap { drawing.canvas.glyph($0, 0) }
            #expect(dots.contains { ($0.value - 0x2800) & 0b1001 != 0 }, "the highest dots, step \(step)")
            stage.type("-")
        }
    }

    @Test(arguments: 0..<20) func whatIsCountedIsWhatThereIs(_ seed: Int) throws {
        var chance = Chance(state: UInt64(seed) &* 977 &+ 13)
        var buffer = buffer {
            $0.messages = 300
            $0.ageMilliseconds = 20_000
            $0.waveBytes = 1 << 20
        }
        let regions = ["math", "vision", "plan"]
        var at: Int64 = 1_000_000_000_000
        for _ in 0..<1500 {
            at += Int64.random(in: 0...200_000_000, using: &chance)
            switch Int.random(in: 0..<100, using: &chance) {
            case 0..<80:
                let region = regions.randomElement(using: &chance) ?? "math"
                let payload = try Self.wave(
                    region, Double.random(in: 0...1, using: &chance),
                    origin: ["a", "b"].randomElement(using: &chance) ?? "a",
                    polarity: Bool.random(using: &chance) ? 1 : -1,
                    garden: Bool.random(using: &chance) ? .real : .virtual)
                _ = buffer.receiveWave(subject: "dev.nervous.cells.\(region).wave", payload: payload, at: at)
            case 80..<94:
                buffer.receive(
                    .transition, subject: "dev.nervous.gates.math.transition", payload: [0x7b, 0x7d], at: at,
                    lane: ("math", .nervous), value: 0.5, flags: .opens)
            case 94..<97:
                buffer.show(
                    filter: ["", "math", "!math", "\"b\"", "x"].randomElement(using: &chance) ?? "",
                    minimumConfidence: [0, 0.3, 0.6].randomElement(using: &chance) ?? 0)
            default:
                var scale = TimeScale()
                for _ in 0..<Int.random(in: 0...6, using: &chance) { scale.zoomIn() }
                buffer.show(column: scale.column)
            }
        }
        check(buffer)
    }

    /// Compares everything that is kept of the entries with what the entries themselves say.
    private func check(_ buffer: MessageBuffer) {
        let shown = buffer.entries.numbers.filter { buffer.isShown($0) }
        #expect(buffer.shown.numbers.map { buffer.shown[$0] } == shown)
        let waves = buffer.entries.numbers.map { buffer.entries[$0] }.filter { $0.kind == .wave }
        #expect(buffer.quiet == waves.count { $0.flags.contains([.passes, .quiet]) })
        for (number, lane) in buffer.lanes.enumerated() {
            let own = shown.map { buffer.entries[$0] }.filter { Int($0.lane) == number }
            #expect(lane.shown == own.count)
            #expect(lane.denials == waves.count { Int($0.lane) == number && $0.value < 0 })
        }
        for (number, trace) in buffer.traces.enumerated() {
            let values = shown.map { buffer.entries[$0] }.filter { $0.kind == .wave && Int($0.trace) == number }
            var columns: [Int64: (low: Int16, high: Int16)] = [:]
            for entry in values {
                let value = TraceColumn.scaled(entry.value)
                let old = columns[entry.at / buffer.column] ?? (value, value)
                columns[entry.at / buffer.column] = (min(old.low, value), max(old.high, value))
            }
            let kept = trace.columns.numbers.map { trace.columns[$0] }
            #expect(kept.map(\.index) == columns.keys.sorted())
            // The oldest column may still hold what was forgotten of it.
            for column in kept.dropFirst() {
                #expect(columns[column.index]?.low == column.low && columns[column.index]?.high == column.high)
            }
        }
        let slots = buffer.overview.slots
        #expect(slots.numbers.dropFirst().reduce(0) { $0 + Int(slots[$1].count) } <= shown.count)
        #expect(slots.numbers.reduce(0) { $0 + Int(slots[$1].count) } >= shown.count)
    }
}
