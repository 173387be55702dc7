import ArgumentParser
import NimmerCognition
import NimmerMemory
import NimmerMemoryPostgres
import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave

/// Purpose of an export.
enum ExportPurpose: String, ExpressibleByArgument, CaseIterable {
    case training
}

/// Form of an export.
enum ExportForm: String, ExpressibleByArgument, CaseIterable {
    /// One JSON object for each window of signals.
    case examples
    /// Conversations with minds.
    case chat
    /// Pairs of answers.
    case preference
    /// Windows of signals as CSV.
    case gates
}

/// Writes what was remembered as lines for another program.
struct MemoryExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Export what was remembered, for training.",
        discussion: """
            Forms:
              examples    JSON lines: windows of signals, result, outcome, label
              chat        JSON lines: answers that an outcome bears out
              preference  JSON lines: prompt, chosen and rejected answer
              gates       CSV: windows of signals, the signals in columns

            Labels are the outcomes that the thalamus accepted (`nimmer verify`). A row that cannot be read back is reported and \
            left out; the status is then 1, as when there is nothing to export.

              nimmer memory export --for training --labelled > examples.ndjson
              nimmer memory export --for training --form chat --out chat.jsonl
              nimmer memory export --for training --form preference > pairs.jsonl
              nimmer memory export --for training --form gates --labelled --out gates.csv
            """)

    @Option(name: .customLong("for"), help: ArgumentHelp("Purpose of the lines.", valueName: "purpose"))
    var purpose: ExportPurpose

    @Option(help: ArgumentHelp("Form of the lines.", valueName: "form"))
    var form = ExportForm.examples

    @Option(help: ArgumentHelp("Only what happened at or after this time (RFC 3339).", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Only what happened before this time (RFC 3339).", valueName: "time"))
    var until: String?

    @Option(help: ArgumentHelp("Only these regions: plant.pump, or a pattern such as 'plant.>'.", valueName: "region"))
    var region: String?

    @Flag(help: "Only what reality has confirmed or refuted.")
    var labelled = false

    @Option(
        help: ArgumentHelp(
            "The system file whose text about the system and whose commands the prompts of `chat` and `preference` hold.",
            valueName: "file"), completion: .file())
    var system: String?

    @Option(help: ArgumentHelp("Signals that have columns in `gates`.", valueName: "number"))
    var signals = GateLabels.standardSignals

    @Option(
        help: ArgumentHelp(
            "The file to write, which takes its name when it is whole. Default: standard output.", valueName: "file"),
        completion: .file())
    var out: String?

    @OptionGroup var database: DatabaseOptions

    func validate() throws {
        guard GateLabels.range.contains(signals) else {
            throw ValidationError("--signals must be 1 to \(GateLabels.range.upperBound); found \(signals)")
        }
        if let region, (try? SubjectPattern(region)) == nil {
            throw ValidationError(
                "--region must be a region or a pattern: tokens joined by dots, * for one token, > for the rest; found \(region)"
            )
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        let isOfAnswers = form == .chat || form == .preference
        let query = TrainingQuery(
            environment: environment, since: try time("--since", since), until: try time("--until", until),
            labelledOnly: labelled, region: try region.map { text in try SubjectPattern(text) },
            // An answer and its request have up to 64 KiB each.
            limit: isOfAnswers ? 200 : 10_000)
        let writer = isOfAnswers ? ExportWriter(form, try prompts()) : ExportWriter(form, signals: signals)
        let store = PostgresStore(database.settings(environment))
        let output = try ExportOutput(out)
        defer { output.end() }
        var trouble: (any Error)?
        let count: TrainingCount
        do {
            count =
                isOfAnswers
                ? try await store.exportAnswers(query) { (row) throws(MemoryError) in
                    take(row, to: output, &trouble) { try writer.take($0, output) }
                }
                : try await store.exportTraining(query) { (row) throws(MemoryError) in
                    take(row, to: output, &trouble) { try writer.take($0, output) }
                }
        } catch {
            throw Failure(error)
        }
        await store.close()
        if let trouble { throw trouble }
        try output.finish(isEmpty: form != .examples && writer.written == 0)
        for line in writer.remarks { Console.error(line) }
        if form != .examples, writer.written == 0 { throw writer.nothing(query, count.examples) }
        Console.error("nimmer: \(NimmerOutput.count(writer.written, writer.noun))")
        guard count.unreadable == 0 else {
            throw Failure(
                .failed, "left out \(NimmerOutput.count(count.unreadable, "row")): not what this program writes",
                remedy: "correct what is named above in PostgreSQL, and export again")
        }
    }

    /// Hands a row on; false where no more is taken.
    private func take<Example>(
        _ row: ExportPage<Example>.Row, to output: ExportOutput, _ trouble: inout (any Error)?,
        _ write: (Example) throws -> Void
    ) -> Bool {
        switch row {
        case .success(let example):
            do { try write(example) } catch { trouble = error }
        case .failure(let error): output.remark("nimmer: \(error.description)")
        }
        return trouble == nil
    }

    /// The texts of the system file that prompts hold.
    private func prompts() throws(Failure) -> ExportWriter.Prompts {
        guard let system else { return ExportWriter.Prompts() }
        let file: SystemFile
        do throws(SystemError) { file = try SystemFile(path: system) } catch { throw Failure(error) }
        var prompts = ExportWriter.Prompts(
            about: file.bridge.about, catalogue: CommandCatalogue(allow: file.bridge.allow))
        if let mind = file.bridge.minds.first { prompts.bytes = mind.promptBytes }
        return prompts
    }

    private func time(_ option: String, _ text: String?) throws(Failure) -> Timestamp? {
        guard let text else { return nil }
        guard let time = try? Timestamp(rfc3339: text) else {
            throw Failure(
                .usage, "\(option): \(text) is not an RFC 3339 time", remedy: "for example 2026-02-14T18:30:00Z")
        }
        return time
    }
}
