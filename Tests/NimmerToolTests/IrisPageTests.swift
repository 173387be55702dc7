import ArgumentParser
import NimmerIris
import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import nimmer

/// The page about names that mean the same: its commands, its files, its defaults and its example are the program's.
@Suite struct IrisPageTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    private static func page() throws -> [Substring] {
        try #require(FileText.read("\(root)/docs/reference/iris.md"))
            .split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// The blocks that begin with a fence.
    private static func blocks(_ fence: String) throws -> [[Substring]] {
        var (blocks, rest) = ([[Substring]](), try page()[...])
        while let start = rest.firstIndex(where: { $0.hasPrefix("```") }) {
            let end = try #require(rest[(start + 1)...].firstIndex(of: "```"))
            if rest[start] == fence { blocks.append(Array(rest[(start + 1)..<end])) }
            rest = rest[(end + 1)...]
        }
        return blocks
    }

    @Test func itsCommandsAreCommands() throws {
        let lines = try Self.blocks("```").joined().map { $0.hasPrefix("$ ") ? $0.dropFirst(2) : $0 }
        let commands = lines.filter { $0.hasPrefix("nimmer ") }
        #expect(commands.count >= 7)
        for command in commands {
            // A comment follows the number sign, as in a shell.
            let words = command.prefix { $0 != "#" }.split(separator: " ").dropFirst().map(String.init)
            #expect(throws: Never.self, "\(command)") { try Nimmer.parseAsRoot(words) }
        }
    }

    @Test func itsFilesAreSystemFiles() throws {
        let blocks = try Self.blocks("```yaml")
        #expect(blocks.count >= 3)
        for block in blocks {
            let text = "nimmerverse: 1\nname: p\n" + block.joined(separator: "\n") + "\n"
            let system = try SystemFile(parsing: Array(text.utf8), file: "p.yaml")
            #expect(system.iris != nil)
        }
    }

    @Test func itsDefaultsAreTheCodes() throws {
        let settings = IrisSettings()
        let expected: [String: Double] = [
            "join": settings.join, "hysteresis": settings.hysteresis, "deadline_ms": Double(settings.deadlineMS),
            "recall.items": Double(settings.recall.items), "recall.bytes": Double(settings.recall.bytes),
            "recall.deadline_ms": Double(settings.recall.deadlineMS),
        ]
        var found: [String: Double] = [:]
        for row in try Self.page() where row.hasPrefix("| `") {
            let cells = row.split(separator: "|").map { $0.filter { $0 != " " && $0 != "`" } }
            if cells.count > 1, let number = Double(cells[1]) { found[String(cells[0])] = number }
        }
        #expect(found == expected)
        #expect(JoinRule.defaultJoin == settings.join)
    }

    @Test func itsExampleIsWhatThePairsShow() throws {
        let example = try #require(try Self.blocks("```").first { $0.first?.hasPrefix("$ nimmer iris") == true })
        let meanings = try Meanings()
        var table = Table(NamePair.heading)
        for (a, b) in [("math", "calculate"), ("math", "door"), ("calculate", "door")] {
            table.add(NamePair(a, b, by: meanings, homes: 2, join: JoinRule.defaultJoin).row)
        }
        #expect(table.lines(Paint(.never)).map(\.text) == example.dropFirst().map(String.init))
    }

    @Test func pairsStateWhyTheyJoin() throws {
        let meanings = try Meanings()
        func pair(_ a: String, _ b: String, homes: Int = 2) -> NamePair {
            NamePair(a, b, by: meanings, homes: homes, join: 0.4)
        }
        #expect(pair("math", "calculate", homes: 500).joins)
        #expect(!pair("math", "door").joins)
        let numbered = pair("pump.1", "pump.2")
        #expect(!numbered.joins && numbered.json["needed"] == .null && numbered.json["words"] == "apart")
        #expect(pair("math", "math", homes: 500).joins)
        let unknown = pair("math", "\u{1}")
        #expect(unknown.cosine == nil && !unknown.joins && unknown.json["cosine"] == .null)
        #expect(throws: Failure.self) { try Meanings.check(["a", ""]) }
        #expect(throws: Failure.self) { try Meanings.check([String(repeating: "a", count: 257)]) }
    }
}
