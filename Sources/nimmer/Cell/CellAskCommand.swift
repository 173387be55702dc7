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
            try await bus.ask(name, command ?? "ask", payload, in: environment, seconds: timeout)
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
    /// Sends a cell (or another service that takes requests) a command and waits for its result.
    ///
    /// - Throws: ``Failure`` when the cell does not live, does not answer in time, or answers what is no result.
    func ask(
        _ cell: Token, _ command: String, _ payload: JSON, in environment: Environment, seconds: Double,
        as kind: String = "cell"
    ) async throws(Failure) -> CommandResult {
        let end = ContinuousClock.now + .seconds(seconds)
        let subject = Subject.request(environment, cell: cell)
        try await untilServed(subject, by: (kind, cell), end)
        let milliseconds = max(1, Int((end - .now) / .milliseconds(1)))
        let order = Command(command: command, payload: payload, deadlineMilliseconds: milliseconds, cause: nil)
        let message = Envelope(
            id: .v7(), at: .now(), from: Source(entityID: "nimmer", entityType: .service), order)
        let answer: BusMessage
        do {
            answer = try await request(subject, payload: message.encoded(), timeout: .milliseconds(milliseconds))
        } catch {
            switch error.code {
            case .noResponders: throw .nobody(kind, cell)
            case .timeout:
                throw Failure(
                    .unavailable,
                    "\(kind) \(cell) did not answer within \(LocalTime.span(milliseconds: seconds * 1000))",
                    mend: "--timeout waits longer")
            default:
                throw Failure(.unavailable, "\(error)")
            }
        }
        do throws(Refusal) {
            return try Envelope<CommandResult>(decoding: answer.payload).body
        } catch {
            throw Failure(.failed, "\(kind) \(cell) answered what is no CommandResult: \(error)")
        }
    }

    /// Waits while the cell lives and does not take requests yet: it has just been started, or a newer version takes over.
    ///
    /// Asked of `$SRV`, because whoever watches every subject keeps the server from saying that nobody takes a request.
    private func untilServed(
        _ subject: Subject, by who: (kind: String, name: Token), _ end: ContinuousClock.Instant
    ) async throws(Failure) {
        do {
            let question = try Subject(foreign: "$SRV.STATS.\(who.name)")
            let left = end - .now
            var answers = [try await request(question, payload: [], timeout: left)]
            while !answers.contains(where: { LivingService.serves(subject, stats: $0.payload) }) {
                guard .now < end else {
                    throw Failure(
                        .unavailable, "\(who.kind) \(who.name) lives and takes no requests",
                        mend: "`nimmer cell list` shows what it declares")
                }
                answers = try await requestMany(question, payload: [], wait: .milliseconds(50))
            }
        } catch let failure as Failure {
            throw failure
        } catch let error as BusError {
            switch error.code {
            case .noResponders, .timeout: throw .nobody(who.kind, who.name)
            default: throw Failure(.unavailable, "\(error)")
            }
        } catch {
            throw Failure(.unavailable, "\(error)")
        }
    }
}

extension Failure {
    fileprivate static func nobody(_ kind: String, _ name: Token) -> Failure {
        Failure(
            .unavailable, "no \(kind) \(name) is alive",
            mend: "`nimmer cell list` shows who lives; `nimmer status` what should")
    }
}
