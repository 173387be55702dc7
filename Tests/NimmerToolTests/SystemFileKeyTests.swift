import NimmerOutput
import NimmerPlatform
import NimmerServers
import NimmerSystem
import NimmerSystemFile
import Testing

@testable import nimmer

/// The keys of the system file: those that help texts name, those that the page documents, those that the loader reads.
@Suite struct SystemFileKeyTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    private static func page(_ name: String) throws -> String {
        try #require(FileText.read("\(root)/docs/reference/\(name)"))
    }

    /// The keys under "Settings" of a program's help, each with its line.
    private static func settings(of program: String) async throws -> [(key: String, line: String)] {
        let answer = try await ChildProcess.run(ChildCommand("\(OwnProgram.folder)/\(program)", ["--help"]))
        let lines = answer.lines.map(\.text)
        let start = try #require(lines.firstIndex { $0.hasPrefix("Settings (") }, "\(program)")
        return lines[(start + 1)...].prefix { $0.hasPrefix("  --") }.compactMap { line in
            line.split(separator: " ").first.map { flag in
                (String(flag.dropFirst(2).map { $0 == "-" ? "_" : $0 }), line)
            }
        }
    }

    /// Values that some key accepts.
    private static let values = ["debug", "wait", "/tmp", "true", "7"]

    @Test(arguments: [
        ("thalamus", "thalamus: {", "}"), ("cognition-bridge", "bridge: {", "}"), ("hippocampus", "memory: {", "}"),
        ("organ", "organs: [{name: o, kind: ollama, model: m, url: 'http://x', ", "}]"),
    ])
    func everyKeyOfAServicesHelpIsAcceptedAndDocumented(program: String, before: String, after: String) async throws {
        let page = try Self.page("system-file.md")
        let settings = try await Self.settings(of: program)
        #expect(settings.count >= 3)
        // Of a debug build alone, and never in a system file (processes.md, Fail points).
        for (key, line) in settings where !["kill_at", "kill_by"].contains(key) {
            if let other = ["postgres.url", "postgres.password_file"].first(where: { line.contains($0) }) {
                let text =
                    "nimmerverse: 1\nname: p\npostgres: {\(other.dropFirst("postgres.".count)): \"postgresql://x/y\"}\n"
                #expect(throws: Never.self) { try SystemFile(parsing: Array(text.utf8), file: "k.yaml") }
                continue
            }
            let accepted = Self.values.contains { value in
                let text = "nimmerverse: 1\nname: p\n\(before)\(key): \(value)\(after)\n"
                return (try? SystemFile(parsing: Array(text.utf8), file: "k.yaml")) != nil
            }
            #expect(accepted, "\(program) names \(key)")
            #expect(page.contains("  \(key): "), "\(program) names \(key)")
        }
    }

    @Test(arguments: [
        ("sensor-cell", "cells/sensor/v1"), ("multivariate-cell", "cells/multivariate/v1"),
        ("math-cell", "cells/math/v1"),
        ("vitals-cell", "cells/vitals/v1"), ("distance-cell", "cells/distance/v1"),
        ("battery-cell", "cells/battery/v1"),
        ("http-cell", "cells/http/v1"), ("webhook-cell", "cells/webhook/v1"),
        ("motor-cell", "cells/motor/v1"), ("collision-avoidance-nerve", "nerves/collision_avoidance/v1"),
    ])
    func everyKeyOfACellsHelpIsDocumented(program: String, folder: String) async throws {
        let common = try Self.page("processes.md")
        let own = try #require(FileText.read("\(Self.root)/\(folder)/README.md"))
        for (key, _) in try await Self.settings(of: program) {
            #expect(own.contains("`\(key)`") || common.contains("| `\(key)` |"), "\(program) names \(key)")
        }
    }

    @Test func everyKeyOfTheLoaderIsDocumented() throws {
        let page = try Self.page("system-file.md")
        let folder = "\(Self.root)/Sources/NimmerSystemFile"
        var keys: Set<String> = []
        for file in FileText.names(in: folder) where file.hasSuffix(".swift") && file != "MappingReader.swift" {
            let text = try #require(FileText.read("\(folder)/\(file)"))
            let readers =
                #/(?:keys|tls|subjects|breaker|command)\.(?:number|integer|text|boolean|choice|token|address|texts|list|entries|node)\("([a-z_]+)"/#
            for match in text.matches(of: readers) { keys.insert(String(match.output.1)) }
        }
        #expect(keys.count > 60, "\(keys.count)")
        for key in keys.sorted() { #expect(page.contains("\(key): ") || page.contains("\(key):\n"), "\(key)") }
    }
}
