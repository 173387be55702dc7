import ArgumentParser
import NimmerInspection
import NimmerOutput
import NimmerWave

/// Sends a cell one command and prints its answer.
struct CellAskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask",
        abstract: "Send a cell a command and print its answer.",
        discussion: """
              nimmer cell ask math '{"operation": "addition", "operands": [15, 27]}'
              nimmer cell ask motor --command stop

            Prints what the cell answers as JSON. Exit status 1 when it refuses or fails, 69 when no such cell runs.
            """)

    @Argument(help: "The cell's name, as in `nimmer cell list`.")
    var cell: String

    @Argument(help: "What to ask: a JSON object.")
    var payload = "{}"

    @Option(help: ArgumentHelp("The command, for cells that know several.", valueName: "name"))
    var command: String?

    @Option(help: ArgumentHelp("How long to wait for the answer, in seconds.", valueName: "seconds"))
    var timeout = 2.0

    @Flag(help: "Print the whole answer: status, result and error.")
    var json = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        if !(timeout > 0 && timeout <= 3600) {
            throw ValidationError("--timeout must be above 0 and at most 3600 seconds; found \(timeout)")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        guard let name = try? Token(cell) else {
            throw Failure(
                .usage, "\(cell) is not a cell name", remedy: "`nimmer cell list` shows the running cells")
        }
        let payload = try jsonObject(
            payload, "the payload", example: #"for example '{"operation": "addition", "operands": [15, 27]}'"#)
        let result = try await CommandConnection.with(server, environment) { bus in
            try await bus.ask(
                .request(environment, cell: name), of: .init("cell", name), command ?? "ask", payload, seconds: timeout)
        }
        if json {
            try Console.json(result.json)
        } else if result.status == .ok {
            try Console.json(result.result)
        }
        if result.status != .ok { throw Failure(result, from: name) }
    }
}
