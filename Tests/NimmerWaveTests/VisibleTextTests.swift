import NimmerPlatform
import NimmerServers
import NimmerWave
import Seeds
import Testing

@Suite("Text from outside")
struct VisibleTextTests {
    @Test(
        "what cannot be seen is written out",
        arguments: [
            ("plain text, ~!", "plain text, ~!"), ("", ""),
            ("\u{1b}]52;c;aGk=\u{7}", #"\u{1b}]52;c;aGk=\u{07}"#), ("\u{1b}[2J", #"\u{1b}[2J"#),
            ("a\nb\tc\rd\u{8}\u{7f}\0", #"a\nb\tc\rd\u{08}\u{7f}\u{00}"#),
            ("\u{9b}31m\u{80}\u{9f}", #"\u{9b}31m\u{80}\u{9f}"#),
            (
                "\u{202e}txt.exe\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}",
                #"\u{202e}txt.exe\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}"#
            ),
            ("a\u{200b}b\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}", #"a\u{200b}b\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}"#),
            ("a\u{2028}b\u{2029}", #"a\u{2028}b\u{2029}"#), ("\u{e0041}\u{e007f}", #"\u{e0041}\u{e007f}"#),
            ("\u{3164}\u{115f}\u{ffa0}\u{34f}", #"\u{3164}\u{115f}\u{ffa0}\u{34f}"#),
            ("\u{e000}\u{ffff}\u{10ffff}", #"\u{e000}\u{ffff}\u{10ffff}"#),
            // Letters of every script, with their marks, and pictures stay.
            ("温度 é e\u{301} привет שלום สวัสดี ℃ → ⣿ 🙂 ⚠\u{fe0f}", "温度 é e\u{301} привет שלום สวัสดี ℃ → ⣿ 🙂 ⚠\u{fe0f}"),
            // Marks with nothing to stand on, and more than a letter can carry.
            ("\u{301}a", #"\u{301}a"#), (" \u{20dd}", #" \u{20dd}"#),
            ("a\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}", #"a\#u{300}\#u{301}\#u{302}\#u{303}\u{304}\u{305}"#),
            ("a\u{fe0f}\u{fe0f}", #"a\u{fe0f}\u{fe0f}"#), ("⚠\u{fe0f}\u{fe0f}", "⚠\u{fe0f}" + #"\u{fe0f}"#),
        ])
    func written(text: String, seen: String) {
        #expect(text.visible() == seen)
        #expect(text.visible().visible() == seen)
    }

    @Test("docs/reference/output.md states it")
    func documented() throws {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let page = try #require(SmallFile.read("/\(root)/docs/reference/output.md"))
        let rows = page.split(separator: "\n").compactMap { line -> (Unicode.Scalar, String)? in
            let parts = line.split(separator: "`")
            guard line.hasPrefix("|"), parts.count >= 4, parts[1].hasPrefix("U+"),
                let value = UInt32(parts[1].dropFirst(2), radix: 16)
            else {
                return nil
            }
            return Unicode.Scalar(value).map { ($0, String(parts[3])) }
        }
        #expect(rows.count == 15)
        for (scalar, shown) in rows { #expect(String(scalar).visible() == shown) }
    }

    @Test("bytes that are no text are seen as such")
    func bytes() {
        #expect(
            String(decoding: [0x61, 0x9b, 0x33, 0x80, 0x9f], as: UTF8.self).visible() == "a\u{fffd}3\u{fffd}\u{fffd}")
    }

    @Test("long text ends with how much is missing")
    func long() {
        #expect("abcdef".visible(limit: 4) == "abcd… (2 more characters)")
        #expect("abcd".visible(limit: 4) == "abcd")
        #expect("\u{1b}\u{1b}é".visible(limit: 3) == #"\u{1b}\u{1b}é"#)
    }

    @Test("lines keep their ends")
    func lines() { #expect("a\u{1b}\n\n b\r\n".visibleLines == "a\\u{1b}\n\n b\\r\n") }

    @Test("a JSON text stays the same value")
    func json() throws {
        var seeds = Seeded(11)
        for _ in 0..<500 {
            let text = String(
                String.UnicodeScalarView(
                    (0..<20).map { _ in
                        Unicode.Scalar(
                            UInt32.random(
                                in: 0..<[0x80, 0x100, 0x2100, 0x11_0000].randomElement(using: &seeds)!, using: &seeds))
                            ?? "x"
                    }))
            let value = JSON.object(["a": .string(text), text: .array([.string(text), .number(1)])])
            let raw = JSON.raw(Array("{\t\"a\\\"\":\r\n 1}".utf8))
            for written in [value.text, value.pretty, JSON.array([raw, value]).text] {
                let visible = written.visibleJSON(lines: true)
                #expect(try JSON(parsing: written.visibleJSON()) == JSON(parsing: written))
                #expect(!written.visibleJSON().contains("\n"))
                #expect(try JSON(parsing: visible) == JSON(parsing: written))
                #expect(visible.unicodeScalars.allSatisfy { $0 == "\n" || !$0.isHidden || $0.isVariation })
            }
        }
    }

    @Test("nothing hidden is left, whatever the text")
    func everything() {
        for value in UInt32(0)...0x10_ffff {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let alone = String(scalar).visible().unicodeScalars
            #expect(alone.allSatisfy { !$0.isHidden && !$0.isMark }, "\(String(value, radix: 16))")
        }
    }
}
