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
              nimmer verify --pending                        what awaits an outcome
              nimmer verify 0190f5fe confirmed               the pump did leak
              nimmer verify plant failed --why "a test"      the newest of a region
              nimmer verify 0190f5fe --undo                  take the outcome back

            Where trust is earned (`trust: earned` in the system file), the outcome counts for each origin that asserted at the \
            opening. The first outcome of an opening counts, until it is taken back: then trust is as if it had never been. Exit status \
            1 when the thalamus refuses it, 69 when none answers.
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

    @Flag(help: "Take back the outcome that counts; of the last \(SystemStreams.outcomesPerGate) of its gate.")
    var undo = false

    @Flag(help: "List the openings whose outcomes are awaited, newest first.")
    var pending = false

    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func validate() throws {
        if pending {
            if opening != nil || undo { throw ValidationError("--pending lists; leave out the id and --undo") }
            return
        }
        guard opening != nil, (outcome == nil) == undo else {
            throw ValidationError("name an opening and either its outcome or --undo; or --pending")
        }
        if let outcome, VerificationResult(rawValue: outcome) == nil {
            throw ValidationError("an outcome must be confirmed, failed or partial; found \(outcome)")
        }
        if let why, why.utf8.count > 1024 {
            throw ValidationError("--why must be at most 1024 bytes; found \(why.utf8.count)")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        guard !pending, let opening else { return try await list(environment) }
        let accepted = try await CommandConnection.with(server, environment) { bus in
            let meant = try await StoredOpenings.read(bus, environment).one(opening, isJudged: undo)
            try check(meant)
            return try await OutcomeReport(
                of: meant.id, gate: meant.transition.gateID, domain: meant.transition.domain,
                result: outcome.flatMap(VerificationResult.init(rawValue:)), reason: why
            ).publish(on: bus, environment)
        }
        if json.json { return try Console.pretty(accepted.json.resolved) }
        for line in Self.lines(accepted) { try Console.line(line) }
    }

    /// Checks that a report can have an effect, before it is stored.
    private func check(_ meant: StoredOpenings.Opening) throws(Failure) {
        if undo {
            guard meant.outcome == nil else { return }
            throw Failure(
                .failed, "no outcome counts for \(meant.id)",
                remedy:
                    "it has none, or the stream holds it no more: the last \(SystemStreams.outcomesPerGate) of a gate can be taken back"
            )
        }
        guard let known = meant.outcome, !known.isOpinion else { return }
        throw Failure(
            .failed, "the outcome of \(meant.id) is known: \(known.result.rawValue), by \(known.sender)",
            remedy: "the first outcome of an opening counts; --undo takes it back")
    }

    private func list(_ environment: Environment) async throws {
        let awaited = try await CommandConnection.with(server, environment) { bus in
            try await StoredOpenings.read(bus, environment).awaited
        }
        if json.json {
            for opening in awaited { try Console.json(opening.json) }
            return
        }
        guard !awaited.isEmpty else { return try Console.line("no opening awaits an outcome") }
        var table = Table(["opening", "at", "region", "witnesses"])
        for opening in awaited {
            table.add([
                "\(opening.id.text.prefix(8))", "\(LocalTime.full(opening.transition.at))",
                "\(opening.transition.region.text)", "\(opening.witnesses.joined(separator: ", "))",
            ])
        }
        for line in table.lines(color.paint) { try Console.line(line) }
        try Console.line(color.paint(.quiet, "nimmer verify ID confirmed|failed|partial"))
    }

    static func lines(_ accepted: AcceptedOutcome) -> [TerminalText] {
        let witnesses = accepted.witnesses.map(\.text).joined(separator: ", ")
        let isBack = accepted.effect == .withdrawal
        var lines: [TerminalText] = [
            "\(isBack ? "taken back: " : "")\(accepted.result.rawValue)  \(accepted.region.text), asserted by \(witnesses)"
        ]
        for name in accepted.witnesses {
            guard let origins = accepted.origins else { break }
            let origin =
                origins.first { $0.origin == name } ?? OriginRecord(origin: name, confirmed: 0, failed: 0)
            let all = origin.confirmed + origin.failed
            lines.append("  \(origin.origin.text)  \(decimals(origin.confirmed, 1)) of \(decimals(all, 1)) confirmed")
        }
        return lines
    }
}
