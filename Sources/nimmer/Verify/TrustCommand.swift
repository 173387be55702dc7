import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Lists and exports the records of origins.
struct TrustCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trust", abstract: "Show, export and reset what origins have earned.",
        subcommands: [TrustListCommand.self, TrustExportCommand.self, TrustResetCommand.self],
        defaultSubcommand: TrustListCommand.self)

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

/// Forgets trust.
struct TrustResetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Forget what origins have earned.",
        discussion: """
              nimmer trust reset                    in every region
              nimmer trust reset plant              in one
              nimmer trust reset plant pump-flow    of one origin there

            Origins begin again with the weight of the system file. The outcomes stay in the streams and in memory; `nimmer trust export` keeps \
            a copy. Asks first; without a terminal --yes is needed.
            """)

    @Argument(help: "The region, as `nimmer trust list` shows it.")
    var region: String?

    @Argument(help: "The origin.")
    var origin: String?

    @Flag(help: "Do not ask.")
    var yes = false

    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let meant = try await TrustCommand.read(server, environment).entries.filter { entry in
            (region == nil || entry.region.text == region) && entry.origins.contains { isMeant($0) }
        }
        guard !meant.isEmpty else {
            throw Failure(
                .failed, "nothing is held of \(origin.map { "the origin \($0) in " } ?? "")\(region ?? "any region")",
                remedy: "`nimmer trust list` shows what is")
        }
        let count = meant.reduce(0) { $0 + $1.origins.filter(isMeant).count }
        let regions = meant.map(\.region.text).joined(separator: ", ")
        guard
            try yes || Console.confirms("Forget the outcomes of \(count) origin\(count == 1 ? "" : "s") in \(regions)?")
        else {
            return try Console.line("nothing was changed")
        }
        try await CommandConnection.with(server, environment) { bus in
            for entry in meant {
                var payload: JSONObject = ["region": .string(entry.region.text)]
                if let origin { payload["origin"] = .string(origin) }
                _ = try await bus.askThalamus(environment, "reset", .object(payload))
                try Console.line("forgotten  \(entry.region.text)")
            }
        }
    }

    private func isMeant(_ record: OriginRecord) -> Bool {
        record.confirmed + record.failed > 0 && (origin == nil || record.origin.text == origin)
    }
}
