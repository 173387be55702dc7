import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Lists the homes of regions.
struct RegionListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the regions with their homes, and how each came to its own.",
        discussion: """
            The cosine is that to the nearest other home at the decision; 'needed' is what it took to join that. Regions that \
            `thalamus.regions` maps are listed where others can join them.
            """)

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let list = try await CommandConnection.with(server, environment) { bus in
            try await bus.homesOfRegions(environment)
        }
        if json.json { return try Console.pretty(list.json) }
        let paint = color.paint
        guard !list.rows.isEmpty else {
            return try Console.line("no region has a home yet: no wave of a new region has come")
        }
        var table = Table(["home", "region", "decision", "cosine", "needed", "nearest", "by", "model"])
        for row in list.rows {
            table.add([
                "\(row.home)", "\(row.region)", "\(row.words)", "\(row.cosine)", "\(row.required)", "\(row.nearest)",
                "\(row.by)", "\(row.model)",
            ])
        }
        for line in table.lines(paint) { try Console.line(line) }
        for note in list.notes { try Console.line(paint(.quiet, "\(note)")) }
    }
}
