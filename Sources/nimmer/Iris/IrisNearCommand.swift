import ArgumentParser
import NimmerIris
import NimmerOutput
import NimmerWave

/// The names that are nearest to one.
struct IrisNearCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "near",
        abstract: "Order names by how near they are to one.",
        discussion: """
              nimmer iris near calculate --among math door arithmetic
              nimmer iris near calculate --file names.txt

            A file has one name a line; empty lines and lines that begin with # are skipped. The number of names is that of \
            the homes among which a join is decided.
            """)

    @Argument(help: "The name.")
    var name: String

    @Option(parsing: .upToNextOption, help: "The names that it is compared with.")
    var among: [String] = []

    @Option(
        help: ArgumentHelp("A file with names that it is compared with; - reads standard input.", valueName: "file"),
        completion: .file())
    var file: String?

    @Option(help: ArgumentHelp("Names that are shown at most.", valueName: "count"))
    var limit = 10

    @Option(help: ArgumentHelp("The threshold `iris.join`, 0.2 to 0.95.", valueName: "cosine"))
    var join = JoinRule.defaultJoin

    @OptionGroup var json: JSONOptions
    @OptionGroup var color: ColorOptions

    /// Names that are compared at most.
    private static let maximumNames = 100_000

    func validate() throws {
        guard !among.isEmpty || file != nil else { throw ValidationError("expected --among NAMES or --file FILE") }
        guard (1...Self.maximumNames).contains(limit) else {
            throw ValidationError("--limit must be from 1 to \(Self.maximumNames); found \(limit)")
        }
        guard (0.2...0.95).contains(join) else {
            throw ValidationError("--join must be from 0.2 to 0.95; found \(join)")
        }
    }

    func run() throws {
        var names = among
        if let file {
            let text = String(decoding: try FileText.bytes(file), as: UTF8.self)
            names += text.split(whereSeparator: \.isNewline).map(String.init)
                .filter { !$0.hasPrefix("#") && !$0.allSatisfy(\.isWhitespace) }
        }
        guard names.count <= Self.maximumNames else {
            throw Failure(.data, "found \(names.count) names; expected at most \(Self.maximumNames)")
        }
        try Meanings.check([name] + names)
        let meanings = try Meanings()
        let pairs = names.map { NamePair(name, $0, by: meanings, homes: names.count, join: join) }
            .sorted { ($0.cosine ?? -2, $1.b) > ($1.cosine ?? -2, $0.b) }.prefix(limit)
        if json.json {
            return try Console.pretty([
                "model": .string(meanings.table.model.name), "name": .string(name),
                "homes": .number(Double(names.count)), "join": .number(join), "near": .array(pairs.map(\.json)),
            ])
        }
        var table = Table(Array(NamePair.heading.dropFirst()))
        for pair in pairs { table.add(Array(pair.row.dropFirst())) }
        for line in table.lines(color.paint) { try Console.line(line) }
    }
}
