import Glibc
import NimmerGate
import NimmerSystem
import NimmerSystemFile
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
}
