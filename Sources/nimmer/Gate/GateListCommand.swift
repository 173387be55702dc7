import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Lists the gates of the thalamus.
struct GateListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the gates: state, potential, trust, witnesses.",
        discussion: "The open ones first, then by potential. A gate exists from the first wave of its region on.")

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let gates = try await CommandConnection.with(server, environment) { bus in
            try await bus.askThalamus(environment, "gates", [:])
        }
        if json.json {
            try Console.pretty(gates.resolved)
            return
        }
        let paint = color.paint
        let list = GateList(gates) ?? GateList([])
        if list.gates.isEmpty {
            try Console.line("no gate yet: no wave has reached the thalamus")
            return
        }
        for line in GateTable.table(list.gates, paint).lines(paint) { try Console.line(line) }
        if list.leftOut > 0 {
            try Console.line(paint(.quiet, "and \(list.leftOut) more, less wakeful; `nimmer gate why NAME` shows each"))
        }
    }
}
