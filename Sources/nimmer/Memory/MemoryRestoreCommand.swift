import ArgumentParser
import NimmerBackup
import NimmerBus
import NimmerInspection
import NimmerMemory
import NimmerMemoryPostgres
import NimmerOutput
import NimmerWave

/// Brings back what a backup holds into an empty environment.
struct MemoryRestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restore a backup into an empty environment.",
        discussion: """
            Checks the whole file first, and that no process of the environment runs, no table holds a row and no stream a \
            message; only then is anything written. Tables and streams are restored completely or not at all: a failed or \
            interrupted restore is undone. Readers continue where they were: nothing is handled twice. A restore that was \
            killed leaves its streams, and a mark: no process of the environment starts until it is repeated with --clear.

            The file's environment must be the one that is chosen (NIMMERVERSE_ENV). With --check nothing is written.
            """)

    @Argument(help: "The backup.", completion: .file())
    var file: String

    @Flag(help: "Only check the file and whether it could be restored.")
    var check = false

    @Flag(help: "First delete the streams that an interrupted restore left.")
    var clear = false

    @OptionGroup var parts: BackupParts
    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        let command = self
        try await Interruption.cancelling { try await command.restore() }
    }

    private func restore() async throws {
        let environment = try chosenEnvironment()
        let backup = try BackupFile(file)
        let progress = Progress()
        defer { progress.end() }
        let total = max(1, backup.bytes)
        let index = try BackupIndex(backup) { progress.show("checking: \($0 * 100 / total) %") }
        guard index.head.environment == environment else {
            throw Failure(
                .usage,
                "\(file) is a backup of \(index.head.environment.rawValue), but the environment is \(environment.rawValue)",
                remedy: "export NIMMERVERSE_ENV=\(index.head.environment.rawValue)")
        }
        let (schema, hasStreams) = try choose(index)
        let archive = PostgresArchive(database.settings(environment))
        var tables = RestoredTables(rows: [])
        var reports: [StreamRestore.Report] = []
        do {
            if hasStreams {
                reports = try await CommandConnection.with(server, environment) { bus in
                    try await Self.checkNothingRuns(on: bus, environment)
                    try await StreamRestore.checkRoom(on: bus, environment, clears: clear)
                    if let schema { try await archive.checkRoom(for: schema) }
                    var streams = try StreamRestore(index, of: backup, on: bus)
                    if check { return [] }
                    if clear { try await StreamRestore.clear(on: bus, environment) }
                    let reports = try await streams.run { progress.show("\(count($0, "message"))") }
                    if let schema {
                        // Last, in one transaction: where it fails, the streams are empty again too.
                        do { tables = try await restoreTables(index, schema, backup, archive, progress) } catch {
                            throw await streams.undone(after: error)
                        }
                    }
                    try await streams.complete()
                    return reports
                }
            } else if let schema {
                try await archive.checkRoom(for: schema)
                if !check { tables = try await restoreTables(index, schema, backup, archive, progress) }
            }
        } catch let error as MemoryError {
            throw Failure(error)
        }
        progress.end()
        if let trouble = tables.trouble {
            Console.error("nimmer: everything is restored, but the tables are not ready: \(trouble.message)")
            Console.error("  `nimmer db migrate`, and ANALYZE in the database, can be repeated at any time")
        }
        try report(index, tables.rows, reports)
    }

    /// Returns the parts that are asked for and must be in the file.
    private func choose(_ index: BackupIndex) throws(Failure) -> (schema: ArchivedSchema?, hasStreams: Bool) {
        guard !parts.hasStreams || !index.streams.isEmpty else {
            throw Failure(
                .usage, "\(file) holds no streams",
                remedy: parts.hasDatabase ? "--database-only restores the tables alone" : nil)
        }
        guard !parts.hasDatabase || index.schema != nil else {
            throw Failure(
                .usage, "\(file) holds no tables",
                remedy: parts.hasStreams ? "--streams-only restores the streams alone" : nil)
        }
        return (parts.hasDatabase ? index.schema : nil, parts.hasStreams)
    }

    /// Refuses while a process lives that reads or writes what is restored.
    private static func checkNothingRuns(on bus: any Bus, _ environment: Environment) async throws {
        // One that is overlooked writes into what is restored: a busy machine has a second to answer.
        let living = try await RunningService.discover(bus, wait: .seconds(1)).filter { service in
            service.metadata["environment"]?.string == environment.rawValue
                && ["thalamus", "boundary", "service"].contains(service.metadata["entity_type"]?.string)
        }
        guard living.isEmpty else {
            let names = living.map(\.name).sorted().joined(separator: ", ")
            throw Failure(
                .temporary, "\(names) of \(environment.rawValue) \(living.count == 1 ? "is" : "are") running",
                remedy: "stop them, and start them again after the restore")
        }
    }

    private func restoreTables(
        _ index: BackupIndex, _ schema: ArchivedSchema, _ backup: BackupFile, _ archive: PostgresArchive,
        _ progress: Progress
    ) async throws -> RestoredTables {
        let rows = RestoredRows(index, backup)
        do throws(MemoryError) {
            return try await archive.restore(schema, index.tables.map(\.table)) { (place) throws(MemoryError) in
                progress.show("table \(place + 1) of \(index.tables.count)")
                guard !Task.isCancelled else { throw MemoryError(.closed, "interrupted") }
                do throws(Failure) { return try rows.next(of: place) } catch {
                    throw MemoryError(.unexpected, error.message.text)
                }
            }
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw rows.failure ?? Failure(error)
        }
    }

    private func report(_ index: BackupIndex, _ rows: [Int], _ reports: [StreamRestore.Report]) throws {
        if json.json {
            return try Console.json(
                [
                    "file": .string(file), "environment": .string(index.head.environment.rawValue),
                    "made_at": .string(index.head.madeAt.rfc3339), "restored": .bool(!check),
                    "rows": index.end.json["rows"] ?? .null,
                    "streams": .array(reports.map(\.json)),
                ])
        }
        guard !check else {
            return try Console.line(
                "\(file) of \(LocalTime.full(index.head.madeAt)) is whole, and can be restored here")
        }
        try Console.line("restored \(file) of \(LocalTime.full(index.head.madeAt))")
        for (table, count) in zip(index.tables, rows) {
            try Console.line("  \(table.table.name): \(NimmerOutput.count(count, "row"))")
        }
        for report in reports {
            var text: TerminalText = "  \(report.name): \(count(report.messages, "message"))"
            if report.repeated > 0 { text += ", \(report.repeated) left out that it held twice" }
            try Console.line(text)
            if !report.others.isEmpty {
                try Console.line(
                    "    readers to be made by their owners: \(report.others.joined(separator: ", "))")
            }
        }
    }
}

extension StreamRestore.Report {
    var json: JSON {
        [
            "name": .string(name), "messages": .number(Double(messages)), "repeated": .number(Double(repeated)),
            "durables": .array(durables.map { .string($0) }), "others": .array(others.map { .string($0) }),
        ]
    }
}
