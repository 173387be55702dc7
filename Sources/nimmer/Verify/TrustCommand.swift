import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Lists and exports the records of origins.
struct TrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Show and export what origins have earned.",
        subcommands: [TrustListCommand.self, TrustExportCommand.self], defaultSubcommand: TrustListCommand.self)

    /// The last that outcomes have shown of each region.
    static func read(_ server: ServerOptions, _ environment: Environment) async throws -> TrustSnapshot {
        let accepted = try await CommandConnection.with(server, environment) { bus in
            try await StoredOpenings.accepted(bus, environment)
        }
        var regions: [Region: [OriginRecord]] = [:]
        for outcome in accepted { if let origins = outcome.origins { regions[outcome.region] = origins } }
        return TrustSnapshot(regions.map { .init(region: $0.key, origins: $0.value) })
    }
}

/// Lists trust.
struct TrustListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the origins of each region with their outcomes.",
        discussion: "The numbers fade: an origin is known by about its last outcomes (trust_memory).")

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let snapshot = try await TrustCommand.read(server, chosenEnvironment())
        if json.json { return try Console.pretty(snapshot.json) }
        guard !snapshot.entries.isEmpty else { return try Console.line("no outcome has counted yet") }
        var table = Table(["region", "origin", "confirmed", "failed"])
        for entry in snapshot.entries {
            for origin in entry.origins {
                table.add([
                    "\(entry.region.text)", "\(origin.origin.text)", "\(decimals(origin.confirmed, 2))",
                    "\(decimals(origin.failed, 2))",
                ])
            }
        }
        for line in table.lines(color.paint) { try Console.line(line) }
    }
}

/// Writes trust into a file that `nimmer replay --trust` reads.
struct TrustExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write trust as JSON, as `nimmer replay --trust` reads it.")

    @OptionGroup var server: ServerOptions

    func run() async throws {
        try Console.pretty(try await TrustCommand.read(server, chosenEnvironment()).json)
    }
}
