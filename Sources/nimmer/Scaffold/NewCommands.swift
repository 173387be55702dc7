import ArgumentParser
import NimmerDeploy
import NimmerOutput
import NimmerWave

/// Options of a new package: its folder and its dependency.
struct ScaffoldOptions: ParsableArguments {
    @Argument(help: "Its name on the bus: small letters, digits, _ and -.")
    var name: String

    @Option(
        help: ArgumentHelp("The folder of the new package. Default: the name, here.", valueName: "folder"),
        completion: .directory)
    var folder: String?

    @Option(
        help: ArgumentHelp(
            "The checkout of nimmerverse that it depends on. Default: found from here, or from this program.",
            valueName: "folder"), completion: .directory)
    var nimmerverse: String?

    func write(_ kind: Scaffold.Kind) throws {
        guard let token = try? Token(name) else {
            throw Failure(
                .usage, "\(name) is not a valid name",
                remedy: "at most 63 small letters, digits, _ and -, beginning with a letter or digit")
        }
        let target = FileText.absolute(folder ?? token.text)
        if FileText.exists(target), !FileText.isEmptyFolder(target) {
            throw Failure(.cannotCreate, "\(target) exists already", remedy: "choose another --folder, or remove it")
        }
        let project = try ProjectFolder.find(named: nimmerverse)
        let scaffold = Scaffold(kind: kind, name: token, project: ProjectFolder.path(from: target, to: project))
        try scaffold.write(to: target)
        let shown = folder ?? token.text
        try Console.line("made the \(kind.rawValue) \(token) in \(shown):")
        for file in scaffold.files where !file.path.hasPrefix(".") { try Console.line("  \(file.path)") }
        try Console.line(
            """

            Next:
              cd \(shown)
              swift test                  its test
              swift run \(scaffold.program)\(String(repeating: " ", count: max(1, 18 - scaffold.program.count)))live, while `nimmer up` runs; watch it with `nimmer wave tail`
            """)
    }
}

/// Makes a new cell.
struct CellNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a new cell: a package with source, test and README that builds and runs at once.")

    @OptionGroup var options: ScaffoldOptions

    func run() throws { try options.write(.cell) }
}

/// Nerves: make a new one.
struct NerveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nerve", abstract: "Make a new nerve.", subcommands: [NerveNewCommand.self])
}

/// Makes a new nerve.
struct NerveNewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a new nerve: a package with source, test and README that builds and runs at once.")

    @OptionGroup var options: ScaffoldOptions

    func run() throws { try options.write(.nerve) }
}
