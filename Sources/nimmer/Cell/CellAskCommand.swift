import ArgumentParser
import NimmerBus
import NimmerWave

/// Sends a cell one command and prints its answer.
struct CellAskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask",
        abstract: "Send a cell a command and print its answer.",
        discussion: """
              nimmer cell ask math '{"operation": "addition", "operands": [15, 27]}'
              nimmer cell ask motor --command stop

            Prints what the cell answers as JSON. Exit status 1 when it refuses or fails, 69 when no such cell lives.
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
                .usage, "\(cell.printable) is no cell's name", mend: "`nimmer cell list` shows the living cells")
        }
        guard let payload = try? JSON(parsing: payload), payload.object != nil else {
            throw Failure(
                .usage, "a cell is asked with a JSON object; found \(payload.printable)",
                mend: #"for example '{"operation": "addition", "operands": [15, 27]}'"#)
        }
        let result = try await Link.with(server, environment) { bus in
            try await bus.ask(
                .request(environment, cell: name), command ?? "ask", payload,
                seconds: timeout, who: "cell \(name)")
        }
        if json {
            try Console.line(result.json.text)
        } else if result.status == .ok {
            try Console.line(result.result.text)
        }
        if result.status != .ok {
            let reason = result.error ?? result.result.text
            throw Failure(.failed, "\(name) \(result.status == .refused ? "refuses" : "failed"): \(reason.printable)")
        }
    }
}

extension Bus {
    /// Sends a command and waits for its result.
    ///
    /// - Throws: ``Failure`` when nobody serves the subject or the answer is none.
    func ask(
        _ subject: Subject, _ command: String, _ payload: JSON, seconds: Double, who: String
    ) async throws(Failure) -> CommandResult {
        let milliseconds = Int((seconds * 1000).rounded())
        let order = Command(command: command, payload: payload, deadlineMilliseconds: milliseconds, cause: nil)
        let message = Envelope(
            id: .v7(), at: .now(), from: Source(entityID: "nimmer", entityType: .service), order)
        let answer: BusMessage
        do {
            answer = try await request(subject, payload: message.encoded(), timeout: .milliseconds(milliseconds))
        } catch {
            switch error.code {
            case .noResponders:
                throw Failure(
                    .unavailable, "no \(who) is alive",
                    mend: "`nimmer cell list` shows who lives; `nimmer status` what should")
            case .timeout where await !isAlive(who):
                throw Failure(
                    .unavailable, "no \(who) is alive",
                    mend: "`nimmer cell list` shows who lives; `nimmer status` what should")
            case .timeout:
                throw Failure(
                    .unavailable, "\(who) did not answer within \(LocalTime.span(milliseconds: seconds * 1000))",
                    mend: "--timeout waits longer")
            default:
                throw Failure(.unavailable, "\(error)")
            }
        }
        do throws(Refusal) {
            return try Envelope<CommandResult>(decoding: answer.payload).body
        } catch {
            throw Failure(.failed, "\(who) answered what is no CommandResult: \(error)")
        }
    }

    /// Whether somebody of this name (the last word) answers at all. A watcher of every subject keeps the server from
    /// saying that nobody is there.
    private func isAlive(_ who: String) async -> Bool {
        guard let services = try? await LivingService.discover(self) else { return true }
        return services.contains { who.hasSuffix($0.name) }
    }
}
