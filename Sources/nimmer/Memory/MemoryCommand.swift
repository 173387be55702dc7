import ArgumentParser

/// Long-term memory: follow a decision, export for training, look at what could not be handled.
struct MemoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memory",
        abstract:
            "Follow decisions, search by meaning, export what was learned, look at what was set aside, back up.",
        subcommands: [
            MemoryWhyCommand.self, MemorySearchCommand.self, MemoryExportCommand.self, MemoryAsideCommand.self,
            MemoryBackupCommand.self,
            MemoryRestoreCommand.self,
        ])
}
