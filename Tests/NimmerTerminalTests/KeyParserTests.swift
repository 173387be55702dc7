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
        ("\u{1b}x\u{1b}[I\u{1b}[?1;2cy", [.alt("x"), .character("y")]),
        ("\u{1b}]4;1;rgb:00/00/00\u{7}a\u{1b}P1$r0m\u{1b}\\b", [.character("a"), .character("b")]),
        // The mouse: presses of the left button and the wheel, with and without Shift and Ctrl.
        (
            "\u{1b}[<0;3;4M\u{1b}[<0;3;4my\u{1b}[<64;80;24M\u{1b}[<81;200;1M\u{1b}[<4;1;1M",
            [
                .mouse(Pointer(.press, x: 2, y: 3)), .character("y"), .mouse(Pointer(.wheelUp, x: 79, y: 23)),
                .mouse(Pointer(.wheelDown, x: 199, y: 0, isModified: true)),
                .mouse(Pointer(.press, x: 0, y: 0, isModified: true)),
            ]
        ),
        // Other buttons, movement, sideways wheels, and what is malformed, is swallowed whole.
        (
            "\u{1b}[<1;3;4M\u{1b}[<2;3;4M\u{1b}[<35;3;4M\u{1b}[<66;3;4M\u{1b}[<128;3;4Mz"
                + "\u{1b}[<0;0;4M\u{1b}[<0;3M\u{1b}[<;;M\u{1b}[<M\u{1b}[<0;3;4;5M\u{1b}[<-1;3;4M\u{1b}[<+0;3;4M\u{1b}[<0;99999999999999999999;1Mz",
            [.character("z"), .character("z")]
        ),
        // As terminals without mode 1006 report it.
        (
            "\u{1b}[M #$x\u{1b}[M`!!\u{1b}[M#!!y",
            [
                .mouse(Pointer(.press, x: 2, y: 3)), .character("x"), .mouse(Pointer(.wheelUp, x: 0, y: 0)),
                .character("y"),
            ]
        ),
        // The terminal's background.
        (
            "\u{1b}]11;rgb:ffff/8080/0000\u{7}a\u{1b}]11;rgb:00/80/ff\u{1b}\\b\u{1b}]11;rgba:f/f/f/f\u{7}",
            [.background(0xff8000), .character("a"), .background(0x0080ff), .character("b"), .background(0xffffff)]
        ),
        (
            "\u{1b}]11;rgb:xx/00/00\u{7}\u{1b}]11;rgb:00/00\u{7}\u{1b}]11;rgb:00000/0/0\u{7}\u{1b}]11;?\u{7}c",
            [.character("c")]
        ),
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

    /// A mouse's report that is cut, doubled or mixed up with another at any byte leaves no letters behind, and what follows it is read.
    @Test(arguments: 0..<200) func mangledReportsOfTheMouseAreSwallowed(seed: Int) {
        var random = Random(seed: UInt64(seed))
        var parser = KeyParser()
        var at = Duration.zero
        for _ in 0..<40 {
            var report = Array("\u{1b}[<\(random.below(130));\(random.below(300));\(random.below(99))M".utf8)
            switch random.below(4) {
            case 0: report.removeLast(random.below(report.count - 2))
            case 1: report.insert(contentsOf: [[0x3b, 0x3c, 0x3f][random.below(3)]], at: 3)
            case 2: report.insert(UInt8(0x30 + random.below(10)), at: 3 + random.below(report.count - 3))
            default: break
            }
            let keys = parser.read(report, at: at)
            for key in keys {
                guard case .mouse = key else {
                    Issue.record("\(String(decoding: report, as: UTF8.self).debugDescription) is read as \(key)")
                    continue
                }
            }
            at += .milliseconds(random.below(2) * 60)
            if random.below(3) == 0 {
                at += .seconds(1)
                #expect(parser.read([], at: at).allSatisfy { $0 == .escape || $0 == .alt("[") })
                #expect(parser.read(Array("q".utf8), at: at) == [.character("q")])
            }
        }
    }

    /// Numbers of any size are parameters that a terminal, or what is pasted into one, may send.
    @Test(arguments: ["9223372036854775807", "-9223372036854775808", "99999999999999999999", "-1"])
    func hugeParametersPass(number: String) {
        var parser = KeyParser()
        _ = parser.read(Array("\u{1b}[1;\(number)A\u{1b}[\(number);\(number)~q".utf8), at: .zero)
        #expect(parser.read(Array("q".utf8), at: .seconds(1)) == [.character("q")])
    }

    /// After any rubbish and a pause, a key is a key again.
    @Test(arguments: 0..<200) func rubbishPasses(seed: Int) {
        var random = Random(seed: UInt64(seed))
        var parser = KeyParser()
        let likely: [UInt8] = [
            0x1b, 0x5b, 0x4f, 0x5d, 0x50, 0x3b, 0x32, 0x30, 0x7e, 0xc3, 0xe2, 0xf0, 0x18, 0x07, 0x3c, 0x4d, 0x6d, 0x31,
        ]
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
