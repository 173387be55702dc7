import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerIris
import NimmerOutput
import NimmerWave

/// Explains where a region lives.
struct RegionWhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Explain where a region lives and why, or how near two names are.",
        discussion: """
              nimmer region why arithmetic        the homes it is near to, who decided
              nimmer region why math arithmetic   two names, by the table, offline

            A region that no wave has named yet is compared as if one did.
            """)

    @Argument(help: "The region, as waves name it.")
    var region: String

    @Argument(help: "Another region: both are compared by the table in this program.")
    var other: String?

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        if let other { return try compare(try Self.region(region), try Self.region(other)) }
        let environment = try chosenEnvironment()
        let name = try Self.region(region)
        let report = try await CommandConnection.with(server, environment) { bus in
            try await bus.askRegions(environment, "home", ["region": .string(name.text)])
        }.resolved
        if json.json { return try Console.pretty(report) }
        for line in RegionStory(report, color.paint).lines { try Console.line(line) }
    }

    static func region(_ text: String) throws -> Region {
        do { return try Region(text) } catch { throw Failure(.usage, "\(error)") }
    }

    private func compare(_ first: Region, _ second: Region) throws {
        let files: MeaningFiles
        switch MeaningFiles.own {
        case .success(let found): files = found
        case .failure(let missing):
            throw Failure(
                .unavailable, "no table of meanings: \(missing.reason)",
                remedy: "NIMMERVERSE_IRIS_TABLE names the file minilm.table")
        }
        let names = NameMeanings(files.table, files.links)
        let cosine: Double
        do {
            cosine = try names.meaning(of: first).embedding.cosine(names.meaning(of: second).embedding)
        } catch {
            throw Failure(.failed, "\(first) and \(second) cannot be compared: \(error)")
        }
        let relation = names.relation(first, second)
        let required = JoinRule.required(relation, homes: 2)
        if json.json {
            return try Console.pretty([
                "regions": [.string(first.text), .string(second.text)], "cosine": .number(cosine),
                "relation": .string("\(relation)"), "required": required.isFinite ? .number(required) : .null,
                "joins": .bool(cosine >= required), "model": .string(names.model.name),
            ])
        }
        let verdict = cosine >= required ? "join" : "do not join"
        try Console.line("\(first.text) and \(second.text) \(verdict)")
        try Console.line("  cosine \(decimals(cosine, 3)) by \(names.model.name)")
        try Console.line("  \(RegionStory.words(of: "\(relation)"))")
        try Console.line(
            "  in a system of two homes, by the default: `iris.join` is \(decimals(JoinRule.defaultJoin, 2))")
    }
}
