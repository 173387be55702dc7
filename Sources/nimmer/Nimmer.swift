import ArgumentParser

/// The command-line tool (architecture.md).
struct Nimmer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nimmer",
        abstract: "Run, watch and question a nervous system.",
        discussion: """
            Cells emit waves, gates correlate them, the thalamus collapses what agrees and wakes cognition; the \
            hippocampus remembers every decision. Start with `nimmer up`: it runs a whole nervous system on this \
            machine and shows what happens in it. `nimmer doctor` shows what is missing.

            The environment is dev, staging or prod, from NIMMERVERSE_ENV (dev when it is not set).
            """,
        version: "0.2.0",
        groupedSubcommands: [
            CommandGroup(
                name: "A nervous system:",
                subcommands: [
                    UpCommand.self, DownCommand.self, StatusCommand.self, LogsCommand.self, RestartCommand.self,
                    DoctorCommand.self, CheckCommand.self, EnvCommand.self, ContextCommand.self, ExerciseCommand.self,
                    CompletionCommand.self,
                ]),
            CommandGroup(
                name: "What happens in it:",
                subcommands: [
                    WaveCommand.self, GateCommand.self, WebCommand.self, CellCommand.self, NerveCommand.self,
                    ReplayCommand.self,
                    VerifyCommand.self, TrustCommand.self, GardenCommand.self,
                ]),
            CommandGroup(
                name: "What it decides and remembers:",
                subcommands: [
                    MindCommand.self, OrganCommand.self, IrisCommand.self, MemoryCommand.self, DatabaseCommand.self,
                    LifeforceCommand.self,
                ]),
            CommandGroup(name: "Where it runs:", subcommands: [ImageCommand.self, KubeCommand.self, AuthCommand.self]),
        ])
}
