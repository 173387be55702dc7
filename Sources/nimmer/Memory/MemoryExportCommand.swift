import ArgumentParser
import NimmerMemory
import NimmerMemoryPostgres
import NimmerOutput
import NimmerWave

/// Purpose of an export.
enum ExportPurpose: String, ExpressibleByArgument, CaseIterable {
    case training
}

/// Writes what was remembered as lines for another program.
struct MemoryExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Export what was remembered, as JSON lines.",
        discussion: """
            For training: one line for each window of signals, with its result, its verification, and the label. A \
            row that cannot be read back is reported and left out; the status is then 1.

              nimmer memory export --for training --labelled > examples.ndjson
            """)

    @Option(name: .customLong("for"), help: ArgumentHelp("What the lines are for.", valueName: "purpose"))
    var purpose: ExportPurpose

    @Option(help: ArgumentHelp("Only what happened at or after this time (RFC 3339).", valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Only what happened before this time (RFC 3339).", valueName: "time"))
    var until: String?

    @Flag(help: "Only what reality has confirmed or refuted.")
    var labelled = false

    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let query = TrainingQuery(
            environment: environment, since: try time("--since", since), until: try time("--until", until),
            labelledOnly: labelled)
        let store = PostgresStore(database.settings(environment))
        var gone: ReaderGone?
        let count: TrainingCount
        do {
            count = try await store.exportTraining(query) { (row) throws(MemoryError) in
                switch row {
                case .success(let example):
                    do throws(ReaderGone) { try Console.json(example.json) } catch { gone = error }
                case .failure(let error): Console.error("nimmer: \(error.description)")
                }
                return gone == nil
            }
        } catch {
            throw Failure(error)
        }
        await store.close()
        if let gone { throw gone }
        Console.error("nimmer: \(NimmerOutput.count(count.examples, "example"))")
        guard count.unreadable == 0 else {
            throw Failure(
                .failed, "left out \(NimmerOutput.count(count.unreadable, "row")): not what this program writes",
                remedy: "correct what is named above in PostgreSQL, and export again")
        }
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
