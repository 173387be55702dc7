import ArgumentParser

/// Regions that mean the same: list, explain, decide by hand.
struct RegionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "region",
        abstract: "Show which regions mean the same, explain why, and decide by hand.",
        discussion: """
            Where the system file has a section `iris`, a region that a wave names for the first time joins the home \
            that means the same, or founds one; the gate of the home hears its waves. docs/reference/iris.md explains it.
            """,
        subcommands: [
            RegionListCommand.self, RegionWhyCommand.self, RegionSplitCommand.self, RegionJoinCommand.self,
            RegionPinCommand.self, RegionForgetCommand.self,
        ],
        defaultSubcommand: RegionListCommand.self)
}
