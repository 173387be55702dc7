import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

/// Whatever happens in whatever order, on whatever size: nothing traps, and the screen has the size that was asked for.
@Suite struct AnythingTests {
    @Test(arguments: 0..<12) func anySequenceDrawsAScreenOfItsSize(_ seed: Int) throws {
        var chance = Chance(state: UInt64(seed) &* 7919 &+ 3)
        let plant = try GoldenScreenTests.plant.get()
        var settings = ScopeSettings(
            environment: Environment.allCases.randomElement(using: &chance) ?? .dev,
            face: seed % 4 == 3 ? .gates : .tail, source: seed % 5 == 4 ? .recording("x.ndjson") : .live,
            glyphs: GlyphLevel.allCases[seed % 3], colors: ColorDepth.allCases[seed % 4])
        settings.limits.messages = seed % 3 == 0 ? 200 : 2000
        settings.showsBackground = seed % 2 == 0
        var stage = Stage([], seconds: 0, settings: settings)
        var next = 0
        for _ in 0..<150 {
            switch Int.random(in: 0..<20, using: &chance) {
            case 0..<5:
                for _ in 0..<Int.random(in: 0...60, using: &chance) where next < plant.count {
                    let arrival = plant[next]
                    next += 1
                    stage.now = max(stage.now, arrival.at)
                    _ = stage.scope.reduce(
                        .message(subject: arrival.subject, payload: arrival.payload, arrival: arrival.at))
                }
            case 5..<14: stage.press(key(&chance))
            case 14: stage.resize(Int.random(in: 0...230, using: &chance), Int.random(in: 0...70, using: &chance))
            case 15:
                stage.resize(
                    [80, 120, 200].randomElement(using: &chance) ?? 80,
                    [24, 36, 60].randomElement(using: &chance) ?? 24)
            case 16:
                stage.now = stage.now.advanced(milliseconds: Double.random(in: 0...5e5, using: &chance))
                _ = stage.scope.reduce(.tick(stage.now))
            default: _ = stage.scope.reduce(event(stage.now, &chance))
            }
            let (width, height) = (stage.scope.size.width, stage.scope.size.height)
            let screen = stage.screen
            #expect(screen.width == width && screen.height == height)
            #expect(stage.scope.nextChange(after: stage.now) > stage.now)
            if settings.glyphs == .ascii { #expect(screen.text.utf8.allSatisfy { $0 < 0x7f }) }
        }
        #expect(!stage.scope.plot().isEmpty)
    }

    private func key(_ chance: inout Chance) -> Key {
        let named: [Key] = [
            .up, .down, .left, .right, .shiftUp, .shiftDown, .shiftLeft, .shiftRight, .home, .end, .pageUp, .pageDown,
            .enter,
            .tab, .backTab, .escape, .backspace, .delete, .function(1), .control("u"), .control("w"), .control("z"),
            .paste("plant\npump"), .background(0xffffff),
            .mouse(
                Pointer(.press, x: Int.random(in: 0...230, using: &chance), y: Int.random(in: 0...70, using: &chance))),
            .mouse(
                Pointer(.wheelUp, x: Int.random(in: 0...120, using: &chance), y: Int.random(in: 0...36, using: &chance))
            ),
        ]
        let letters = " hjklHJKL+-0xs1234r/!mMcoOt?weqa<>é漢\u{1b}"
        return Bool.random(using: &chance)
            ? named.randomElement(using: &chance) ?? .up : .character(letters.randomElement(using: &chance) ?? " ")
    }

    private func event(_ now: Timestamp, _ chance: inout Chance) -> ScopeEvent {
        let texts = ["", "{", "nonsense", "{\"header\":{}}", "\u{0}\u{7}漢字 é", String(repeating: "x", count: 3000)]
        let text = texts.randomElement(using: &chance) ?? ""
        switch Int.random(in: 0..<13, using: &chance) {
        case 0: return .message(subject: text, payload: Array(text.utf8), arrival: now)
        case 1:
            return .message(
                subject: "dev.nervous.cells.x.wave", payload: Array(text.utf8), arrival: Timestamp(nanoseconds: .min))
        case 2: return .connection(.lost(text), at: now)
        case 3: return .connection(.connected(text), at: now)
        case 4: return .lost(total: Int.random(in: 0...99_999, using: &chance))
        case 5:
            return .explained(
                gate: "plant.pump", ["gate": .string(text), "steps": [["at": .string(text)]], "witnesses": [1]])
        case 6: return .unexplained(gate: "math", reason: text)
        case 7:
            return .recording(
                [.started(text), .stopped(text, messages: 3), .failed(text)].randomElement(using: &chance)
                    ?? .failed(""))
        case 8: return .exported(.failure(ScopeFailure(text)))
        case 9: return .roundTrip(milliseconds: [0.3, .nan, .infinity, -1].randomElement(using: &chance) ?? 0)
        case 10:
            return .playback(
                speed: Double.random(in: 0...64, using: &chance),
                ScopePlayback.allCases.randomElement(using: &chance) ?? .ended)
        case 11:
            return .regions(
                [[["region": "plant", "patterns": ["plant.>", "vitals"]]], [], ["x": 1]].randomElement(using: &chance)
                    ?? [])
        default: return .notice(text, at: now)
        }
    }
}
