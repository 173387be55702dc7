import NimmerBus
import NimmerOutput
import NimmerReplay
import NimmerPlatform
import NimmerScope
import NimmerScopeSession
import NimmerServers
import NimmerTerminal
import NimmerWave

/// Parameters of an oscilloscope command: where its events come from, and whether a screen or lines show them.
struct ScopeSession {
    var settings: ScopeSettings
    var screen: ScreenOptions
    var patterns: [SubjectPattern] = []
    /// Subjects that were asked for by name: those of a recording that are played, of whatever environment; none plays all.
    var chosen: (patterns: [SubjectPattern], ignored: [SubjectPattern]) = ([], [])
    var ignored: [SubjectPattern] = []
    var since: Timestamp?
    var record: String?
    /// Format of the lines, where no screen is drawn.
    var lines: Lines

    struct Lines {
        var asJSON = false
        var count: Int?
        /// Left out of lines besides what is ignored: what repeats by itself and would drown the rest.
        var background: [SubjectPattern] = []
    }

    /// Subjects that are hidden unless asked for: traces of correlation, and the questions that the screen itself asks.
    static func unasked(_ environment: Environment, screen: Bool) -> [SubjectPattern] {
        TailFilter.unasked(environment, asks: screen)
    }

    var showsScreen: Bool { screen.wantsScreen && !lines.asJSON && lines.count == nil }

    /// Shows the messages of a server.
    func live(_ server: ServerOptions) async throws {
        let mailbox = try Mailbox()
        let hidden = ignored + (showsScreen ? [] : lines.background)
        try await CommandConnection.with(server, settings.environment) { bus in
            let source = LiveSource(bus, settings.environment, mailbox)
            defer { source.stop() }
            if since != nil { mailbox.hold() }
            try await source.listen(patterns, ignoring: hidden)
            source.reportConnection()
            if showsScreen { source.followGates(every: settings.face == .gates ? .seconds(1) : .seconds(5)) }
            let past = TaskOwner()
            if let start = since {
                let reader = PastSource(
                    bus: bus, environment: settings.environment, patterns: patterns, ignored: hidden)
                past.run { await Self.read(reader, since: start, into: mailbox) }
            }
            defer { past.cancelAll() }
            try await show(mailbox, .live(source))
        }
    }

    /// Shows a recording.
    ///
    /// - Parameters:
    ///   - speed: so many times as fast as it was recorded; nil: as recorded on a screen, at once as lines.
    ///   - moment: the moment up to which it is played, as ``RecordedMoment`` reads it; nil plays it from its start to its end.
    func play(_ path: String, speed: Double?, at moment: String?) async throws {
        try FileText.refuse(record, of: "--record", over: [path])
        let reader = try RecordingReader(path)
        let goal = try moment.map { text throws(Failure) in try RecordedMoment.moment(text, of: reader) }
        let player = try Player(
            reader, speed: speed ?? (showsScreen ? 1 : 1e12), until: goal, patterns: chosen.patterns,
            ignoring: chosen.ignored)
        try await show(Mailbox(), .recording(player))
    }

    private static func read(_ past: PastSource, since start: Timestamp, into mailbox: Mailbox) async {
        do {
            try await past.read(since: start, into: mailbox)
        } catch {
            mailbox.post(.notice("the past cannot be read: \(error)", at: .now()))
            mailbox.release(except: [])
        }
    }

    private func show(_ mailbox: Mailbox, _ source: ScreenLoop.Source) async throws {
        let outcome: Result<String?, any Error> = await OwnThread.run("screen", stack: 1 << 20) {
            Result {
                if showsScreen { return try showScreen(mailbox, source) }
                return try showLines(mailbox, source)
            }
        }
        do {
            if let parting = try outcome.get() { Console.error("nimmer: \(parting)") }
        } catch let gone as ReaderGone where gone.isReader {
            // `nimmer wave tail | head -3`: what never ends is ended by its reader, quietly.
        }
    }

    /// Draws until the user quits; returns what is to be printed afterwards.
    private func showScreen(_ mailbox: Mailbox, _ source: ScreenLoop.Source) throws -> String? {
        var settings = settings
        settings.glyphs = screen.abilities.glyphs
        settings.colors = screen.abilities.depth
        settings.utcOffsetSeconds = LocalTime.offsetSeconds(at: source.now)
        settings.theme = screen.chosenTheme ?? .dark
        do {
            var loop = try ScreenLoop(
                settings, source, mailbox, hearsMouse: !screen.noMouse,
                asksBackground: screen.chosenTheme == nil && screen.answersQuestions)
            try loop.run(record: record)
            return loop.recorded.map { "\(count($0.messages, "message")) recorded in \($0.path)" }
        } catch is TerminalError {
            throw ReaderGone()
        }
    }

    private func showLines(_ mailbox: Mailbox, _ source: ScreenLoop.Source) throws -> String? {
        let formatter = EventFormatter(paint: screen.paint, width: Console.width)
        let filter = TailFilter(
            ignored: source.isLive ? [] : ignored + lines.background, minimumConfidence: settings.minimumConfidence,
            text: settings.filter.isEmpty ? nil : settings.filter)
        var loop = try LineLoop(
            mailbox, live: source.live, record: record, formatter: formatter, asJSON: lines.asJSON, count: lines.count,
            filter: filter, print: { (text) throws(ReaderGone) in try Console.write(text) },
            warn: { Console.error("nimmer: \($0)") })
        switch source {
        case .live: try loop.run()
        case .recording(let player): try loop.play(player)
        }
        guard loop.filter.quiet > 0 else { return nil }
        return "\(count(loop.filter.quiet, "wave")) below confidence \(decimals(settings.minimumConfidence))"
    }
}

extension ScreenLoop.Source {
    fileprivate var live: LiveSource? {
        if case .live(let source) = self { source } else { nil }
    }

    /// Time where the messages come from.
    fileprivate var now: Timestamp {
        switch self {
        case .live: .now()
        case .recording(let player): player.now
        }
    }

    fileprivate var isLive: Bool { live != nil }
}
