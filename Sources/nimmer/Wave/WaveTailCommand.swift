import ArgumentParser
import NimmerBus
import NimmerOutput
import NimmerScope
import NimmerScopeSession
import NimmerWave

/// Watches what happens: the oscilloscope on a terminal, one line an event elsewhere.
struct WaveTailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Watch what happens: waves, openings, collapses, decisions.",
        discussion: """
            On a terminal it is an oscilloscope: traces, gates, a log and an inspector; ? shows its keys. Elsewhere, \
            with --lines, --json or --count it prints one line an event, written at once, until Ctrl-C or until the \
            reader of a pipe goes.

              nimmer wave tail                         everything
              nimmer wave tail --filter math           what mentions math; '!math': not
              nimmer wave tail 'dev.nervous.gates.>'   one branch of the subjects
              nimmer wave tail 'zigbee2mqtt/#'         what devices publish, by MQTT topics
              nimmer wave tail --filter tele/boiler/SENSOR
                                                       what a device publishes
              nimmer wave tail --since 10m             the last ten minutes, then now
              nimmer wave tail --record storm.ndjson   and keep it
              nimmer wave tail --from storm.ndjson     look at it again, with the same keys
              nimmer wave tail --from storm.ndjson --at 90s
                                                       stopped at a moment of it; p plays
              nimmer wave tail --json | jq .body.confidence
            """)

    @Argument(
        help: "Subject patterns (* is one token, > the rest), or MQTT topics. Default: everything of the environment.")
    var patterns: [String] = []

    @OptionGroup var json: JSONOptions

    @OptionGroup var watch: WatchOptions

    @Option(help: ArgumentHelp("Leave out subjects that match; may be given more than once.", valueName: "pattern"))
    var ignore: [String] = []

    @Option(help: ArgumentHelp("Leave out waves below this confidence, and print how many.", valueName: "number"))
    var minConfidence = 0.0

    @Option(
        help: ArgumentHelp(
            "Only what contains this text, or is published under this MQTT topic; with ! before it, what does not.",
            valueName: "text"))
    var filter: String?

    @Flag(help: "Also the attention (once a second), traces and heartbeats.")
    var all = false

    @Option(
        help: ArgumentHelp("Also write everything to a file that `nimmer replay` and --from read.", valueName: "file"),
        completion: .file())
    var record: String?

    @OptionGroup var server: ServerOptions
    @OptionGroup var screen: ScreenOptions

    func validate() throws {
        if !(0...1).contains(minConfidence) {
            throw ValidationError("--min-confidence must be between 0 and 1; found \(minConfidence)")
        }
        if watch.from != nil, record != nil {
            throw ValidationError("--from shows a recording; leave out --record")
        }
    }

    func run() async throws {
        let environment = try chosenEnvironment()
        var settings = ScopeSettings(
            environment: environment, source: watch.source, patterns: patterns.joined(separator: " "))
        settings.minimumConfidence = minConfidence
        settings.filter = filter ?? ""
        var session = ScopeSession(
            settings: settings, screen: screen, lines: .init(asJSON: json.json, count: watch.count))
        session.patterns =
            try patterns.isEmpty ? [SubjectPattern.everything(environment)] : patterns.map(Self.pattern)
        // A filter by a topic also listens to it, even where nothing of the environment is published on it.
        if patterns.isEmpty, let filter, let topic = TopicText(filter).pattern { session.patterns.append(topic) }
        session.ignored = try ignore.map(Self.pattern)
        session.chosen = (try patterns.map(Self.pattern), session.ignored)
        session.record = record
        if !all, patterns.isEmpty {
            session.lines.background = TailFilter.background(environment)
            session.ignored += ScopeSession.unasked(environment, screen: session.showsScreen)
        }
        try await watch.show(session, server)
    }

    static func pattern(_ text: String) throws(Failure) -> SubjectPattern {
        do throws(Refusal) {
            return try SubjectPattern(given: text)
        } catch {
            throw Failure(
                .usage, "\(text) is not a subject pattern: \(error)",
                remedy: "for example 'dev.nervous.cells.*.wave' or 'dev.>'")
        }
    }
}

extension TailFilter {
    /// Subjects that repeat by themselves and would drown the rest.
    static func background(_ environment: Environment) -> [SubjectPattern] {
        [SubjectPattern(.attention(environment)), SubjectPattern(.correlation(environment))]
            + ["\(environment.rawValue).cognitive.*.heartbeat"].compactMap { try? SubjectPattern($0) }
    }
}
