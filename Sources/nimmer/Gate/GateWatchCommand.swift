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
    @OptionGroup var watch: WatchOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var screen: ScreenOptions

    func run() async throws {
        let environment = try chosenEnvironment()
        let settings = ScopeSettings(
            environment: environment, face: .gates, source: watch.source, title: "nimmer gate watch")
        var session = ScopeSession(
            settings: settings, screen: screen, lines: .init(asJSON: json.json, count: watch.count))
        // Waves are needed where a screen shows who speaks; lines show only what gates did.
        session.patterns =
            session.showsScreen
            ? [SubjectPattern.everything(environment)]
            : [SubjectPattern.transitions(environment), SubjectPattern(.collapse(environment))]
        if !session.showsScreen {
            session.chosen.patterns = [
                try SubjectPattern("*.nervous.gates.*.transition"), try SubjectPattern("*.nervous.thalamus.collapse"),
            ]
        }
        session.ignored = ScopeSession.unasked(environment, screen: session.showsScreen)
        try await watch.show(session, server)
    }
}
