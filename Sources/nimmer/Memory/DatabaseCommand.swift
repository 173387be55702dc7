import ArgumentParser

/// The database: bring its schema up to date, drop what is old.
struct DatabaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db",
        abstract: "Bring the database up to date, drop what is old.",
        subcommands: [DatabaseMigrateCommand.self, DatabasePruneCommand.self])
}
