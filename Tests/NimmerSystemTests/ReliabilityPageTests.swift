import Glibc
import Testing

/// docs/reliability.md names the scenarios that there are, and commands that can be given.
@Suite("The page about reliability") struct ReliabilityPageTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    private static func read(_ path: String) throws -> String {
        let file = try #require(fopen("\(root)/\(path)", "r"), "\(path)")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func namesEveryScenario() throws {
        let page = try Self.read("docs/reliability.md")
        let table = try #require(try Self.read("Tests/Chaos/scenarios.py").split(separator: "SCENARIOS = {").last)
        // A name between quotes, a function outside of them.
        let names = table.prefix { $0 != "}" }.split(separator: "\"").enumerated()
            .compactMap { $0.offset.isMultiple(of: 2) ? String($0.element) : nil }
        #expect(names.count > 8 && names.contains("double-kill"))
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") }
            .compactMap { $0.split(separator: "`").dropFirst().first.map(String.init) }
        #expect(Set(names).isSubset(of: rows), "missing: \(Set(names).subtracting(rows).sorted())")
    }

    @Test func itsCommandsHaveOnlyOptionsThatThereAre() throws {
        let page = try Self.read("docs/reliability.md")
        var checked = 0
        for program in ["run.py", "soak.py"] {
            let source = try Self.read("Tests/Chaos/\(program)")
            for line in page.split(separator: "\n") where line.contains("Tests/Chaos/\(program)") {
                let command = line.split(separator: "#").first ?? ""
                for word in command.split(whereSeparator: { " `".contains($0) }) where word.hasPrefix("--") {
                    #expect(source.contains("\"\(word)\""), "\(program) has no \(word)")
                    checked += 1
                }
            }
        }
        #expect(checked > 10)
    }
}
