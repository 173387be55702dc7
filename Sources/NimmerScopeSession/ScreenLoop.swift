import NimmerOutput
import NimmerReplay
import NimmerScope
import NimmerTerminal
import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// The oscilloscope on a terminal: one loop that takes in what happened, and draws (oscilloscope.md, How to build it).
/// It runs on a thread of its own, since it waits there.
package struct ScreenLoop {
    /// Source of messages.
    package enum Source {
        case live(LiveSource)
        case recording(Player)
    }

    private var state: ScopeState
    private let terminal: Terminal
    private let happenings: TerminalEvents
    private var encoder: ScreenEncoder
    private let mailbox: Mailbox
    private var live: LiveSource?
    private var player: Player?
    private var writer: RecordingWriter?
    private let asksBackground: Bool
    private var size = (width: 0, height: 0)
    private var pacing = FramePacing()
    private var lost = 0
    /// Number of the recording's notes that were shown.
    private var shownNotes = 0
    private var isChanged = true
    private var ends = false
    private var failure: Failure?
    private let clock = ContinuousClock()
    private var playedUntil: ContinuousClock.Instant

    /// - Parameters:
    ///   - hearsMouse: whether the mouse selects and scrolls; otherwise it is left to the terminal.
    ///   - asksBackground: whether the terminal is asked for its background, and the theme follows the answer.
    package init(
        _ settings: ScopeSettings, _ source: Source, _ mailbox: Mailbox, hearsMouse: Bool = false,
        asksBackground: Bool = false
    ) throws(TerminalError) {
        state = ScopeState(settings)
        self.asksBackground = asksBackground
        terminal = try Terminal(hearsMouse: hearsMouse)
        happenings = try TerminalEvents(terminal, wakeUp: mailbox.wakeUp)
        encoder = ScreenEncoder(depth: settings.colors)
        self.mailbox = mailbox
        playedUntil = clock.now
        switch source {
        case .live(let live): self.live = live
        case .recording(let player): self.player = player
        }
    }

    /// Runs until the user quits.
    ///
    /// - Parameter record: a file to record to from the start.
    /// - Throws: ``TerminalError`` when the terminal refuses or is gone, ``Failure`` for a recording that cannot be played.
    package mutating func run(record: String?) throws {
        try terminal.enter()
        defer { terminal.leave() }
        if asksBackground { try terminal.askBackground() }
        takeSize()
        showPlayback()
        if let record { startRecording(record) }
        while !ends {
            let isDue = pacing.isDue(at: clock.now)
            let events = happenings.wait(until: deadline, hearingWakeUp: !isChanged || isDue)
            for event in events { try take(event) }
            guard pacing.isDue(at: clock.now) else { continue }
            try takeIn()
            if !isChanged { isChanged = now >= (quietUntil ?? now) }
            if isChanged, !ends { try draw() }
        }
        if let failure { throw failure }
    }

    /// Recording that was made, when recording went on to the end.
    package var recorded: (path: String, messages: Int)? { writer.map { ($0.path, $0.messages) } }

    // MARK: - Time

    /// Now on the clock of what is shown: a recording has its own.
    private var now: Timestamp { player?.now ?? .now() }

    /// Until when the screen stays as it is if nothing happens.
    private var quietUntil: Timestamp?

    private var deadline: ContinuousClock.Instant? {
        if isChanged { return pacing.next ?? clock.now }
        let quiet = quietUntil.map { quietUntil in
            guard let player else { return quietUntil.milliseconds(since: .now()) }
            return [player.milliseconds(until: quietUntil), player.millisecondsUntilNext].compactMap { $0 }.min()
                ?? 3_600_000
        }
        guard let quiet else { return nil }
        return clock.now + .milliseconds(saturating: max(0, min(quiet, 3_600_000)))
    }

    // MARK: - Taking in

    private mutating func take(_ event: TerminalEvent) throws {
        switch event {
        case .key(.background(let color)):
            if asksBackground { reduce(.theme(ScopeTheme(background: color))) }
        case .key(let key): reduce(.key(key, at: now))
        case .resized: takeSize()
        case .stop: try suspend()
        case .continued:
            try terminal.takeModes()
            encoder.forget()
            isChanged = true
        case .end: ends = true
        // What came is taken in with the next frame, which may not be due yet.
        case .rung: isChanged = true
        }
    }

    /// Takes in everything that came since the last time.
    private mutating func takeIn() throws {
        let batch = mailbox.take()
        for event in batch.events {
            if let writer, case .message(let subject, let payload, let at) = event {
                writer.add(subject: subject, payload: payload, at: at)
            }
            reduce(event)
        }
        if batch.ends { ends = true }
        try play()
        let lost = batch.lost + (live?.lost ?? 0)
        if lost != self.lost {
            self.lost = lost
            reduce(.lost(total: lost))
        }
        flushRecording()
    }

    private mutating func play() throws {
        let moment = clock.now
        defer { playedUntil = moment }
        guard let before = player, before.motion == .playing else { return }
        let messages: [RecordedMessage]
        do {
            messages = try player?.advance(milliseconds: playedUntil.duration(to: moment) / .milliseconds(1)) ?? []
        } catch {
            failure = error
            ends = true
            return
        }
        for message in messages {
            writer?.add(subject: message.subject, payload: message.payload, at: message.at)
            reduce(.message(subject: message.subject, payload: message.payload, arrival: message.at))
        }
        if player?.motion != .playing { showPlayback() }
    }

    /// Shows the state of the playback.
    private mutating func showPlayback() {
        guard let player else { return }
        reduce(.playback(speed: player.speed, player.motion))
        for note in player.notes.dropFirst(shownNotes) { reduce(.notice(note, at: now)) }
        shownNotes = player.notes.count
    }

    private mutating func takeSize() {
        size = terminal.size
        reduce(.resize(width: size.width, height: size.height))
    }

    private mutating func reduce(_ event: ScopeEvent) {
        isChanged = true
        for effect in state.reduce(event) { perform(effect) }
    }

    private mutating func draw() throws {
        let start = clock.now
        let worked = ThreadTime.now
        let now = now
        reduce(.tick(now))
        let bytes = encoder.frame(state.draw(width: size.width, height: size.height, now: now))
        let drawing = ThreadTime.now - worked
        let begun = clock.now
        if !bytes.isEmpty { try terminal.write(bytes) }
        isChanged = false
        quietUntil = state.nextChange(after: now)
        pacing.drew(at: start, drawing: drawing, writing: begun.duration(to: clock.now))
    }

    // MARK: - Doing

    private mutating func perform(_ effect: ScopeEffect) {
        switch effect {
        case .quit: ends = true
        case .suspend:
            do {
                try suspend()
            } catch { ends = true }
        case .redraw: encoder.forget()
        case .startRecording: startRecording("nimmer-\(FileStamp.text(.now())).ndjson")
        case .stopRecording:
            flushRecording()
            if let writer { reduce(.recording(.stopped(writer.path, messages: writer.messages))) }
            writer = nil
        case .export(let export): reduce(.exported(write(export)))
        case .explain(let gate):
            if let live {
                live.explain(gate)
            } else {
                reduce(.unexplained(gate: gate, reason: "a recording has no thalamus that could be asked"))
            }
        case .verify(let report): live?.verify(report)
        case .play(let speed):
            playedUntil = clock.now
            player?.play(speed: speed)
            showPlayback()
        case .stopPlaying:
            player?.stop()
            showPlayback()
        }
    }

    private mutating func suspend() throws(TerminalError) {
        try terminal.suspend()
        encoder.forget()
        takeSize()
        playedUntil = clock.now
    }

    private mutating func startRecording(_ path: String) {
        do {
            writer = try RecordingWriter(path)
            reduce(.recording(.started(path)))
        } catch {
            reduce(.recording(.failed(error.message.text)))
        }
    }

    private mutating func flushRecording() {
        do {
            try writer?.flush()
        } catch {
            writer = nil
            reduce(.recording(.failed(error.message.text)))
        }
    }

    private func write(_ export: ScopeExport) -> Result<[String], ScopeFailure> {
        do {
            let files = [(export.name + ".csv", export.csv), (export.name + ".svg", export.svg)]
            for (path, bytes) in files { try FileText.write(String(decoding: bytes, as: UTF8.self), to: path) }
            return .success(files.map(\.0))
        } catch {
            return .failure(ScopeFailure(error.message.text))
        }
    }
}

/// Processor time of this thread so far: unlike the time on the clock, it does not grow while others have the processor.
private enum ThreadTime {
    static var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }
}

/// Moments in the names of files: `20261121-120106`, in the zone of this machine.
package enum FileStamp {
    package static func text(_ at: Timestamp) -> String {
        String(LocalTime.full(at).compactMap { $0 == " " ? "-" : $0 == "-" || $0 == ":" ? nil : $0 })
    }
}
