import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@Suite("Origins in system files")
struct OriginTests {
    private func load(_ text: String) throws(SystemError) -> SystemFile {
        try SystemFile(parsing: Array(("nimmerverse: 1\nname: plant\n" + text).utf8), file: "plant.yaml")
    }

    @Test(
        "a pattern covers what its stars stand for",
        arguments: [
            ("vm-*", "vm-1", true), ("vm-*", "vm-", true), ("vm-*", "vm", false), ("vm-*", "xvm-1", false),
            ("*-cpu", "web-1-cpu", true), ("*-cpu", "web-1-cpus", false), ("*", "a", true), ("a*b*c", "abc", true),
            ("a*b*c", "axxbyybzc", true), ("a*b*c", "ab", false), ("probe-7", "probe-7", true),
            ("probe-7", "probe-77", false), ("a*a", "a", false),
        ])
    func patterns(_ pattern: String, _ origin: String, _ covers: Bool) throws {
        #expect(try #require(OriginPattern(pattern)).matches(origin) == covers)
    }

    @Test(
        "what can match no token is no pattern",
        arguments: ["", "-a", "_a", "A", "a.b", "a b", "ä", String(repeating: "a", count: 64)])
    func noPattern(_ text: String) { #expect(OriginPattern(text) == nil) }

    @Test("the longest pattern against the longest name is done in no time")
    func stars() throws {
        let pattern = try #require(OriginPattern(String(repeating: "*a", count: 31)))
        #expect(!pattern.matches(String(repeating: "a", count: 30) + String(repeating: "b", count: 33)))
        #expect(pattern.matches(String(repeating: "a", count: 63)))
    }

    @Test("cells and nerves name what they are granted")
    func loads() throws {
        let system = try load(
            """
            cells:
              - {name: a, command: [a], origins: ["vm-*", b, "vm-*"]}
              - {name: b, kind: math/v1}
            nerves:
              - {name: n, kind: x/v1, origins: []}
            """)
        #expect(system.cells[0].origins.map(\.text) == ["vm-*", "b"])
        #expect(system.cells[1].origins.isEmpty && system.nerves[0].origins.isEmpty)
    }

    @Test(
        "mistakes are named with their place and what was expected",
        arguments: [
            ("origins: vm-1}", "4:39: found 'vm-1'; expected origins: a list of at most 64 origins that a may name"),
            ("origins: [VM]}", "4:40: found 'VM'; expected origins: a token of at most 63 of a-z 0-9 _ -, in which *"),
            ("origins: [a, [b]]}", "4:43: found a list of 1; expected origins: a token"),
            ("origins: [-a]}", "4:40: found '-a'; expected origins: a token"),
            ("origin: [a]}", "the unknown key 'origin' (did you mean 'origins'?)"),
            (
                "origins: [\((0..<65).map { "o\($0)" }.joined(separator: ", "))]}",
                "4:39: found a list of 65; expected origins: a list of at most 64"
            ),
        ])
    func mistakes(_ text: String, _ expected: String) {
        let entry = "cells:\n  - {name: a, kind: math/v1, " + text
        #expect(throws: SystemError.self) { try load(entry) }
        do throws(SystemError) { _ = try load(entry) } catch {
            #expect(error.description.contains(expected), "\(error)")
        }
    }

    @Test(
        "a line that is too long to show names only what is to be added, and no message is longer than a Reject takes")
    func lines() throws {
        let many = (0..<64).map { "\"a-rather-long-name-of-an-origin-of-a-gateway-number-\($0)\"" }.joined(
            separator: ", ")
        let system = try load("cells:\n  - {name: gateway, kind: math/v1, origins: [\(many)]}\n")
        let refusal = OriginGrants(system).refusal(of: "gateway", as: "x")
        #expect(refusal.message.hasSuffix("needs the line  origins: […, \"x\"]"), "\(refusal.message)")
        #expect(refusal.message.utf8.count < 512)
    }
}

@Suite("Writing grants")
struct SystemFileEditTests {
    private func granted(_ text: String, _ origins: [String], to name: String = "a") throws -> String {
        let bytes = try SystemFileEdit.grant(
            origins.compactMap { OriginPattern($0) }, to: name, in: Array(text.utf8), file: "plant.yaml")
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let head = "nimmerverse: 1\nname: plant # the plant\n"

    @Test(
        "adds one line or one key, and touches nothing else",
        arguments: [
            (
                "cells:\n  # first\n  - name: a   # it\n    kind: x/v1 # kind\n    # settings\n    settings:\n      b: [1]\n",
                "cells:\n  # first\n  - name: a   # it\n    kind: x/v1 # kind\n    origins: [\"o-*\", \"p\"]\n    # settings\n    settings:\n      b: [1]\n"
            ),
            (
                "cells:\n- name: a\n  command:\n    - python3\n    - a.py\n",
                "cells:\n- name: a\n  origins: [\"o-*\", \"p\"]\n  command:\n    - python3\n    - a.py\n"
            ),
            (
                "nerves: [{name: 'a', kind: \"x/v1\"}, {name: b, kind: x/v1}]\n",
                "nerves: [{name: 'a', kind: \"x/v1\", origins: [\"o-*\", \"p\"]}, {name: b, kind: x/v1}]\n"
            ),
            (
                "cells:\n  - {name: a, command: [a],\n     settings: {}}\n",
                "cells:\n  - {name: a, origins: [\"o-*\", \"p\"], command: [a],\n     settings: {}}\n"
            ),
            (
                "cells:\n  - name: a\n    kind: x/v1\n    origins: [\"o-*\", q]  # some\n",
                "cells:\n  - name: a\n    kind: x/v1\n    origins: [\"o-*\", q, \"p\"]  # some\n"
            ),
            (
                "cells:\n  - name: a\n    kind: x/v1\n    origins: []\n",
                "cells:\n  - name: a\n    kind: x/v1\n    origins: [\"o-*\", \"p\"]\n"
            ),
            (
                "cells:\n  - name: a\n    kind: x/v1\n    origins:\n      - q  # some\n      - \"r\"\n    settings: {}\n",
                "cells:\n  - name: a\n    kind: x/v1\n    origins:\n      - q  # some\n      - \"r\"\n      - \"o-*\"\n      - \"p\"\n    settings: {}\n"
            ),
            (
                "cells:\r\n  - name: a\r\n    kind: x/v1\r\n",
                "cells:\r\n  - name: a\r\n    kind: x/v1\r\n    origins: [\"o-*\", \"p\"]\r\n"
            ),
            (
                "cells:\n  - name: a\n    kind: x/v1",
                "cells:\n  - name: a\n    kind: x/v1\n    origins: [\"o-*\", \"p\"]"
            ),
        ])
    func layouts(_ text: String, _ expected: String) throws {
        let found = try granted(Self.head + text, ["o-*", "p"])
        #expect(found == Self.head + expected)
        #expect(try granted(found, ["o-*", "p"]) == found, "written twice is written once")
    }

    @Test(
        "what is not understood is refused with the line to add, and never broken",
        arguments: [
            "x-a: &a {name: a, kind: x/v1}\ncells: [*a]\n",
            "cells:\n  - name:\n      a\n    kind: >-\n      x/v1\n    settings: {}\n",
        ])
    func unknownLayouts(_ text: String) throws {
        do {
            // Where it is done after all, nothing but the grant may differ.
            let found = try granted(Self.head + text, ["o"])
            #expect(try SystemFile(parsing: Array(found.utf8), file: "f").organism("a")?.origins.map(\.text) == ["o"])
        } catch let error as SystemError {
            #expect(error.description.contains("by hand: origins: [\"o\"]"), "\(error)")
        }
    }

    @Test("an entry that is not there is named")
    func nobody() {
        #expect(throws: SystemError.self) { try granted(Self.head, ["o"], to: "nobody") }
    }
}
