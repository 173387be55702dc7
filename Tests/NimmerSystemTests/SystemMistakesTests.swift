import NimmerSystem
import NimmerSystemFile
import Testing

/// All mistakes of a file at once, and nothing that only follows from another.
@Suite struct SystemMistakesTests {
    private func mistakes(_ text: String) throws -> [String] {
        try SystemMistakes(in: Array(text.utf8), file: "p.yaml").all.map(\.description)
    }

    @Test func aFileInOrderHasNone() throws {
        let found = try SystemMistakes(
            in: Array("nimmerverse: 1\nname: p\ncells: [{name: a, kind: math/v1}]\n".utf8), file: "p.yaml")
        #expect(found.all.isEmpty && found.incomplete.isEmpty)
        #expect(found.sound.cells.map(\.name) == ["a"])
    }

    @Test func everySectionIsReadThoughOthersAreWrong() throws {
        let found = try SystemMistakes(
            in: Array(
                """
                nimmerverse: 2
                nam: p
                cells:
                  - {name: A, kind: math/v1}
                  - {name: b, kind: math, origin: [x]}
                  - kind: math/v1
                gates: {defaults: {weigth: 0.5, floor: 2}, regions: {"pl..ant": {floor: 0.1}, plant: {floor: -1}}}
                bridge:
                  minds:
                    - {name: m, url: "ftp://x", model: y}
                    - {name: n, url: "http://x", kind: openai, model: y}
                    - {name: n, url: "http://x", kind: openai, model: y}
                  allow: [{target: motor, command: stop, payload: {a: {type: numbr}}}]
                memory: {batch_ms: fast}
                """.utf8), file: "p.yaml")
        let places = found.all.map { "\($0.mark) \($0.found)" }
        #expect(
            places == [
                "1:14 2", "2:1 the unknown key 'nam' (did you mean 'name'?)", "4:12 'A'",
                "5:21 'math'", "5:27 the unknown key 'origin' (did you mean 'origins'?)",
                "6:5 a cell without 'name'", "7:20 the unknown key 'weigth' (did you mean 'weight'?)", "7:40 2",
                "7:54 'pl..ant'", "7:94 -1", "10:7 a mind without 'kind'", "10:22 'ftp://x'", "12:7 the mind 'n' again",
                "13:62 'numbr'", "14:20 'fast'",
            ], "\(places)")
        #expect(found.sound.bridge.minds.map(\.name).prefix(2) == ["m", "n"])
        #expect(found.incomplete.count == 3, "\(found.incomplete)")
    }

    @Test func whatIsNoYAMLIsOneMistake() throws {
        #expect(throws: SystemError.self) { try mistakes("name: [") }
    }

    @Test func aRequiredKeyWithAWrongValueIsOneMistake() throws {
        #expect(
            try mistakes("nimmerverse: 1\nname: p\norgans: [{name: o, kind: ollam, model: m, url: 'http://x'}]\n")
                == ["p.yaml:3:26: found 'ollam'; expected kind: one of ollama, openai"])
        #expect(
            try mistakes("nimmerverse: 1\nname: p\norgans: [{name: o, kind: ollama, model: m}]\n").count == 1)
    }

    @Test func mistakesWithoutEndAreCut() throws {
        let keys = (0..<300).map { "k\($0): 1" }.joined(separator: "\n")
        #expect(try mistakes("nimmerverse: 1\nname: p\n" + keys).count == 100)
    }
}
