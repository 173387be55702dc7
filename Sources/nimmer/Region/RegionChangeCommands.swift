import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Options of each command that decides by hand where a region lives.
struct RegionChangeOptions: ParsableArguments {
    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions

    /// Asks the thalamus for a change, and prints where the region lives from then on.
    func carryOut(_ change: String, of region: String, home: String? = nil) async throws {
        let environment = try chosenEnvironment()
        var payload: JSONObject = [
            "change": .string(change), "region": .string(try RegionWhyCommand.region(region).text),
        ]
        if let home { payload["home"] = .string(try RegionWhyCommand.region(home).text) }
        let asked = payload
        let row = try await CommandConnection.with(server, environment) { bus in
            try await bus.askRegions(environment, "rehome", .object(asked))
        }.resolved
        if json.json { return try Console.pretty(row) }
        guard let home = row["home"]?.string else { return try Console.line("forgotten  \(region)") }
        try Console.line("\(region) lives in \(home)")
    }
}

/// Gives a region a home of its own.
struct RegionSplitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "split",
        abstract: "Give a region a home of its own.",
        discussion: """
            Its gate starts at rest, or where it was left; the home that it leaves keeps its own. Refused while either gate is open. \
            No model moves the region again until `nimmer region pin --off`.
            """)

    @Argument(help: "The region, as `nimmer region list` shows it.")
    var region: String

    @OptionGroup var options: RegionChangeOptions

    func run() async throws { try await options.carryOut("split", of: region) }
}

/// Moves a region to the home of another.
struct RegionJoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join",
        abstract: "Let a region live in the home of another.",
        discussion: """
            Regions that live in the region's own home move along. Both gates keep their histories; refused while one of them is open.
            """)

    @Argument(help: "The region that moves.")
    var region: String

    @Argument(help: "The home, or a region that lives in it.")
    var home: String

    @OptionGroup var options: RegionChangeOptions

    func run() async throws { try await options.carryOut("join", of: region, home: home) }
}

/// Keeps a region where it is.
struct RegionPinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin",
        abstract: "Keep a region where it is, or let the model look at it again.",
        discussion: """
            With --off the model looks again: also at a region that it could not embed when it was seen first. One that has joined stays \
            unless it is further from the others than `iris.join` less `iris.hysteresis`.
            """)

    @Argument(help: "The region, as `nimmer region list` shows it.")
    var region: String

    @Flag(help: "Let the model look again.")
    var off = false

    @OptionGroup var options: RegionChangeOptions

    func run() async throws { try await options.carryOut(off ? "unpin" : "pin", of: region) }
}

/// Forgets where a region lives.
struct RegionForgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Forget where a region lives: its next wave is judged as the first.",
        discussion: "Refused while its gate is open, and while others live in the home of its name.")

    @Argument(help: "The region, as `nimmer region list` shows it.")
    var region: String

    @OptionGroup var options: RegionChangeOptions

    func run() async throws { try await options.carryOut("forget", of: region) }
}
