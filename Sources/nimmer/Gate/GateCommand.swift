import ArgumentParser

/// Gates: list, explain, simulate.
struct GateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate",
        abstract: "List and watch gates, explain one, simulate one.",
        subcommands: [GateListCommand.self, GateWatchCommand.self, GateWhyCommand.self, GateSimulateCommand.self])
}
