import ArgumentParser
import NimmerScope
import NimmerWave

/// The attention view alone: every gate, the strongest first.
struct GateWatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Watch every gate: potential, thresholds, state, witnesses.",
        discussion: """
            The gates of the oscilloscope alone, sorted by attention; Enter explains one, ? shows the keys. Elsewhere \
            than on a terminal it prints what the gates do, one line each.
            """)

    @OptionGroup var json: JSONOptions

    @Option(name: .shortAndLong, help: ArgumentHelp("End after this many lines.", valueName: "number"))
    var count: Int?

    @Option(
        help: ArgumentHelp(
            "Begin so long ago (90s, 10m, 2h, 1d, or a time), with what the streams still hold.", valueName: "time"))
    var since: String?

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

    @OptionGroup var server: ServerOptions
    @OptionGroup var screen: ScreenOptions

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count must be at least 1; found \(count)") }
        try RecordingChoice.validate(from: from, at: at, speed: speed, since: since, record: nil)
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        let settings = ScopeSettings(
            environment: environment, face: .gates, source: from.map { .recording($0) } ?? .live,
            title: "nimmer gate watch")
        var session = ScopeSession(settings: settings, screen: screen, lines: .init(asJSON: json.json, count: count))
        // Waves are needed where a screen shows who speaks; lines tell only what gates did.
        session.patterns =
            session.showsScreen
            ? [SubjectPattern.everything(environment)]
            : [SubjectPattern.transitions(environment), SubjectPattern(.collapse(environment))]
        session.ignored = ScopeSession.unasked(environment, screen: session.showsScreen)
        session.since = try since.map { text throws(Failure) in try Since.moment(text, now: .now()) }
        if let from {
            try await session.play(from, speed: speed, at: at)
        } else {
            try await session.live(server)
        }
    }
}

/// What may be said together about a recording.
enum RecordingChoice {
    static func validate(from: String?, at: String?, speed: Double?, since: String?, record: String?) throws {
        if let speed, !(speed > 0 && speed <= 1e12) {
            throw ValidationError("--speed must be above 0; found \(speed)")
        }
        if speed != nil, from == nil { throw ValidationError("--speed plays a recording; give one with --from") }
        if at != nil, from == nil { throw ValidationError("--at is a moment of a recording; give one with --from") }
        if from != nil, since != nil || record != nil {
            throw ValidationError("--from shows a recording; leave out --since and --record")
        }
    }
}
