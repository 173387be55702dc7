import NimmerSystem
import NimmerSystemFile
import Testing

@Suite("YAML with places")
struct YAMLParserTests {
    private func parse(_ text: String, _ limits: YAMLParser.Limits = .init()) throws(SystemError) -> YAMLNode {
        try YAMLParser.parse(Array(text.utf8), file: "f.yaml", limits: limits)
    }

    private func refusal(_ text: String, _ limits: YAMLParser.Limits = .init()) -> SystemError? {
        do throws(SystemError) { _ = try parse(text, limits) } catch { return error }
        return nil
    }

    @Test("scalars keep their text and their place")
    func scalars() throws {
        let root = try parse("a: 1\nb:\n  - 'two'\n  - 3.5\n  - yes\n  - ~\n")
        #expect(root["a"]?.integer == 1)
        #expect(root["a"]?.mark == YAMLMark(line: 1, column: 4))
        let list = try #require(root["b"]?.elements)
        #expect(list.map(\.text) == ["two", "3.5", "yes", nil])
        #expect(list[1].number == 3.5)
        #expect(list[2].boolean == true)
        #expect(list[3].isNull)
        #expect(list[3].mark == YAMLMark(line: 6, column: 5))
    }

    @Test("what is quoted is text")
    func quoted() throws {
        let root = try parse("a: '1'\nb: \"true\"\nc: ''")
        #expect(root["a"]?.number == nil)
        #expect(root["b"]?.boolean == nil)
        #expect(root["c"]?.isNull == false)
    }

    @Test(
        "only finite decimal numbers are numbers",
        arguments: ["nan", "inf", "-inf", "infinity", "1e999", "0x", "-", ""])
    func numbers(_ text: String) {
        #expect(YAMLNode(text: text).number == nil)
    }

    @Test("a key twice is refused where it stands again")
    func duplicate() {
        let error = refusal("a: 1\nb: 2\na: 3\n")
        #expect(error?.code == .duplicate)
        #expect(
            error?.description
                == "f.yaml:3:1: found the key 'a' again; expected each key once (it is on line 1 already)")
    }

    @Test("broken YAML names the place")
    func syntax() {
        let error = refusal("a: [1, 2\nb: 3\n")
        #expect(error?.code == .syntax)
        #expect(error?.mark.line == 2)
        #expect(refusal("a:\n\tb: 1")?.mark.line == 2)
    }

    @Test("depth is bounded")
    func depth() {
        #expect(refusal(String(repeating: "[", count: 33) + String(repeating: "]", count: 33))?.code == .tooLarge)
        #expect(refusal(String(repeating: "[", count: 32) + String(repeating: "]", count: 32)) == nil)
        #expect(refusal(String(repeating: "[", count: 100_000)) != nil)
    }

    @Test("aliases count as often as they are used")
    func billionLaughs() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for i in 1...9 {
            let uses = Array(repeating: "*a\(i - 1)", count: 10).joined(separator: ", ")
            text += "a\(i): &a\(i) [\(uses)]\n"
        }
        #expect(refusal(text)?.code == .tooLarge)
    }

    @Test("an alias stands for its anchor, at its own place")
    func alias() throws {
        let root = try parse("x-a: &a {k: 1}\nb: *a\n")
        #expect(root["b"]?["k"]?.integer == 1)
        #expect(root["b"]?.mark == YAMLMark(line: 2, column: 4))
        #expect(refusal("b: *a\n")?.found == "*a")
        #expect(refusal("a: &a [*a]\n")?.found == "*a")
    }

    @Test(
        "what a system file never needs is refused",
        arguments: ["a: !!int 1", "? [a]\n: 1", "a: 1\n---\nb: 2\n", "%YAML 9.9\n---\na"])
    func refused(_ text: String) {
        #expect(refusal(text) != nil)
    }

    @Test("no bytes harm it")
    func noise() {
        var state: UInt64 = 7
        let pieces = [
            "a", ":", " ", "\n", "- ", "[", "]", "{", "}", "&a ", "*a", "'", "\"", "#", "|", ">", "\u{0}", "é", ",",
        ]
        for _ in 0..<2000 {
            var text = ""
            for _ in 0..<Int(state % 40) {
                state = state &* 6_364_136_223_846_793_005 &+ 1
                text += pieces[Int(state >> 33) % pieces.count]
            }
            state = state &* 6_364_136_223_846_793_005 &+ 1
            let error = refusal(text)
            #expect(error == nil || (error?.mark.line ?? 0) >= 1)
        }
    }

    @Test("the nearest word is one that a person can have meant")
    func nearestWord() {
        #expect(nearest(to: "windw_ms", among: ["window_ms", "weight"]) == "window_ms")
        #expect(nearest(to: "wieght", among: ["window_ms", "weight"]) == "weight")
        #expect(nearest(to: "colour", among: ["window_ms", "weight"]) == nil)
    }
}
