import Glibc
import NimmerGate
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

/// The system file of the reference is a system file.
@Suite struct DocumentationTests {
    @Test func theReferenceLoads() throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try #require(fopen("\(root)/docs/reference/system-file.md", "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, file)
        let page = String(decoding: bytes.prefix(count), as: UTF8.self)
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex(of: "```yaml"))
        let end = try #require(lines[start...].firstIndex(of: "```"))
        let text = lines[(start + 1)..<end].joined(separator: "\n") + "\n"
        let system = try SystemFile(parsing: Array(text.utf8), file: "system-file.md")
        #expect(system.cells.map(\.name) == ["pump-pressure", "cellar"])
        #expect(
            system.gates.defaults.applied(to: GateConfiguration()) == GateSettings.regionGate,
            "the documented defaults are the code's")
        #expect(system.thalamus.maxRegions == ThalamusSettings().maxRegions)
        #expect(system.bridge.events.first?.actions == ["inspect_pump", "lower_load"])
        #expect(system.bridge.expiresAfterMS == BridgeSettings().expiresAfterMS)
        #expect(system.memory.batchRows == MemorySettings().batchRows)
    }

    /// The table of patterns in the reference is what the code does with them.
    @Test func thePatternsMatchWhatTheReferenceLists() throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let file = try #require(fopen("\(root)/docs/reference/system-file.md", "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, file)
        let lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n")
        let start = try #require(lines.firstIndex(of: "## Patterns of regions"))
        let rows = lines[(start + 1)...].drop { !$0.hasPrefix("|---") }.dropFirst().prefix { $0.hasPrefix("| `") }
        #expect(rows.count == 6)
        for row in rows {
            let cells = row.split(separator: "|", omittingEmptySubsequences: false).dropFirst().map { cell in
                cell.matches(of: #/`([^`]+)`/#).map { String($0.1) }
            }
            let text = try #require(cells[0].first)
            guard let pattern = try? SubjectPattern(text) else {
                #expect(row.contains("refused"), "\(text)")
                #expect(throws: SystemError.self) {
                    try SystemFile(
                        parsing: Array("nimmerverse: 1\nname: p\ngates: {regions: {\"\(text)\": {floor: 0.3}}}\n".utf8),
                        file: "p.yaml")
                }
                continue
            }
            for region in cells[1] { #expect(pattern.matches(region), "\(text) matches \(region)") }
            for region in cells[2] { #expect(!pattern.matches(region), "\(text) does not match \(region)") }
        }
    }
}
