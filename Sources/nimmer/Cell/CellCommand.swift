import ArgumentParser

/// Cells: list, ask, make.
struct CellCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cell",
        abstract: "List the running cells, describe or ask one, make a new one.",
        subcommands: [CellListCommand.self, CellInfoCommand.self, CellAskCommand.self, CellNewCommand.self])
}
