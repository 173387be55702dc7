import ArgumentParser

/// Waves: emit, watch, check.
struct WaveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wave",
        abstract: "Emit waves, watch and draw what happens, check messages.",
        subcommands: [WaveTailCommand.self, WavePlotCommand.self, WaveEmitCommand.self, WaveCheckCommand.self])
}
