import NimmerPlatform
import NimmerWave
import Testing

@testable import NimmerServers

/// The page of each cell and nerve lists the settings that its program takes, and no others.
@Suite("The pages of cells", .enabled(Prerequisites.note, Prerequisites.areMet))
struct CellPageTests {
    /// Kinds as their folders are called: `cells/sensor/v1`.
    static let kinds = ["cells", "nerves"].flatMap { folder in
        SmallFile.names(in: "\(NewPackages.root)/\(folder)").filter { !$0.hasPrefix(".") }.sorted()
            .map { "\(folder)/\($0)/v1" }
    }

    @Test(arguments: kinds) func thePageListsTheSettingsOfTheProgram(_ kind: String) async throws {
        let name = String(kind.split(separator: "/")[1]).replacing("_", with: "-")
        let program = WholeSystem.executable(name + (kind.hasPrefix("cells") ? "-cell" : "-nerve"))
        let help = try await ChildProcess.run(ChildCommand(program, ["--help"])).lines.map(\.text)
        let settings = help.drop { !$0.hasPrefix("Settings") }.dropFirst().prefix { $0.hasPrefix("  --") }
        let taken = Set<String>(
            settings.compactMap { $0.split(separator: " ").first?.dropFirst(2) }.map {
                String($0).replacing("-", with: "_")
            })
        #expect(taken.count > 5, "\(help)")
        let page = try #require(SmallFile.read("\(NewPackages.root)/\(kind)/README.md"))
        let section = try #require(page.halves(around: "\n## Settings\n")?.after.halves(around: "\n## ")?.before)
        let keys = #/`([a-z0-9_]+)`/#
        var listed: Set<String> = []
        for line in section.split(separator: "\n") where line.hasPrefix("| `") {
            listed.formUnion((line.split(separator: "|").first ?? "").matches(of: keys).map { String($0.1) })
        }
        let common = try #require(section.halves(around: "hose of every ")?.after)
        var sentence = common
        for end in ["\n\n", ". ", ".\n"] { sentence = sentence.halves(around: end)?.before ?? sentence }
        listed.formUnion(sentence.matches(of: keys).map { String($0.1) })
        #expect(
            listed == taken,
            "not listed: \(taken.subtracting(listed).sorted()), not taken: \(listed.subtracting(taken).sorted())")
    }
}
