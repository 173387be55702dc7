import ArgumentParser
import NimmerMemory
import NimmerMemoryPostgres
import NimmerOutput
import NimmerWave

/// Applies the migrations that a database lacks.
struct DatabaseMigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Create the database, or bring its schema to this version.",
        discussion: """
            Applies what is missing, each migration in a transaction of its own; applying twice changes nothing, and \
            two at once are safe. `nimmer up` does this for its own database.
            """)

    @OptionGroup var json: JSONOptions
    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let settings = database.settings(environment)
        let report: MigrationReport
        do {
            report = try await PostgresAdministration(settings).migrate()
        } catch {
            throw Failure(error)
        }
        if json.json {
            try Console.json(
                [
                    "database": .string("\(settings)"), "created": .bool(report.createdDatabase != nil),
                    "applied": .array(
                        report.applied.map { ["version": .number(Double($0.version)), "name": .string($0.name)] }),
                    "version": .number(Double(report.version)), "notes": .array(report.notes.map { .string($0) }),
                    "meanings": .string(report.meanings.map { "\($0)" } ?? ""),
                ])
            return
        }
        if let created = report.createdDatabase { try Console.line("created the database \(created)") }
        for migration in report.applied { try Console.line("applied \(migration.version) \(migration.name)") }
        for note in report.notes { try Console.line("note: \(note)") }
        if let meanings = report.meanings { try Console.line("memory by meaning is searched by \(meanings)") }
        let state = report.applied.isEmpty ? "was up to date already" : "is up to date"
        try Console.line("\(settings) \(state), at version \(report.version)")
    }
}
