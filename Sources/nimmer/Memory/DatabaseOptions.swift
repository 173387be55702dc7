import ArgumentParser
import NimmerMemory
import NimmerMemoryPostgres
import NimmerProcess
import NimmerSupervisor
import NimmerWave

/// The database, for every command that reads or changes long-term memory.
struct DatabaseOptions: ParsableArguments {
    static let variable = "NIMMERVERSE_POSTGRES_URL"

    @Option(
        help: ArgumentHelp(
            "The PostgreSQL database.",
            discussion: """
                A URL or libpq conninfo. Default: NIMMERVERSE_POSTGRES_URL, else the database of the `nimmer up` that \
                runs in this folder or one above it, else libpq's variables (PGHOST, PGPORT …).
                """, valueName: "url"))
    var database: String?

    @Option(help: ArgumentHelp("A file that holds the password alone.", valueName: "file"), completion: .file())
    var passwordFile: String?

    func settings(_ environment: Environment) -> DatabaseSettings {
        var file: String?
        var secret: String?
        if database == nil, let running = RunState.running(environment) {
            file = running.state.postgres
            secret = running.state.postgresPasswordFile
        }
        return DatabaseSettings(
            flag: database, variables: ProcessVariable.current(), file: file, passwordFlag: passwordFile,
            passwordFile: secret, environment: environment, applicationName: "nimmer")
    }
}
