import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Lists who lives on the bus.
struct CellListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the living cells, nerves and services.",
        discussion: """
            Everybody who answers the NATS services protocol ($SRV), cells in other languages too.
            """)

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let services = try await Link.with(server, environment) { try await LivingService.discover($0) }
        if json.json {
            try Console.pretty(JSON.array(services.map(\.json)))
            return
        }
        if services.isEmpty {
            try Console.line("nobody answers: no cell lives on this server")
            return
        }
        let paint = color.paint
        for line in LivingService.table(services, at: .now()).lines(paint) { try Console.line(line) }
    }
}
