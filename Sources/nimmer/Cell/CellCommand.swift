import ArgumentParser

/// Cells: list, ask, make.
struct CellCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cell",
        abstract: "List the running cells, ask one, make a new one.",
        subcommands: [CellListCommand.self, CellAskCommand.self, CellNewCommand.self])
}
