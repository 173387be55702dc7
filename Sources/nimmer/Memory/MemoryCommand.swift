import ArgumentParser

/// Long-term memory: follow a decision, export for training.
struct MemoryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memory",
        abstract: "Follow a decision, export what was learned.",
        subcommands: [MemoryWhyCommand.self, MemoryExportCommand.self])
}
