import ArgumentParser

/// Waves: emit, watch, check.
struct WaveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wave",
        abstract: "Emit waves, watch what happens, check messages.",
        subcommands: [WaveTailCommand.self, WaveEmitCommand.self, WaveCheckCommand.self])
}
