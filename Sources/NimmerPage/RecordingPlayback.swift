import NimmerOutput
import NimmerReplay
import NimmerScope
import NimmerScopeSession
import NimmerWave
import Synchronization

/// Plays a recording into a model, as tabs ask: on, stopped, or from another moment.
package final class RecordingPlayback: Sendable {
    package let model: PageModel
    private let settings: ScopeSettings
    private let reader: RecordingReader
    private let player: Mutex<Player>
    private let start: Timestamp
    private let end: Timestamp
    /// Indicates whether it begins at a moment that was named.
    private let hasMoment: Bool
    private let seek = Mutex<Timestamp?>(nil)
    /// The last wish of a tab since a jump began: to play on, or to stand still; nil without one.
    private let asked = Mutex<Bool?>(nil)
    /// Held while messages that were played come into the model: who finds the playback at rest finds all of them there.
    private let step = Mutex(())

    /// Messages that are played in one go at most.
    private static let maximum = 20_000

    /// - Parameters:
    ///   - speed: so many times as fast as it was recorded.
    ///   - moment: up to which all is played at once, to stop there; as `--at` takes it.
    /// - Throws: ``Failure`` when it cannot be read.
    package init(_ file: String, _ settings: ScopeSettings, speed: Double, at moment: String?) throws {
        self.settings = settings
        let reader = try RecordingReader(file)
        self.reader = reader
        let goal = try moment.map { text throws(Failure) in try RecordedMoment.moment(text, of: reader) }
        start = try reader.start()
        var whole = reader
        var last = start
        while let message = try whole.next() { last = message.at }
        end = last
        hasMoment = goal != nil
        let player = try Player(reader, speed: speed, until: goal)
        let name = String(file.split(separator: "/").last ?? "")
        model = try PageModel(
            settings,
            source: [
                "kind": .string("recording"), "name": PageText.shown(name, PageText.name), "motion": .string("playing"),
                "speed": .number(speed), "start": PageText.moment(start), "end": PageText.moment(end),
            ])
        self.player = Mutex(player)
    }

    /// Waits until all before the moment where it begins was played: a page that is opened then shows that moment.
    package func untilBegun() async throws {
        while hasMoment, isMoving { try await Task.sleep(for: PageModel.period) }
    }

    /// Indicates whether it plays on by itself.
    package var isMoving: Bool { step.withLock { _ in player.withLock { $0.motion == .playing } } }

    /// Takes what a tab asks.
    package func take(_ control: Tab.Control) {
        switch control {
        case .play(let speed):
            asked.withLock { $0 = true }
            player.withLock { $0.play(speed: speed) }
        case .stop:
            asked.withLock { $0 = false }
            player.withLock { $0.stop() }
        case .seek(let moment):
            let wanted = Timestamp(milliseconds: moment)
            asked.withLock { $0 = nil }
            seek.withLock { $0 = max(start, min(end, wanted)) }
        }
        report()
    }

    private func report() {
        let (motion, speed, now) = player.withLock { ($0.motion, $0.speed, $0.now) }
        let word =
            switch motion {
            case .playing: "playing"
            case .stopped: "stopped"
            case .ended: "ended"
            }
        model.append("source", ["motion": .string(word), "speed": .number(speed), "now": PageText.moment(now)])
    }

    /// Plays until the task is cancelled.
    ///
    /// - Throws: ``Failure`` for a line that is no message.
    package func run() async throws {
        let clock = ContinuousClock()
        var before = clock.now
        var reported: ScopePlayback?
        var second = clock.now
        while true {
            if let moment = seek.withLock({ wanted in
                defer { wanted = nil }
                return wanted
            }) {
                try jump(to: moment)
            }
            let now = clock.now
            let milliseconds = (now - before) / .milliseconds(1)
            before = now
            let (moment, motion) = try step.withLock { _ in
                let (due, moment, motion) = try player.withLock { player in
                    let due = try player.advance(milliseconds: milliseconds, limit: Self.maximum)
                    return (due, player.now, player.motion)
                }
                for message in due {
                    model.mailbox.post(subject: message.subject, payload: message.payload, arrival: message.at)
                }
                model.turn(at: moment)
                return (moment, motion)
            }
            if reported != motion || now - second >= .seconds(1) {
                reported = motion
                second = now
                report()
                model.append("health", health(moment))
            }
            try await Task.sleep(for: PageModel.period)
        }
    }

    /// Begins again, and plays at once up to a moment; it continues as it did, or as was asked meanwhile.
    private func jump(to moment: Timestamp) throws {
        let (isPlaying, speed) = player.withLock { ($0.motion == .playing, $0.speed) }
        var next = try Player(reader, speed: speed, until: moment)
        try model.restart(settings, at: start)
        while next.motion == .playing {
            let due = try next.advance(milliseconds: 0, limit: Self.maximum)
            for message in due {
                model.mailbox.post(subject: message.subject, payload: message.payload, arrival: message.at)
            }
            model.turn(at: next.now)
            if due.isEmpty { break }
        }
        player.withLock { [next] player in
            let speed = player.speed
            player = next
            if asked.withLock({ $0 }) ?? isPlaying { player.play(speed: speed) }
        }
    }

    /// Facts of the system in a recording: nothing but its waves and the thalamus's reports.
    private func health(_ now: Timestamp) -> JSONObject {
        let (status, missed) = model.read { state, feed in (state.pageStatus, feed.missed(on: now.utcDay)) }
        let figures = HealthFigures(status: status, report: nil, missed: missed)
        return [
            "now": PageText.moment(now), "rate": PageText.count(model.countWaves()),
            "lost": PageText.count(status.attention?.lost ?? 0),
            "mode": status.attention.map { .string($0.mode.rawValue) } ?? .null, "connection": .string("connected"),
            "since": PageText.moment(start), "items": .array(figures.items(at: now)), "processes": .array([]),
            "streams": .array([]), "minds": .array([]), "degraded": .array([]), "days": .array([]),
        ]
    }
}
