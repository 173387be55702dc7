import NimmerGate
import Testing

/// The settings in gates.md, Configuration, are those of the code, with their defaults.
@Suite struct GateSpecificationTests {
    /// Rows of the table of settings of a page: name and default.
    private static func rows(_ page: String) throws -> [(name: String, standard: String)] {
        let path = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/docs/spec/" + page
        let lines = String(decoding: GateGoldenTests.read(path), as: UTF8.self).split(separator: "\n")
        let start = try #require(lines.firstIndex(of: "## Configuration"))
        return lines[(start + 1)...].prefix { !$0.hasPrefix("## ") }.filter { $0.hasPrefix("| `") }.map { row in
            let cells = row.split(separator: "|").map { $0.filter { !" `".contains($0) } }
            return (cells[0], cells[1])
        }
    }

    @Test func theDocumentedDefaultsAreTheCodes() throws {
        var configuration = GateConfiguration()
        let rows = try Self.rows("gates.md")
        for row in rows { try configuration.set(row.name, try #require(Double(row.standard), "\(row)")) }
        var earned: [String] = []
        for row in try Self.rows("trust.md") where !rows.contains(where: { $0.name == row.name }) {
            switch row.name {
            case "trust": #expect(TrustSource(rawValue: row.standard) == configuration.trust)
            case "hearing_ms": #expect(configuration.hearingMilliseconds == nil && row.standard == "halfthewindow")
            default: try configuration.set(row.name, try #require(Double(row.standard), "\(row)"))
            }
            if row.name != "trust" { earned.append(row.name) }
        }
        #expect(rows.map(\.name) + earned == GateConfiguration.ranges.map(\.key))
        var standard = GateConfiguration()
        // What is set is fixed, and follows no member.
        standard.windowMilliseconds *= 1
        standard.halfLifeMilliseconds *= 1
        #expect(configuration == standard && standard != GateConfiguration())
    }
}
