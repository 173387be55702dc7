import ArgumentParser

/// Minds and their decisions.
struct MindCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mind",
        abstract: "Question minds, and approve or refuse their commands.",
        subcommands: [
            MindListCommand.self, MindAskCommand.self, MindPendingCommand.self, MindApproveCommand.self,
            MindRefuseCommand.self, MindBudgetCommand.self, MindReplayCommand.self,
        ])
}
