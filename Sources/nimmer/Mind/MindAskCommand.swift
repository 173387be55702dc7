import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerPlatform
import NimmerWave

/// Asks a question through the same boundary as every collapse.
struct MindAskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask",
        abstract: "Ask a question through the boundary, as a collapse would.",
        discussion: """
              nimmer mind ask "the cellar is damp" --action ventilate --action wait

            The answer is one of the actions, with a reason, and is remembered like every decision: its commands are \
            allowed, confirmed or only shown, by the system file. Exit status 1 when the request expired, 69 when no \
            cognition-bridge runs.
            """)

    @Argument(help: "What is asked or known.")
    var question: String

    @Option(name: .customLong("event"), help: ArgumentHelp("What kind of event it is.", valueName: "type"))
    var eventType = "question"

    @Option(
        name: .customLong("action"),
        help: ArgumentHelp("What could be done; may be given several times.", valueName: "name"))
    var actions: [String] = []

    @Option(help: ArgumentHelp("How long to wait for the answer, in seconds.", valueName: "seconds"))
    var timeout = 60.0

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if !(timeout >= 1 && timeout <= 3600) {
            throw ValidationError("--timeout must be from 1 to 3600 seconds; found \(timeout)")
        }
        if question.utf8.count > 8192 {
            throw ValidationError("a question must be at most 8192 bytes; found \(question.utf8.count)")
        }
        for text in actions + [eventType] where text.isEmpty || text.utf8.count > 128 {
            throw ValidationError("an event or action must be 1 to 128 bytes; found \(text.utf8.count)")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        let request = try request(at: .now())
        let response = try await CommandConnection.with(server, environment) { bus in
            let bridge = try Token("cognition-bridge")
            try await bus.require(
                .init("service", bridge), serving: .request(environment, cell: bridge), seconds: min(timeout, 5))
            let answers = try await bus.messages(SubjectPattern(.cognitiveResponse(environment)))
            let message = Envelope(
                id: request.requestID, at: .now(), from: Source(entityID: "nimmer", entityType: .service), request)
            try await bus.publishDurably(
                shared: .cognitiveRequest(environment), by: try Token("nimmer"), payload: message.encoded(),
                id: request.requestID)
            return try await wait(for: request.requestID, in: answers)
        }
        if json.json {
            try Console.pretty(response.json.resolved)
        } else {
            for line in Self.lines(response) { try Console.line(.whole(line)) }
        }
        if response.outcome != .answered { throw ExitCode(Failure.Status.failed.rawValue) }
    }

    private func request(at now: Timestamp) throws -> CognitiveRequest {
        let id = MessageID.v7()
        let milliseconds = Int(saturating: timeout * 1000)
        return CognitiveRequest(
            requestID: id, collapseID: .question(id), eventType: eventType,
            domain: try Token("question"),
            confidence: 1, structuredInput: ["question": .string(question)],
            suggestedActions: actions.map { SuggestedAction(action: $0, confidence: 0.5) }, processingBudgetLF: 10,
            responseTimeoutMilliseconds: milliseconds, expiresAt: now.advanced(milliseconds: Double(milliseconds)))
    }

    private func wait(for request: MessageID, in answers: MessageSequence) async throws -> CognitiveResponse {
        let requestTimeout = timeout + 2
        let alarm = TaskOwner()
        alarm.run {
            guard (try? await Task.sleep(for: .seconds(saturating: requestTimeout))) != nil else { return }
            answers.cancel()
        }
        defer {
            alarm.cancelAll()
            answers.cancel()
        }
        for await message in answers {
            if let response = try? Envelope<CognitiveResponse>(decoding: message.payload, on: message.subject).body,
                response.requestID == request
            {
                return response
            }
        }
        throw Failure(
            .unavailable, "no answer came within \(LocalTime.span(milliseconds: requestTimeout * 1000))",
            remedy: "`nimmer status` shows whether the cognition-bridge runs")
    }

    static func lines(_ response: CognitiveResponse) -> [String] {
        let by = response.mind.map { "\($0.model) at \($0.server)" } ?? "the deterministic boundary"
        var lines = [
            "\(response.outcome == .answered ? response.decision : response.outcome.rawValue)  "
                + "(\(by), \(LocalTime.span(milliseconds: response.processingTimeMilliseconds)), "
                + "\(decimals(response.lifeforceSpent, 3)) LF)"
        ]
        let record = response.record
        if let reason = record?.reason { lines.append("because   \(reason)") }
        if let why = record?.why { lines.append("by rule   \(why)") }
        for asked in record?.asked ?? [] where asked.verdict != "valid" {
            lines.append("asked     \(asked.mind): \(asked.verdict)")
        }
        for command in response.downstreamCommands {
            lines.append("command   \(command.target).\(command.command) \(command.payload.text)")
        }
        if let mode = record?.commands {
            lines.append(
                "           \(mode.rawValue)" + (mode == .confirm ? ": nimmer mind approve \(response.requestID)" : ""))
        }
        return lines
    }
}
