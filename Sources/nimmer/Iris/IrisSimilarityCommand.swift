import ArgumentParser
import NimmerIris
import NimmerOutput
import NimmerWave

/// Options that decide about a join.
struct JoinOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Number of homes among which it is decided; more need a nearer one.", valueName: "count"))
    var homes = 2

    @Option(help: ArgumentHelp("The threshold `iris.join`, 0.2 to 0.95.", valueName: "cosine"))
    var join = JoinRule.defaultJoin

    func validate() throws {
        guard (1...1_000_000).contains(homes) else {
            throw ValidationError("--homes must be from 1 to 1000000; found \(homes)")
        }
        guard (0.2...0.95).contains(join) else {
            throw ValidationError("--join must be from 0.2 to 0.95; found \(join)")
        }
    }
}

/// Compares names with each other by the table.
struct IrisSimilarityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "similarity",
        abstract: "Show how near names are, and whether they would share a gate.",
        discussion: """
              nimmer iris similarity math calculate
              nimmer iris similarity pump valve door --homes 16

            By the table alone: an organ with a model of its own decides by its own vectors.
            """)

    @Argument(help: "Two to 32 names.")
    var names: [String]

    @OptionGroup var options: JoinOptions
    @OptionGroup var json: JSONOptions
    @OptionGroup var color: ColorOptions

    func validate() throws {
        guard (2...32).contains(names.count) else {
            throw ValidationError("expected 2 to 32 names; found \(names.count)")
        }
    }

    func run() throws {
        try Meanings.check(names)
        let meanings = try Meanings()
        var pairs: [NamePair] = []
        for (place, a) in names.enumerated() {
            for b in names[(place + 1)...] {
                pairs.append(NamePair(a, b, by: meanings, homes: options.homes, join: options.join))
            }
        }
        if json.json {
            return try Console.pretty([
                "model": .string(meanings.table.model.name), "homes": .number(Double(options.homes)),
                "join": .number(options.join), "pairs": .array(pairs.map(\.json)),
            ])
        }
        var table = Table(NamePair.heading)
        for pair in pairs { table.add(pair.row) }
        for line in table.lines(color.paint) { try Console.line(line) }
    }
}
