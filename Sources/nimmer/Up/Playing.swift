import NimmerBus
import NimmerOutput
import NimmerPlatform
import NimmerReplay
import NimmerSystem
import NimmerWave

/// A recording on its way through a `nimmer up`: how fast, how often, and what is printed of it.
struct Playing: Sendable {
    let playback: Playback
    /// Name of the recording, for people.
    let file: String
    /// Pace, as a multiple of that at which it was recorded.
    let speed: Double
    /// Indicates whether it begins again at its end.
    let loops: Bool
    /// Indicates whether the system ends with it.
    let endsSystem: Bool

    /// Time within which the cells are to listen; then it begins all the same.
    private static let startTimeout = Duration.seconds(30)

    init(_ playback: Playback, file: String, speed: Double, loops: Bool, endsSystem: Bool) {
        (self.playback, self.file, self.speed) = (playback, file, speed)
        (self.loops, self.endsSystem) = (loops, endsSystem)
    }

    /// The recording and its pace: `house.csv at 600 times its speed, again and again`.
    var words: String {
        let pace = speed == 1 ? "at its own pace" : "at \(JSON.number(speed).text) times its speed"
        return "\(file) \(pace)\(loops ? ", again and again" : "")"
    }

    /// Returns whether a cell is handed recorded readings.
    func drives(_ name: String) -> Bool { playback.driven.contains(name) }

    /// Lines for the start: what is played, by whom, and what runs as it is.
    func lines(_ paint: Paint) -> [TerminalText] {
        let span = LocalTime.span(milliseconds: playback.span / speed)
        var lines: [TerminalText] = [
            "  playing      \(words)  \(paint(.quiet, "\(count(playback.moments.count, "row")), \(span)"))"
        ]
        if !playback.driven.isEmpty {
            lines.append("               drives \(playback.driven.joined(separator: ", "))")
        }
        if !playback.absent.isEmpty {
            lines.append("               stands in for \(playback.absent.sorted().joined(separator: ", "))")
        }
        if !playback.live.isEmpty {
            lines.append("               runs as it is: \(playback.live.joined(separator: ", "))")
        }
        for note in playback.notes { lines.append("               \(paint(.quiet, "\(note)"))") }
        return lines
    }

    /// The system with leave for each played cell to hear its recording.
    func granted(_ system: SystemFile, _ environment: Environment) -> SystemFile {
        var system = system
        for index in system.cells.indices where drives(system.cells[index].name) {
            guard let name = try? Token(system.cells[index].name) else { continue }
            system.cells[index].subscribes.append(Subject.play(environment, cell: name).text)
        }
        return system
    }

    /// Plays it, once or again and again, until its end or until the task is cancelled.
    ///
    /// - Parameters:
    ///   - choice: the server.
    ///   - waitsForThalamus: whether it begins only once the thalamus listens.
    ///   - print: prints a line.
    /// - Throws: ``Failure`` where no connection for it can be made.
    func run(
        _ choice: ServerChoice, _ environment: Environment, waitsForThalamus: Bool,
        _ print: @Sendable (TerminalText, Paint.Ink) -> Void
    ) async throws {
        let bus = try await CommandConnection.open(choice, waits: true)
        await awaitListeners(bus, environment, waitsForThalamus, print)
        await passes(on: bus, environment, pause: { try await Task.sleep(for: $0) }, print)
        await bus.drain(timeout: .seconds(1))
    }

    /// Plays it, once or again and again. A line for each pass, and one for the end unless it was ended.
    ///
    /// - Parameter pause: waits; it throws where the playing is ended.
    func passes(
        on bus: any Bus, _ environment: Environment, pause: (Duration) async throws -> Void,
        _ print: (TerminalText, Paint.Ink) -> Void
    ) async {
        do {
            while true {
                print("the recording begins: \(words)", .strong)
                let lost = try await play(bus, pause)
                if lost.count > 0 { print("\(count(lost.count, "reading")) lost: \(lost.reason)", .warning) }
                if let note = playback.gaps.note { print("\(note)", .warning) }
                guard loops else { break }
                try await pause(playback.pause(atSpeed: speed))
            }
            for name in playback.driven {
                guard let cell = try? Token(name) else { continue }
                try? bus.publish(.play(environment, cell: cell), payload: Playback.end)
            }
            // What the last readings led to still comes.
            if endsSystem { try await pause(.seconds(2)) }
            let next: TerminalText = endsSystem ? "stopping, as --once asks" : "the system stays up; Ctrl-C stops it"
            print("the recording has ended; \(next)", .strong)
        } catch {
            // It was ended, which has a line of its own.
        }
    }

    /// Plays it once; returns what could not be sent.
    private func play(
        _ bus: any Bus, _ pause: (Duration) async throws -> Void
    ) async throws -> (count: Int, reason: String) {
        var lost: (count: Int, reason: String) = (0, "")
        guard let first = playback.moments.first?.at else { return lost }
        let began = ContinuousClock.now
        for (at, events) in playback.moments {
            let due = began + Duration.milliseconds(saturating: at.milliseconds(since: first) / speed)
            let wait = ContinuousClock.now.duration(to: due)
            if wait > .zero { try await pause(wait) } else { await Task.yield() }
            try Task.checkCancellation()
            for event in events {
                do {
                    switch event {
                    case .reading(let subject, let payload): try bus.publish(subject, payload: payload)
                    case .wave(let subject, let payload):
                        // As of now: the thalamus sets aside what is old.
                        let wave = try Envelope<WaveSignal>(decoding: payload, on: subject)
                        let again = Envelope(id: .v7(), at: .now(), from: wave.header.source, wave.body)
                        try bus.publish(subject, payload: again.encoded())
                    }
                } catch { lost = (lost.count + 1, lost.count == 0 ? "\(error)" : lost.reason) }
            }
        }
        return lost
    }

    /// Waits until every played cell, and the thalamus, listens: what has no listener is lost.
    private func awaitListeners(
        _ bus: any Bus, _ environment: Environment, _ waitsForThalamus: Bool,
        _ print: @Sendable (TerminalText, Paint.Ink) -> Void
    ) async {
        let deadline = ContinuousClock.now + Self.startTimeout
        var silent = playback.driven
        if waitsForThalamus {
            let feed = try? await bus.messages(SubjectPattern(.attention(environment)))
            let timeout = TaskOwner()
            timeout.run {
                try? await Task.sleep(for: Self.startTimeout)
                feed?.cancel()
            }
            if let feed { for await _ in feed { break } }
            await timeout.end()
        }
        while !silent.isEmpty, ContinuousClock.now < deadline, !Task.isCancelled {
            var left: [String] = []
            for name in silent {
                guard let cell = try? Token(name) else { continue }
                // An empty row is no reading; that it has a receiver is all that matters.
                do throws(BusError) {
                    _ = try await bus.request(
                        .play(environment, cell: cell), payload: Playback.nothing,
                        timeout: .milliseconds(50))
                } catch  where error.code != .timeout { left.append(name) } catch {}
            }
            silent = left
            if !silent.isEmpty { try? await Task.sleep(for: .milliseconds(100)) }
        }
        if !silent.isEmpty, !Task.isCancelled {
            print("does not listen yet, and misses the beginning: \(silent.joined(separator: ", "))", .warning)
        }
    }
}
