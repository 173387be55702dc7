import NimmerTerminal
import Testing

@Suite struct ScreenEncoderTests {
    /// Screens, changes of screens, resizes and suspensions at random: the bytes leave the terminal as the screen is.
    @Test(arguments: 0..<60) func bytesLeaveTheTerminalAsTheScreenIs(seed: Int) {
        var random = Random(seed: UInt64(seed) &* 77 &+ 1)
        let depth = ColorDepth.allCases[seed % 4]
        let glyphs: GlyphLevel = seed % 7 == 0 ? .ascii : .braille
        var buffer = ScreenBuffer(width: random.below(40) + 1, height: random.below(12) + 1, glyphs: glyphs)
        var terminal = ModelTerminal(width: buffer.width, height: buffer.height)
        var encoder = ScreenEncoder(depth: depth)
        for step in 0..<16 {
            switch random.below(10) {
            case 0:
                buffer = ScreenBuffer(width: random.below(40) + 1, height: random.below(12) + 1, glyphs: glyphs)
                terminal.resize(width: buffer.width, height: buffer.height)
            case 1:
                terminal.resize(width: buffer.width, height: buffer.height)
                encoder.forget()
            default: break
            }
            for _ in 0..<random.below(12) { random.draw(on: &buffer) }
            terminal.feed(encoder.frame(buffer))
            #expect(terminal.unknown == [])
            #expect(!terminal.isSynchronized)
            let wanted = ModelTerminal.picture(of: buffer, depth: depth)
            let wrong = wanted.indices.first { wanted[$0] != terminal.picture[$0] }
            #expect(
                wrong.map { "\(terminal.picture[$0]) for \(wanted[$0]) at cell \($0) in step \(step)" } == nil)
        }
    }

    @Test func nothingIsWrittenWhenNothingChanged() {
        var encoder = ScreenEncoder(depth: .truecolor)
        var buffer = ScreenBuffer(width: 80, height: 24)
        buffer.write("math 0.93", x: 3, y: 4, style: Style(foreground: Color(0x00ffff, index: 6)))
        #expect(!encoder.frame(buffer).isEmpty)
        #expect(encoder.frame(buffer).isEmpty)
        encoder.forget()
        #expect(!encoder.frame(buffer).isEmpty)
    }

    @Test func onlyWhatChangedIsWritten() {
        var encoder = ScreenEncoder(depth: .basic)
        var buffer = ScreenBuffer(width: 80, height: 24)
        buffer.fill(buffer.area, "x")
        _ = encoder.frame(buffer)
        buffer.write("42", x: 10, y: 4)
        buffer.write("7", x: 14, y: 4)
        #expect(
            String(decoding: encoder.frame(buffer), as: UTF8.self)
                == "\u{1b}[?2026h\u{1b}[0m\u{1b}[5;11H42xx7\u{1b}[0m\u{1b}[?2026l")
        buffer.fill(Area(x: 20, y: 7, width: 60, height: 1))
        #expect(
            String(decoding: encoder.frame(buffer), as: UTF8.self)
                == "\u{1b}[?2026h\u{1b}[0m\u{1b}[8;21H\u{1b}[K\u{1b}[0m\u{1b}[?2026l")
    }

    @Test func aColourIsWrittenAsTheTerminalHasIt() {
        let coral = Style(foreground: Color(0xff7f50, index: 9), bold: true)
        let written = ColorDepth.allCases.map { depth in
            var encoder = ScreenEncoder(depth: depth)
            var buffer = ScreenBuffer(width: 3, height: 1)
            _ = encoder.frame(buffer)
            buffer.write("abc", x: 0, y: 0, style: coral)
            return String(decoding: encoder.frame(buffer), as: UTF8.self).split(separator: "\u{1b}")[3]
        }
        #expect(written == ["[1;38;2;255;127;80mabc", "[1;38;5;209mabc", "[1;91mabc", "[1mabc"])
    }
}

/// Reproducible chance.
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &+ 0x9e37_79b9_7f4a_7c15 }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }

    mutating func style() -> Style {
        let colors: [Color] = [
            .standard, .standard, Color(0xff7f50, index: 9), Color(0x8a2be2, index: 5), Color(0x123456, index: 0),
        ]
        var style = Style(foreground: colors[below(5)], background: colors[below(5)])
        style.attributes = below(3) == 0 ? Style.Attributes(rawValue: UInt8(below(32))) : []
        return style
    }

    /// Something anywhere, also outside, with everything that content may hold.
    mutating func draw(on buffer: inout ScreenBuffer) {
        let (x, y) = (below(buffer.width + 8) - 4, below(buffer.height + 4) - 2)
        let area = Area(x: x, y: y, width: below(20), height: below(6))
        switch below(6) {
        case 0: buffer.fill(area, [" ", "x", "⣿", "漢"][below(4)], style: style())
        case 1: buffer.box(area, style: style())
        case 2: buffer.restyle(area) { $0.underline.toggle() }
        case 3:
            var other = ScreenBuffer(width: below(9), height: below(4))
            other.write("über 漢字", x: below(4) - 2, y: 0, style: style())
            buffer.draw(other, x: x, y: y)
        default:
            let pieces = ["math", " ", "  ", "漢字", "⣀⡠⠤", "é", "e\u{301}", "👩‍👩‍👧", "\u{1b}[31m", "🇩🇪", "\r\n", "⚡", "→"]
            let text = (0..<below(6)).map { _ in pieces[below(pieces.count)] }.joined()
            buffer.write(text, x: x, y: y, style: style(), maxWidth: below(4) == 0 ? below(9) - 1 : .max)
        }
    }
}
