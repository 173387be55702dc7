import NimmerGate
import Testing

/// The settings in gates.md, Configuration, are those of the code, with their defaults.
@Suite struct GateSpecificationTests {
    @Test func theDocumentedDefaultsAreTheCodes() throws {
        let page = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/docs/spec/gates.md"
        let lines = String(decoding: GateGoldenTests.read(page), as: UTF8.self).split(separator: "\n")
        let start = try #require(lines.firstIndex(of: "## Configuration"))
        let rows = lines[(start + 1)...].prefix { !$0.hasPrefix("## ") }.filter { $0.hasPrefix("| `") }
        var configuration = GateConfiguration()
        var names: [String] = []
        for row in rows {
            let cells = row.split(separator: "|").map { $0.filter { !" `".contains($0) } }
            names.append(cells[0])
            try configuration.set(cells[0], try #require(Double(cells[1]), "\(row)"))
        }
        #expect(names == GateConfiguration.ranges.map(\.key))
        var standard = GateConfiguration()
        // What is set is fixed, and follows no member.
        standard.windowMilliseconds *= 1
        standard.halfLifeMilliseconds *= 1
        #expect(configuration == standard && standard != GateConfiguration())
    }
}
