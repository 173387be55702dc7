import ArgumentParser
import NimmerBus
import NimmerInspection
import NimmerOutput
import NimmerPlatform
import NimmerWave

/// Reports whether reality confirmed an opening.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Report whether an opening was right: trust is earned by that.",
        discussion: """
              nimmer verify --pending                        the openings whose outcomes are awaited
              nimmer verify 0190f5fe confirmed               the pump did leak
              nimmer verify plant failed --why "a test"      the newest of this region was nothing

            Where trust is earned (`trust: earned` in the system file), the outcome counts for each origin that asserted at the \
            opening. The first outcome of an opening counts. Exit status 1 when the thalamus refuses it, 69 when none answers.
            """)

    @Argument(
        help:
            "The opening: an id, or its first characters; a region: its newest without an outcome; last: the newest of all."
    )
    var opening: String?

    @Argument(help: "confirmed, failed, or partial (counts neither way).")
    var outcome: String?

    @Option(help: ArgumentHelp("A reason, which is stored with the outcome.", valueName: "text"))
    var why: String?

    @Flag(help: "List the openings whose outcomes are awaited, newest first.")
    var pending = false

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func validate() throws {
        if pending {
            if opening != nil { throw ValidationError("--pending lists; leave out the id") }
            return
        }
        guard opening != nil, let outcome else {
            throw ValidationError("name an opening and its outcome, or --pending")
        }
        guard VerificationResult(rawValue: outcome) != nil else {
            throw ValidationError("an outcome must be confirmed, failed or partial; found \(outcome)")
        }
        if let why, why.utf8.count > 1024 {
            throw ValidationError("--why must be at most 1024 bytes; found \(why.utf8.count)")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        guard !pending, let opening, let result = outcome.flatMap(VerificationResult.init(rawValue:)) else {
            return try await list(environment)
        }
        let accepted = try await CommandConnection.with(server, environment) { bus in
            let meant = try await StoredOpenings.read(bus, environment).one(opening)
            if let known = meant.outcome {
                throw Failure(
                    .failed, "the outcome of \(meant.id) is known: \(known.result.rawValue), by \(known.sender)",
                    remedy: "the first outcome of an opening counts")
            }
            return try await report(result, meant, bus, environment)
        }
        if json.json { return try Console.pretty(accepted.json.resolved) }
        for line in Self.lines(accepted) { try Console.line(line) }
    }

    private func list(_ environment: Environment) async throws {
        let awaited = try await CommandConnection.with(server, environment) { bus in
            try await StoredOpenings.read(bus, environment).awaited
        }
        if json.json {
            for opening in awaited {
                try Console.json([
                    "id": .string(opening.id.text), "at": .string(opening.transition.at.rfc3339),
                    "region": .string(opening.transition.region.text),
                    "witnesses": .array(opening.transition.triggerSignals.map { .string($0.origin.text) }),
                ])
            }
            return
        }
        guard !awaited.isEmpty else { return try Console.line("no opening awaits an outcome") }
        var table = Table(["opening", "at", "region", "witnesses"])
        for opening in awaited {
            let witnesses = opening.transition.triggerSignals.filter { $0.polarity > 0 }.map(\.origin.text)
            table.add([
                "\(opening.id.text.prefix(8))", "\(LocalTime.full(opening.transition.at))",
                "\(opening.transition.region.text)", "\(witnesses.joined(separator: ", "))",
            ])
        }
        for line in table.lines(color.paint) { try Console.line(line) }
        try Console.line(color.paint(.quiet, "nimmer verify ID confirmed|failed|partial"))
    }

    /// Publishes the outcome, and waits until the thalamus has taken or refused it.
    private func report(
        _ result: VerificationResult, _ opening: StoredOpenings.Opening, _ bus: any Bus, _ environment: Environment
    ) async throws -> AcceptedOutcome {
        let gate = opening.transition.gateID
        let answers = try await bus.messages(SubjectPattern(Subject.acceptedOutcome(environment, gate: gate)))
        let id = MessageID.v7()
        let message = Envelope(
            id: id, at: .now(), from: Source(entityID: "nimmer", entityType: .service),
            VerificationOutcome(
                originalSignalID: opening.id, domain: opening.transition.domain, outcome: result,
                actualResult: why.map { .string($0) }, verificationSource: "nimmer"))
        try await bus.publishDurably(
            shared: .feedback(environment, gate: gate), by: try Token("nimmer"), payload: message.encoded(), id: id)
        let alarm = TaskOwner()
        alarm.run {
            guard (try? await Task.sleep(for: .seconds(10))) != nil else { return }
            answers.cancel()
        }
        defer {
            alarm.cancelAll()
            answers.cancel()
        }
        for await message in answers {
            let accepted = try? Envelope<AcceptedOutcome>(decoding: message.payload, on: message.subject).body
            if let accepted, accepted.opening == opening.id { return accepted }
        }
        throw Failure(
            .unavailable, "the outcome is stored, but no thalamus has taken it within 10 seconds",
            remedy: "`nimmer status` shows whether the thalamus runs; it takes stored outcomes when it starts")
    }

    static func lines(_ accepted: AcceptedOutcome) -> [TerminalText] {
        let witnesses = accepted.witnesses.map(\.text).joined(separator: ", ")
        var lines: [TerminalText] = ["\(accepted.result.rawValue)  \(accepted.region.text), asserted by \(witnesses)"]
        for origin in accepted.origins ?? [] where accepted.witnesses.contains(origin.origin) {
            let all = origin.confirmed + origin.failed
            lines.append("  \(origin.origin.text)  \(decimals(origin.confirmed, 1)) of \(decimals(all, 1)) confirmed")
        }
        return lines
    }
}
