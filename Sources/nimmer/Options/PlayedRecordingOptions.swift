import ArgumentParser

/// A recording that is shown instead of what happens now, and how it is played: for the oscilloscope and the page.
struct PlayedRecordingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Show a recording instead of what happens now.", valueName: "file"), completion: .file())
    var from: String?

    @Option(
        help: ArgumentHelp(
            "Play the recording up to this moment at once, and stop there: 90s after its start, 12:01:06, or a full time.",
            valueName: "time"))
    var at: String?

    @Option(
        help: ArgumentHelp("Play the recording so many times as fast as it was recorded.", valueName: "number"))
    var speed: Double?

    func validate() throws {
        if let speed, !(speed > 0 && speed <= 1e12) {
            throw ValidationError("--speed must be above 0; found \(speed)")
        }
        if speed != nil, from == nil { throw ValidationError("--speed plays a recording; give one with --from") }
        if at != nil, from == nil { throw ValidationError("--at is a moment of a recording; give one with --from") }
    }
}
