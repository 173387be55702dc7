import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Lists who lives on the bus.
struct CellListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the running cells, nerves and services.",
        discussion: """
            Everything that answers the NATS services protocol ($SRV), cells in other languages too.
            """)

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let services = try await CommandConnection.with(server, environment) { try await RunningService.discover($0) }
        if json.json {
            try Console.pretty(JSON.array(services.map(\.json)))
            return
        }
        if services.isEmpty {
            try Console.line("no answer: no cell runs on this server")
            return
        }
        let paint = color.paint
        for line in RunningService.table(services, at: .now()).lines(paint) { try Console.line(line) }
    }
}
