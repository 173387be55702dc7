import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Asks a gate why it is open or what keeps it shut.
struct GateWhyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Explain why a gate opened, or what keeps it from opening.",
        discussion: """
            Shows the last opening with its witnesses, what is missing to the threshold now and why, and how the last \
            waves pushed it. A region that `thalamus.regions` maps leads to the gate in which its waves live.
            """)

    @Argument(help: "The gate, or its region, as in `nimmer gate list`.")
    var gate: String

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let explanation = try await CommandConnection.with(server, environment) { bus in
            try await bus.askThalamus(environment, "explain", ["gate": .string(gate)])
        }.resolved
        if json.json {
            try Console.pretty(explanation)
            return
        }
        if let region = explanation["region"]?.string, gate != region, gate != explanation["gate"]?.string {
            try Console.line(color.paint(.quiet, "waves of \(gate) live in the region \(region)"))
        }
        for line in GateStory(explanation, color.paint).lines { try Console.line(line) }
    }
}
