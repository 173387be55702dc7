import ArgumentParser
import NimmerBackup
import NimmerBus
import NimmerMemory
import NimmerMemoryPostgres
import NimmerOutput
import NimmerPlatform
import NimmerWave
import UnixSignals

/// Copies what an environment has decided into a file.
struct MemoryBackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy everything that was decided into a file: the tables and the streams.",
        discussion: """
            The system may run meanwhile. The file holds each table as one moment had it, and each stream with the positions of \
            its readers. Only its owner may read it; it gets its name when it is complete. The database's schema belongs to the user \
            that copies it, or to a role that the user is a member of.

              nimmer memory backup --out monday.backup
            """)

    @Option(
        help: ArgumentHelp(
            "The file to write; it must not exist.",
            discussion: "Default: nimmer-ENVIRONMENT-TIME.backup in this folder.",
            valueName: "file"), completion: .file())
    var out: String?

    @OptionGroup var parts: BackupParts
    @OptionGroup var json: JSONOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let now = Timestamp.now()
        let stamp = now.rfc3339.prefix(19).filter { $0.isNumber || $0 == "T" }
        // Before there is anything that a signal could leave behind.
        let signals = await Interruption.signals()
        let writer = try BackupWriter(out ?? "nimmer-\(environment.rawValue)-\(stamp)Z.backup")
        let progress = Progress()
        defer { progress.end() }
        let watch = TaskOwner()
        watch.run {
            for await signal in signals {
                writer.discard()
                progress.end()
                Interruption.exit(signal, "nothing is left of \(writer.path)")
            }
        }
        defer { watch.cancelAll() }
        try writer.head(BackupContents.Head(environment: environment, madeAt: now))
        let show = { @Sendable in
            progress.show("\(count(writer.counts.rows, "row")), \(count(writer.counts.messages, "message"))")
        }
        var last: [String: UInt64] = [:]
        if parts.hasStreams {
            last = try await CommandConnection.with(server, environment) { bus in
                let streams = try await StreamBackup(bus, environment, at: try server.choice(environment).shown)
                if parts.hasDatabase { try await copyTables(to: writer, environment, show) }
                return try await streams.write(to: writer, progress: show)
            }
        } else {
            try await copyTables(to: writer, environment, show)
        }
        let end = try writer.finish(last: last)
        progress.end()
        if json.json {
            return try Console.json(
                [
                    "file": .string(writer.path), "bytes": .number(Double(writer.bytes)),
                    "rows": end.json["rows"] ?? .null,
                    "messages": end.json["messages"] ?? .null,
                ])
        }
        let (rows, messages) = writer.counts
        try Console.line(
            "copied \(count(rows, "row")) of \(count(end.rows.count, "table")) and \(count(messages, "message")) of "
                + "\(count(end.messages.count, "stream")) into \(writer.path)")
    }

    private func copyTables(
        to writer: BackupWriter, _ environment: Environment, _ progress: @escaping @Sendable () -> Void
    ) async throws {
        do throws(MemoryError) {
            try await PostgresArchive(database.settings(environment)).export { piece in
                do throws(Failure) {
                    switch piece {
                    case .schema(let schema): try writer.database(schema.json)
                    case .table(let table): try writer.table(table.name, table.json)
                    case .row(let row): try writer.row(row)
                    }
                    progress()
                    return true
                } catch { return false }
            }
        } catch {
            // A file that takes nothing more ends the copying, and not the other way round.
            throw writer.failure ?? Failure(error)
        }
    }
}

/// Options that select the parts of a backup or restore.
struct BackupParts: ParsableArguments {
    @Flag(help: "Only the streams, and not the database.")
    var streamsOnly = false

    @Flag(help: "Only the database, and not the streams.")
    var databaseOnly = false

    var hasStreams: Bool { !databaseOnly }
    var hasDatabase: Bool { !streamsOnly }

    func validate() throws {
        guard !streamsOnly || !databaseOnly else {
            throw ValidationError(
                "--streams-only and --database-only exclude each other; give one of them, or neither for both")
        }
    }
}
