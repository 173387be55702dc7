import NimmerTerminal
import Testing

@Suite struct KeyParserTests {
    static let table: [(bytes: String, keys: [Key])] = [
        ("q?/ ", [.character("q"), .character("?"), .character("/"), .character(" ")]),
        ("ü漢🚀", [.character("ü"), .character("漢"), .character("🚀")]),
        ("\r\n\t\u{7f}\u{8}", [.enter, .enter, .tab, .backspace, .backspace]),
        ("\u{3}\u{1a}\0", [.control("c"), .control("z"), .control("@")]),
        ("\u{1b}[A\u{1b}[B\u{1b}[C\u{1b}[D", [.up, .down, .right, .left]),
        ("\u{1b}OA\u{1b}OB\u{1b}OH\u{1b}OF\u{1b}OM\u{1b}OP", [.up, .down, .home, .end, .enter, .function(1)]),
        ("\u{1b}[1;2A\u{1b}[1;2B\u{1b}[1;2C\u{1b}[1;6D", [.shiftUp, .shiftDown, .shiftRight, .shiftLeft]),
        ("\u{1b}[a\u{1b}[b\u{1b}[c\u{1b}[d", [.shiftUp, .shiftDown, .shiftRight, .shiftLeft]),
        ("\u{1b}[H\u{1b}[F\u{1b}[1~\u{1b}[4~\u{1b}[7~\u{1b}[8~", [.home, .end, .home, .end, .home, .end]),
        ("\u{1b}[5~\u{1b}[6~\u{1b}[2~\u{1b}[3~\u{1b}[Z", [.pageUp, .pageDown, .insert, .delete, .backTab]),
        ("\u{1b}[15~\u{1b}[17~\u{1b}[24~\u{1b}[[C", [.function(5), .function(6), .function(12), .function(3)]),
        ("\u{1b}x\u{1b}[I\u{1b}[?1;2c\u{1b}[<0;3;4My", [.alt("x"), .character("y")]),
        ("\u{1b}]11;rgb:00/00/00\u{7}a\u{1b}P1$r0m\u{1b}\\b", [.character("a"), .character("b")]),
        ("\u{1b}[200~one\u{1b}[A\rtwo\u{1b}[201~z", [.paste("one\u{1b}[A\rtwo"), .character("z")]),
        ("\u{1b}\u{1b}[A", [.escape, .up]),
        ("\u{1b}\u{3}", [.escape, .control("c")]),
    ]

    /// However the bytes are cut, the keys are the same.
    @Test(arguments: table) func keysAreReadHoweverTheyAreCut(_ given: (bytes: String, keys: [Key])) {
        let bytes = Array(given.bytes.utf8)
        for cut in 0...bytes.count {
            var parser = KeyParser()
            let keys = parser.read(bytes[..<cut], at: .zero) + parser.read(bytes[cut...], at: .milliseconds(1))
            #expect(keys == given.keys, "cut at \(cut)")
        }
        var parser = KeyParser()
        #expect(bytes.flatMap { parser.read([$0], at: .zero) } == given.keys)
        #expect(parser.deadline == nil)
    }

    @Test func anEscapeByItselfIsToldByTime() {
        var parser = KeyParser(timeout: .milliseconds(40))
        #expect(parser.read([0x1b], at: .milliseconds(100)) == [])
        #expect(parser.deadline == .milliseconds(140))
        #expect(parser.read([], at: .milliseconds(139)) == [])
        #expect(parser.read([], at: .milliseconds(140)) == [.escape])
        #expect(parser.deadline == nil)
        #expect(parser.read([0x1b], at: .seconds(1)) == [])
        #expect(parser.read(Array("[A".utf8), at: .seconds(2)) == [.escape, .character("["), .character("A")])
        #expect(parser.read([0x1b, 0x5b], at: .seconds(3)) == [])
        #expect(parser.read([], at: .seconds(4)) == [.alt("[")])
    }

    @Test func aPasteWithoutEndEndsByTime() {
        var parser = KeyParser()
        #expect(parser.read(Array("\u{1b}[200~half".utf8), at: .zero) == [])
        #expect(parser.read([], at: .seconds(1)) == [])
        #expect(parser.read(Array("q".utf8), at: .seconds(4)) == [.paste("half"), .character("q")])
    }

    @Test func aPasteIsBounded() {
        var parser = KeyParser()
        let text = String(repeating: "x", count: 200_000)
        let keys = parser.read(Array("\u{1b}[200~\(text)\u{1b}[201~q".utf8), at: .zero)
        #expect(keys.count == 2)
        #expect(keys.last == .character("q"))
        if case .paste(let pasted)? = keys.first { #expect((60_000...65_536).contains(pasted.utf8.count)) }
    }

    /// After any rubbish and a pause, a key is a key again.
    @Test(arguments: 0..<200) func rubbishPasses(seed: Int) {
        var random = Random(seed: UInt64(seed))
        var parser = KeyParser()
        let likely: [UInt8] = [0x1b, 0x5b, 0x4f, 0x5d, 0x50, 0x3b, 0x32, 0x30, 0x7e, 0xc3, 0xe2, 0xf0, 0x18, 0x07]
        for step in 0..<20 {
            let bytes = (0..<random.below(30)).map { _ in
                random.below(2) == 0 ? likely[random.below(likely.count)] : UInt8(random.below(256))
            }
            _ = parser.read(bytes, at: .milliseconds(step))
        }
        _ = parser.read([], at: .seconds(10))
        #expect(parser.deadline == nil)
        #expect(parser.read(Array("q".utf8), at: .seconds(10)) == [.character("q")])
    }
}
