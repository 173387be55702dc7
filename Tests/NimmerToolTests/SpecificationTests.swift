import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerWave
import Testing

@testable import nimmer

/// The pages of docs/spec name what the code has.
@Suite struct SpecificationTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// The fields of the bodies in protocol.md are those of the messages, which docs/reference/messages.md is made of.
    @Test func theSpecificationNamesEachFieldOfEachMessage() throws {
        let specified = try Self.fields(of: "docs/spec/protocol.md", heading: "### ")
        let declared = try Self.fields(of: "docs/reference/messages.md", heading: "## ")
        for type in MessageType.allCases.map(\.rawValue) {
            let wanted = try #require(declared[type]?.filter { !$0.contains(".") && !$0.contains("[") }, "\(type)")
            #expect(specified[type] == wanted, "\(type) in docs/spec/protocol.md")
        }
    }

    /// Each subject that the code builds stands in protocol.md.
    @Test func theSpecificationNamesEachSubject() throws {
        let page = try #require(SmallFile.read("\(Self.root)/docs/spec/protocol.md"))
        let source = try #require(SmallFile.read("\(Self.root)/Sources/NimmerWave/Subject.swift"))
        let builders = source.prefix { $0 != "*" }.matches(of: #/\/\/\/ `(<env>\.[^`]+)`/#).map { String($0.1) }
        #expect(builders.count >= 20)
        for subject in builders {
            let isNamed = page.includes(subject)
            #expect(isNamed, "\(subject) in docs/spec/protocol.md")
        }
    }

    /// What stands in code in the first column of the tables, by the heading above.
    private static func fields(of page: String, heading: String) throws -> [String: Set<String>] {
        let text = try #require(SmallFile.read("\(root)/\(page)"))
        var found: [String: Set<String>] = [:]
        var current = ""
        for line in text.split(separator: "\n") {
            if line.hasPrefix("#") { current = line.hasPrefix(heading) ? String(line.dropFirst(heading.count)) : "" }
            guard line.hasPrefix("| `"), let cell = line.split(separator: "|").first else { continue }
            for match in cell.matches(of: #/`([^`]+)`/#) { found[current, default: []].insert(String(match.1)) }
        }
        return found
    }

    /// Each table that a migration makes stands in memory.md.
    @Test func theSpecificationNamesEachTable() throws {
        let page = try #require(SmallFile.read("\(Self.root)/docs/spec/memory.md"))
        let folder = "\(Self.root)/Sources/NimmerMemoryPostgres/Migrations"
        let tables = FileText.names(in: folder).flatMap { file in
            (SmallFile.read("\(folder)/\(file)") ?? "").matches(of: #/create table (\w+) \(/#).map { String($0.1) }
        }
        #expect(tables.count >= 9)
        for table in tables {
            let isNamed = page.includes("`\(table)`")
            #expect(isNamed, "\(table) in docs/spec/memory.md")
        }
    }

    /// The limits of the envelope.
    @Test func theSpecificationNamesTheLimitsOfAMessage() throws {
        let page = try #require(SmallFile.read("\(Self.root)/docs/spec/protocol.md"))
        #expect(Wire.maximumBytes == 65_536 && page.includes("| message | 65,536 bytes"))
        #expect(page.includes("| nesting of objects and lists | \(Wire.maximumDepth) |"))
        #expect(page.includes("| `vector` | up to \(Wire.maximumVector) finite numbers |"))
        #expect(page.includes("| `region` | text ≤ \(Wire.maximumRegion) bytes,"))
        #expect(page.includes("This version writes `\(Wire.version)`"))
    }
}
