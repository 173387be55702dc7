import ArgumentParser
import NimmerBus
import NimmerGarden
import NimmerInspection
import NimmerOutput
import NimmerReplay
import NimmerScopeSession
import NimmerSystem
import NimmerSystemFile
import NimmerWave

/// Proposes variants by itself.
struct GardenExploreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explore",
        abstract: "Search for better settings of gates on recorded waves, and propose variants.",
        discussion: """
            Tries thresholds, windows, quorum and the settings of trust, first by chance, then around the best, and scores each \
            against the truth: a fault that is caught counts 1, one that is caught within a minute half more, a false alarm 1 \
            against it. The recordings are one life, in the order in which they are named: trust is earned from one to the next. It \
            proposes and never promotes.

              nimmer garden explore --input a.csv b.csv --verify anomaly --budget 500
              nimmer garden explore --system pump.yaml --write

            Without --input it takes the waves of the last hour and the outcomes of openings; --write puts the proposals into the \
            file's virtual section.

            The same seed and budget give the same result, unless --for ends the search before. Without --input the stream of \
            waves is read (`thalamus: {keep_waves: true}`); openings of which no outcome is known count neither way.
            """)

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The system file; default: that of the `nimmer up` which runs here.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var system: String?

    @Option(
        name: .shortAndLong, parsing: .upToNextOption,
        help: ArgumentHelp(
            "The recordings, as `nimmer replay` reads them. Default: the stream of waves.", valueName: "file"),
        completion: .file())
    var input: [String] = []

    @Option(
        help: ArgumentHelp(
            "The column with the truth, by name or counted from 1: 1 or true in a fault. Needed with --input.",
            valueName: "column"))
    var verify: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Recordings without any fault, which need no such column; they come last.", valueName: "file"),
        completion: .file())
    var faultFree: [String] = []

    @Option(help: ArgumentHelp("Time from an opening to its outcome: 60s, 10m, 2h.", valueName: "time"))
    var verifyAfter = "60s"

    @Option(
        help: ArgumentHelp("Time after a fault in which an opening counts neither way: 60s, 10m.", valueName: "time"))
    var verifyGrace = "60s"

    @Option(
        name: .customLong("for"), help: ArgumentHelp("Longest time that it searches: 90s, 10m, 1h.", valueName: "time"))
    var duration = "1h"

    @Option(help: ArgumentHelp("Candidates that are tried at most.", valueName: "number"))
    var budget = 200

    @Option(help: ArgumentHelp("Seed of the search.", valueName: "number"))
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("Proposals at most.", valueName: "number"))
    var top = 3

    @Flag(help: "Put the proposals into the section virtual of the system file.")
    var write = false

    @OptionGroup var recording: RecordingOptions
    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var color: ColorOptions

    func validate() throws {
        if !input.isEmpty, verify == nil {
            throw ValidationError("--input needs --verify COLUMN: without the truth nothing can be scored")
        }
        if input.isEmpty, !faultFree.isEmpty {
            throw ValidationError("--fault-free needs --input with faults beside it")
        }
        if input.isEmpty, verify != nil {
            throw ValidationError("--verify names a column of --input; name a recording")
        }
        if !(1...1_000_000).contains(budget) {
            throw ValidationError("--budget must be 1 to 1000000; found \(budget)")
        }
        if !(1...VirtualVariant.maximum).contains(top) {
            throw ValidationError("--top must be 1 to \(VirtualVariant.maximum); found \(top)")
        }
        for (option, value) in [("--verify-after", verifyAfter), ("--verify-grace", verifyGrace), ("--for", duration)]
        where SinceOption.milliseconds(value) == nil {
            throw ValidationError("\(option) must be such as 60s, 10m or 2h; found \(value)")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        let file = try Promotion.file(system, environment)
        let described: SystemFile
        do throws(SystemError) { described = try SystemFile(path: file) } catch { throw Failure(error) }
        let grace = SinceOption.milliseconds(verifyGrace) ?? 60_000
        let recordings =
            input.isEmpty
            ? [try await live(environment, grace)] : try recorded(described, environment)
        guard recordings.contains(where: { !$0.truth.intervals.isEmpty }) else {
            throw Failure(
                .failed,
                "no truth: \(input.isEmpty ? "no opening of the recorded time has an outcome" : "the column \(verify ?? "") marks no fault")",
                remedy: input.isEmpty ? "`nimmer verify` gives outcomes" : "--verify names the column")
        }
        let trial = ExplorationTrial(after: SinceOption.milliseconds(verifyAfter) ?? 60_000, grace: grace)
        let exploration = try explore(described, environment, recordings, trial)
        let proposals = exploration.proposals(top)
        let names = Self.names(proposals.count, described)
        let lines = zip(proposals, names).map { $0.candidate.yaml($1, of: described) }
        if json.json {
            try print(exploration, proposals, lines)
        } else {
            try show(exploration, proposals, names, lines)
        }
        guard write, !lines.isEmpty else { return }
        let before = try FileText.bytes(file)
        let after: [UInt8]
        do throws(SystemError) {
            after = try SystemFileEdit.add(variants: lines, in: before, file: file)
        } catch { throw Failure(error) }
        try FileText.replace(file, with: after)
        if !json.json { try Console.line("wrote \(names.joined(separator: ", ")) into \(file)") }
    }

    // MARK: - The waves

    private func recorded(_ system: SystemFile, _ environment: Environment) throws -> [ExploredRecording] {
        try input.map { try recorded($0, verify, system, environment) }
            + faultFree.map { try recorded($0, nil, system, environment) }
    }

    /// - Parameter column: the column with the truth; nil: there is no fault.
    private func recorded(
        _ file: String, _ column: String?, _ system: SystemFile, _ environment: Environment
    ) throws -> ExploredRecording {
        var format = try recording.format()
        format.labelColumn = column
        format.comparesLabels = false
        var run = try ReplayRun(
            system, bytes: try FileText.bytes(file), file: file, format: format, mapping: try recording.mapping(),
            environment: environment)
        let (waves, labels, end) = run.waves(in: environment)
        try run.checkRefusals()
        return ExploredRecording(
            waves: waves,
            truth: TruthTimeline(labels: column == nil ? [] : labels, end: end ?? Timestamp(nanoseconds: 0)))
    }

    /// The waves of the stream, and what outcomes have shown of the real openings in the same time.
    private func live(_ environment: Environment, _ slack: Double) async throws -> ExploredRecording {
        try await CommandConnection.with(server, environment) { bus in
            var waves: [ReplayRun.Wave] = []
            do throws(BusError) {
                for pattern in [SubjectPattern.cellWaves(environment), .nerveWaves(environment)] {
                    try await bus.read(stream: SystemStreams.waves(environment), filter: pattern) { batch in
                        waves += batch.map {
                            ReplayRun.Wave(subject: $0.message.subject, payload: $0.message.payload, at: $0.message.at)
                        }
                        return true
                    }
                }
            } catch {
                guard error.code == .notFound else { throw error }
                throw Failure(
                    .failed, "no waves are kept",
                    remedy: "set thalamus: {keep_waves: true}, or name a recording with --input")
            }
            waves.sort { $0.at < $1.at }
            let stored = try await StoredOpenings.read(bus, environment)
            let openings = stored.openings.compactMap { opening -> TruthTimeline.Opening? in
                // The opinion of a mind is no truth.
                guard let outcome = opening.outcome, outcome.weight == nil else { return nil }
                return .init(transition: opening.transition, until: opening.releasedAt, result: outcome.result)
            }
            let first = waves.first?.at ?? .now()
            return ExploredRecording(
                waves: waves, truth: TruthTimeline(openings: openings, slack: slack, since: first, now: .now()))
        }
    }

    // MARK: - The search

    private func explore(
        _ system: SystemFile, _ environment: Environment, _ recordings: [ExploredRecording], _ trial: ExplorationTrial
    ) throws -> Exploration {
        let end = ContinuousClock.now + .milliseconds(saturating: SinceOption.milliseconds(duration) ?? 3_600_000)
        do throws(Refusal) {
            var exploration = try Exploration(
                system, environment: environment, recordings, trial: trial, seed: seed)
            let isShown = Console.errorsAreSeen
            while exploration.tried.count < budget, ContinuousClock.now < end {
                guard try exploration.step(of: budget) != nil else { break }
                guard isShown, let best = exploration.best(1).first?.score else { continue }
                Console.progress(
                    "\r\u{1b}[K\(exploration.tried.count) of \(budget)  best: \(best.caught) of \(best.faults) caught, \(best.falseAlarms) false"
                )
            }
            if isShown { Console.progress("\r\u{1b}[K") }
            return exploration
        } catch { throw Failure(.configuration, "\(system.file): \(error)") }
    }

    /// Names that the file does not have yet.
    private static func names(_ wanted: Int, _ system: SystemFile) -> [String] {
        var names: [String] = []
        var number = 1
        while names.count < wanted {
            if system.variant("explored-\(number)") == nil { names.append("explored-\(number)") }
            number += 1
        }
        return names
    }

    // MARK: - Output

    private func print(_ exploration: Exploration, _ proposals: [Exploration.Found], _ lines: [String]) throws {
        try Console.pretty([
            "seed": .number(Double(seed)), "tried": .number(Double(exploration.tried.count)),
            "real": exploration.real.json,
            "proposals": .array(
                zip(proposals, lines).map { found, line in
                    [
                        "score": found.score.json, "number": .number(Double(found.number)), "yaml": .string(line),
                        "settings": .object(
                            JSONObject(
                                found.candidate.settings.sorted { $0.key < $1.key }.map {
                                    .init($0.key, .number($0.value))
                                })),
                    ]
                }),
            "points": .array(
                exploration.tried.map {
                    .array([.number(Double($0.score.falseAlarms)), .number(Double($0.score.caught))])
                }),
        ])
    }

    private func show(
        _ exploration: Exploration, _ proposals: [Exploration.Found], _ names: [String], _ lines: [String]
    ) throws {
        let paint = color.paint
        for line in ExplorationPlot(exploration, width: Console.width() ?? 80).lines { try Console.line("\(line)") }
        try Console.line(paint(.quiet, "\(ExplorationPlot.legend)"))
        try Console.line("")
        var table = Table(["", "caught", "prompt", "false", "unknown", "questions", "settings"])
        func add(_ name: String, _ score: ExplorationScore, _ settings: String) {
            table.add([
                name, "\(score.caught) of \(score.faults)", "\(score.prompt)", "\(score.falseAlarms)",
                "\(score.unknown)",
                "\(score.calls)", settings,
            ])
        }
        add("real", exploration.real, "")
        for (found, name) in zip(proposals, names) { add(name, found.score, found.candidate.yaml) }
        for line in table.lines(paint) { try Console.line(line) }
        try Console.line("tried \(exploration.tried.count), seed \(seed)")
        guard !lines.isEmpty else { return try Console.line("nothing better than the real system was found") }
        guard !write else { return }
        try Console.line("\nvirtual:")
        for line in lines { try Console.line("  \(line)") }
    }
}
