import ArgumentParser
import NimmerOutput
import NimmerReplay
import NimmerScopeSession
import NimmerSystem
import NimmerSystemFile
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// Runs a nervous system over a recording.
struct ReplayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Run a nervous system over a recording, without any server.",
        discussion: """
            The very cells, gates and thalamus that `nimmer up` runs, on the recording's own time and as fast as this \
            machine allows. The same input always gives the same output.

              nimmer replay --system deploy/systems/pump.yaml --input valve1-0.csv
              nimmer replay --system pump.yaml --compare tuned.yaml --input valve1-0.csv
              nimmer replay --system pump.yaml --input valve1-0.csv --changes
              nimmer replay --system pump.yaml --input valve1-0.csv --json | jq .type

            A recording is a CSV file (a column for each sensor, or with --entity-column a row for each value; with or without names \
            of its columns), NDJSON objects of numbers, or waves as --record and `nimmer wave tail --record` write them: \
            {"at": …, "subject": …, "message": {…}}. Separator, decimal mark, units, comments and encoding are found out; packed files \
            (.gz, .zst, .xz, .bz2, .lz4) are read through the program of their kind.

            A cell reads the column that its setting `column` names, or those of `columns`; AM2301.temperature is a key within an object. \
            The time is the column named time, timestamp, datetime, at or date, or else the first that holds times; without one, rows \
            come at the pace that the system file gives its cells.

            What cannot be read is counted and named at the end; where most of a column that a cell reads is no number, most times or \
            most rows cannot be read, the run fails before it begins.

            Origins are held against the system file as they are live: a wave that names one which is not granted is \
            refused, and the first is printed with the line that grants it.

            A change event states when what a sensor senses began to change, and when that ended. It is for people: no \
            gate hears it. Of the sensors of one region the first speaks, at most once in 20 seconds.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The nervous system.", valueName: "file"), completion: .file())
    var system: String

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The recording; - reads standard input.", valueName: "file"),
        completion: .file())
    var input: String

    @Option(
        help: ArgumentHelp("Another system file, to show what it would have done differently.", valueName: "file"),
        completion: .file())
    var compare: String?

    @Option(
        help: ArgumentHelp(
            "Also write the waves, and with --changes the change events, to a file that replay can read.",
            valueName: "file"),
        completion: .file())
    var record: String?

    @OptionGroup var json: JSONOptions

    @Flag(help: "Also print waves, not only what follows from them.")
    var waves = false

    @Flag(help: "Also print change events, and count them in the summary.")
    var changes = false

    @OptionGroup var recording: RecordingOptions

    @Option(
        help: ArgumentHelp(
            "A column of labels, by name or counted from 1: prints a table of it beside the states of each nerve.",
            valueName: "column"))
    var labels: String?

    @Option(
        help: ArgumentHelp(
            "A column with the truth, by name or counted from 1: an opening in a row where it holds 1 or true is confirmed, where it holds 0 or "
                + "false it has failed; confirmed, failed and partial are outcomes as they are, and an empty cell leaves it open.",
            valueName: "column"))
    var verify: String?

    @Option(help: ArgumentHelp("Time from an opening to its outcome: 60s, 10m, 2h.", valueName: "time"))
    var verifyAfter = "60s"

    @Option(
        help: ArgumentHelp(
            "Time after the truth in which an opening counts neither way: 60s, 10m; 0s for none.", valueName: "time"))
    var verifyGrace = "60s"

    @Option(
        help: ArgumentHelp(
            "A file with what outcomes have shown: read before, where it is there, and written after, so that many recordings are one life.",
            valueName: "file"), completion: .file())
    var trust: String?

    @OptionGroup var color: ColorOptions

    func validate() throws {
        if compare != nil, labels != nil { throw ValidationError("--labels takes one system; leave out --compare") }
        if compare != nil, record != nil { throw ValidationError("--record records one system; leave out --compare") }
        if compare != nil, trust != nil { throw ValidationError("--trust is of one system; leave out --compare") }
        if labels != nil, verify != nil, labels != verify {
            throw ValidationError("--labels and --verify name two columns; expected one for both, or one run for each")
        }
        for (option, value) in [("--verify-after", verifyAfter), ("--verify-grace", verifyGrace)]
        where Self.milliseconds(value) == nil {
            throw ValidationError("\(option) must be such as 60s, 10m or 2h; found \(value)")
        }
    }

    func run() throws {
        let environment = try chosenEnvironment()
        try FileText.refuse(record, of: "--record", over: [input, system])
        try FileText.refuse(trust, of: "--trust", over: [input, system])
        let mapping = try recording.mapping()
        let format = try format()
        let file = input == "-" ? "standard input" : input
        let bytes = try FileText.bytes(input)
        var first = try ReplayRun(
            Self.system(system), bytes: bytes, file: file, format: format, mapping: mapping, environment: environment)
        for note in first.notes { Console.error("nimmer: \(note)") }
        if let verification { first.verify(verification) }
        if let trust { first.trust = try Self.trust(trust).entries.map { ($0.region, $0.origins) } }
        if let compare {
            var other = try ReplayRun(
                Self.system(compare), bytes: bytes, file: file, format: format, mapping: mapping,
                environment: environment)
            if let verification { other.verify(verification) }
            try show(first, other, names: (system, compare))
        } else {
            try show(first, environment)
        }
    }

    private static func milliseconds(_ text: String) -> Double? {
        text == "0" || text == "0s" ? 0 : SinceOption.milliseconds(text)
    }

    /// The truth about openings, where a column holds it.
    private var verification: ReplayVerification? {
        verify.map { _ in
            ReplayVerification(
                after: Self.milliseconds(verifyAfter) ?? 0, grace: Self.milliseconds(verifyGrace) ?? 0)
        }
    }

    /// Records of runs before; nothing where the file is not there yet.
    private static func trust(_ path: String) throws -> TrustSnapshot {
        guard access(path, F_OK) == 0 else { return TrustSnapshot([]) }
        let bytes = try FileText.bytes(path)
        do {
            return try TrustSnapshot(JSON(parsing: bytes))
        } catch {
            throw Failure(
                .data, "\(path): \(error)", remedy: "`nimmer replay --trust` and `nimmer trust export` write it")
        }
    }

    private static func system(_ path: String) throws(Failure) -> SystemFile {
        do throws(SystemError) { return try SystemFile(path: path) } catch { throw Failure(error) }
    }

    private func show(_ run: ReplayRun, _ environment: Environment) throws {
        var run = run
        let formatter = EventFormatter(paint: color.paint, width: Console.width)
        let json = json.json
        var page: TerminalText = ""
        var recorded = ""
        var progress = ReplayProgress(bytes: run.size)
        var lastDay = ""
        try run.finish(&progress) { output throws(ReaderGone) in
            if record != nil, let line = output.recorded { recorded += line.text + "\n" }
            guard output.isPrinted else { return }
            if json {
                page += "\(TerminalText(json: output.json.text))\n"
            } else if let line = line(output, formatter, environment) {
                let day = String(LocalTime.full(output.at).prefix(10))
                if day != lastDay { page += "\(formatter.paint(.quiet, "\(day)"))\n" }
                lastDay = day
                page += "\(line)\n"
            }
            if page.text.utf8.count > 65_536 || Console.isTerminal {
                try Console.write(page)
                page = ""
            }
        }
        if let labels = run.labels {
            let lines = json ? labels.json.map { TerminalText(json: $0.text) } : labels.lines(formatter.paint)
            for line in lines { page += "\(line)\n" }
        }
        if !json { page += "\(formatter.paint(.strong, "\(run.counts.summary(hasChanges: changes))"))\n" }
        if let outcomes = run.outcomes {
            if json {
                page += "\(TerminalText(json: outcomesJSON(outcomes).text))\n"
            } else {
                let words = VerificationResult.allCases.map { "\(outcomes[$0] ?? 0) \($0.rawValue)" }
                page += "\(formatter.paint(.strong, "outcomes: \(words.joined(separator: ", "))"))\n"
            }
        }
        try Console.write(page)
        if let trust {
            let snapshot = TrustSnapshot(run.trust.map { .init(region: $0.region, origins: $0.records) })
            try FileText.write(snapshot.json.text + "\n", to: trust)
        }
        if let record { try FileText.write(recorded, to: record) }
        for note in run.endNotes { Console.error("nimmer: \(note)") }
        try run.checkRefusals()
    }

    private func outcomesJSON(_ outcomes: [VerificationResult: Int]) -> JSON {
        var line: JSONObject = ["type": "outcomes"]
        for result in VerificationResult.allCases { line[result.rawValue] = .number(Double(outcomes[result] ?? 0)) }
        return .object(line)
    }

    private func line(_ output: ReplayOutput, _ formatter: EventFormatter, _ environment: Environment) -> TerminalText?
    {
        if case .wave(let message, let subject) = output {
            return waves ? formatter.line(subject: subject.text, message: .waveSignal(message)) : nil
        }
        return output.line(formatter, environment)
    }

    private func show(_ one: ReplayRun, _ other: ReplayRun, names: (String, String)) throws {
        var runs = [one, other]
        var escalations: [[ReplayComparison.Escalation]] = [[], []]
        var progress = ReplayProgress(bytes: one.size * 2)
        for index in runs.indices {
            try runs[index].finish(&progress) { output throws(ReaderGone) in
                if case .escalation(let request, let at) = output {
                    escalations[index].append(
                        .init(
                            region: request.region.text, at: at,
                            confidence: request.confidence))
                }
            }
        }
        for note in runs[0].endNotes { Console.error("nimmer: \(note)") }
        let comparison = ReplayComparison(escalations[0], escalations[1])
        if json.json {
            for difference in comparison.differences { try Console.json(difference.json) }
            let summary: JSON = [
                "type": "comparison", "system": .string(names.0), "compared": .string(names.1),
                "same": .number(Double(comparison.same)), "counts": runs[0].counts.json(hasChanges: changes),
                "compared_counts": runs[1].counts.json(hasChanges: changes),
            ]
            try Console.json(summary)
            for run in runs { try run.checkRefusals() }
            return
        }
        let paint = color.paint
        var table = Table(["", "waves", "openings", "escalations"] + (changes ? ["changes"] : []))
        for (name, run) in zip([names.0, names.1], runs) {
            let counts = run.counts
            var row = [counts.waves, counts.openings, counts.escalations]
            if changes { row.append(counts.changes) }
            table.add([name] + row.map { "\($0)" })
        }
        for line in table.lines(paint) { try Console.line(line) }
        try Console.line(
            comparison.differences.isEmpty
                ? "no escalation appears, disappears or moves"
                : "\(count(comparison.same, "escalation")) at the same time in both; the others:")
        for difference in comparison.differences { try Console.line(difference.line(paint)) }
        for run in runs { try run.checkRefusals() }
    }

    private func format() throws(Failure) -> ReplayFormat {
        var format = try recording.format()
        format.labelColumn = labels ?? verify
        format.comparesLabels = labels != nil
        format.readsChanges = changes
        return format
    }
}
