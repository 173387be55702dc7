import NimmerPlatform
import NimmerServers
import Testing

/// What docs/security.md says holds a threat is there: every test and decision that it names.
@Suite struct SecurityPageTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    @Test func everyTestAndDecisionThatItNamesIsThere() async throws {
        let page = try #require(SmallFile.read(Self.root + "/docs/security.md"))
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") && $0.split(separator: "|").count == 3 }
        #expect(rows.count > 15)
        let found = try await ChildProcess.run(ChildCommand("find", [Self.root + "/Tests", "-not", "-path", "*/.*"]))
        let files = found.lines.map(\.text)
        for row in rows {
            let columns = row.split(separator: "|")
            for name in columns[2].split(separator: "`").enumerated().filter({ $0.offset % 2 == 1 }).map(\.element) {
                let parts = name.split(separator: "/")
                guard name.hasSuffix("Tests") || parts.count == 2 else { continue }
                guard !name.hasPrefix("Tests/") else {
                    #expect(files.contains(Self.root + "/" + name), "\(name)")
                    continue
                }
                let file = files.first { $0.hasSuffix("/\(parts[0]).swift") || $0.hasSuffix("/\(parts[0])") }
                #expect(file != nil, "there is no \(parts[0])")
                guard parts.count == 2, let file else { continue }
                #expect(SmallFile.read(file)?.contains("func \(parts[1])(") == true, "no test \(name)")
            }
            for link in columns[2].split(separator: "(").dropFirst() {
                let path = String(link.prefix { $0 != ")" && $0 != "#" })
                #expect(SmallFile.exists(Self.root + "/docs/" + path), "\(path)")
            }
        }
    }
}
