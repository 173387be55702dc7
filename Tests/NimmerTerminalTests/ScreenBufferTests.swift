import NimmerTerminal
import Testing

@Suite struct ScreenBufferTests {
    @Test func textIsCutAtItsWidthAndAtTheEdges() {
        var buffer = ScreenBuffer(width: 8, height: 3)
        #expect(buffer.write("collapse", x: 5, y: 0) == 3)
        #expect(buffer.write("collapse", x: -3, y: 1) == 8)
        #expect(buffer.write("collapse", x: 1, y: 2, maxWidth: 4) == 4)
        #expect(buffer.text == "     col\nlapse\n coll\n")
    }

    @Test func halfOfAWideGlyphNeverRemains() {
        var buffer = ScreenBuffer(width: 6, height: 4)
        for y in 0..<4 { buffer.write("漢字漢", x: 0, y: y) }
        buffer.write("x", x: 1, y: 0)
        buffer.write("x", x: 2, y: 1)
        buffer.write("字", x: 1, y: 2)
        #expect(buffer.write("ab漢", x: 3, y: 3) == 3)
        #expect(buffer.text == " x字漢\n漢x 漢\n 字 漢\n漢 ab\n")
    }

    @Test func whatContentHoldsCanNotMoveTheCursor() {
        var buffer = ScreenBuffer(width: 24, height: 1)
        #expect(buffer.write("a\u{1b}[2J\r\n\u{9b}b\u{7f}\u{200b}🇩🇪", x: 0, y: 0) == 13)
        #expect(buffer.text == "a·[2J···b··DE\n")
        #expect("a\u{1b}[2J\r\n\u{9b}b\u{7f}\u{200b}🇩🇪".terminalColumns == 13)
    }

    @Test func asciiIsAllThatAnASCIITerminalGets() {
        var buffer = ScreenBuffer(width: 12, height: 3, glyphs: .ascii)
        buffer.box(buffer.area)
        buffer.write("é漢→…·", x: 1, y: 1)
        #expect(buffer.text == "+----------+\n|???>~.    |\n+----------+\n")
    }

    @Test func nothingTrapsWhereverItIsDrawn() {
        var buffer = ScreenBuffer(width: 5, height: 5)
        for x in [Int.min, -1, 0, 4, 5, .max] {
            for y in [Int.min, -1, 0, 4, 5, .max] {
                buffer.write("漢字", x: x, y: y)
                buffer.put("漢", x: x, y: y)
                let area = Area(x: x, y: y, width: .max, height: .max)
                buffer.box(area)
                buffer.fill(area.inset(), "·")
                buffer.restyle(area) { $0.bold = true }
                buffer.draw(buffer, x: x, y: y)
                _ = buffer[x, y]
            }
        }
        #expect(ScreenBuffer(width: -3, height: .max).width == 0)
        #expect(Area(x: 1, y: 1, width: -4, height: 2).isEmpty)
    }

    @Test func stylesAreDescribedInWords() {
        var buffer = ScreenBuffer(width: 6, height: 1)
        buffer.write("on", x: 0, y: 0, style: Style(foreground: Color(0xff7f50, index: 9), bold: true))
        buffer.write("off", x: 3, y: 0, style: Style(background: Color(0x102030, index: 4), reverse: true))
        #expect(
            buffer.styleDump()
                == "on off\n--- styles (truecolor)\naa.bbb\na bold #ff7f50\nb reverse on #102030\n")
        #expect(
            buffer.styleDump(.basic)
                == "on off\n--- styles (16)\naa.bbb\na bold bright-red\nb reverse on blue\n")
        #expect(buffer.styleDump(.none) == "on off\n--- styles (none)\naa.bbb\na bold\nb reverse\n")
    }

    @Test(arguments: [
        (0x000000, 16), (0xffffff, 231), (0x808080, 244), (0xff7f50, 209), (0x5f87af, 67), (0x080808, 232),
    ]) func theNearestOf256IsTaken(rgb: UInt32, index: UInt8) {
        #expect(Color(rgb, index: 0).index256 == index)
    }
}

@Suite struct TerminalAbilitiesTests {
    struct Case: Sendable {
        var variables: [String: String]
        var color = TerminalAbilities.ColorPreference.automatic
        var depth: ColorDepth
        var glyphs = GlyphLevel.ascii
    }

    @Test(arguments: [
        Case(variables: ["TERM": "xterm-256color", "LANG": "en_US.UTF-8"], depth: .indexed, glyphs: .braille),
        Case(variables: ["TERM": "xterm-256color", "COLORTERM": "truecolor"], depth: .truecolor),
        Case(variables: ["TERM": "xterm-kitty", "LC_ALL": "C", "LANG": "de_DE.UTF-8"], depth: .truecolor),
        Case(variables: ["TERM": "linux", "LC_CTYPE": "C.utf8"], depth: .basic, glyphs: .blocks),
        Case(variables: ["TERM": "screen", "STY": "1.pts", "COLORTERM": "truecolor"], depth: .indexed),
        Case(variables: ["TERM": "screen", "STY": "1", "TMUX": "2", "COLORTERM": "truecolor"], depth: .truecolor),
        Case(variables: ["TERM": "vt100"], depth: .none),
        Case(variables: ["TERM": "dumb", "COLORTERM": "truecolor"], depth: .none),
        Case(variables: ["TERM": "xterm", "NO_COLOR": "1"], depth: .none),
        Case(variables: ["TERM": "xterm", "NO_COLOR": ""], depth: .basic),
        Case(variables: ["TERM": "xterm", "NO_COLOR": "1"], color: .always, depth: .basic),
        Case(variables: [:], color: .always, depth: .basic),
        Case(variables: ["TERM": "xterm-direct"], color: .depth(.basic), depth: .basic),
    ]) func areFoundOut(_ given: Case) {
        let found = TerminalAbilities(color: given.color) { given.variables[$0] }
        #expect(found.depth == given.depth)
        #expect(found.glyphs == given.glyphs)
        #expect(found.canDraw == !["", "dumb"].contains(given.variables["TERM"] ?? ""))
    }

    @Test func glyphsThatAreAskedForAreGiven() {
        #expect(TerminalAbilities(glyphs: .blocks) { _ in nil }.glyphs == .blocks)
    }
}
