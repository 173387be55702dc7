import NimmerHippocampus
import NimmerMemory
import NimmerMemoryPostgres
import NimmerProcess
import NimmerSystem
import NimmerWave

extension Manifest {
    /// Identity of the hippocampus and its settings.
    static let hippocampus = Manifest(
        name: "hippocampus", version: "1.0.0",
        summary: "Moves decisions from the streams into PostgreSQL, in batches, exactly once in effect.",
        domain: "memory", commands: MemoryRequests.commands)
}

/// Settings of the hippocampus.
struct HippocampusOptions: ProcessOptions {
    let postgres = Setting.text(
        "postgres",
        "Where PostgreSQL is, without a password: postgresql://user@host:5432/database. Else "
            + "NIMMERVERSE_POSTGRES_URL, postgres.url of the system file, or PGHOST and its kin.")
    let passwordFile = Setting.text(
        "password_file", "A file that holds the password alone. Else postgres.password_file.")
    let batchTime = Setting.whole(
        "batch_ms", in: 1...60_000, unit: "milliseconds",
        "The longest that a message waits for its commit. Else memory.batch_ms, 200 by default.")
    let batchRows = Setting.whole(
        "batch_rows", in: 1...100_000, "The most rows in one commit. Else memory.batch_rows, 2000 by default.")
}

/// Start of the hippocampus, from flags, variables and the system file.
struct HippocampusStart: Sendable {
    /// Settings of the database.
    var database: DatabaseSettings
    /// Limits of a batch.
    var limits: Batcher<Hippocampus.Held>.Limits

    init(
        _ settings: Settings<HippocampusOptions>, system: SystemFile?, environment: Environment,
        variables: [String: String]
    ) {
        database = DatabaseSettings(
            flag: settings.postgres, variables: variables, file: system?.postgres.url,
            passwordFlag: settings.passwordFile, passwordFile: system?.postgres.passwordFile,
            environment: environment, applicationName: "hippocampus")
        database.statementSeconds = 10
        database.writes = true
        limits = Batcher.Limits(
            milliseconds: Double(settings.batchTime ?? system?.memory.batchMS ?? 200),
            rows: settings.batchRows ?? system?.memory.batchRows ?? 2_000)
    }
}
