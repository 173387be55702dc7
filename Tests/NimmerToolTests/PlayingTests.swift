import NimmerBus
import NimmerOutput
import NimmerReplay
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Synchronization
import Testing

@testable import nimmer

/// The passes of a recording through `nimmer up --play`.
@Suite("Passes of a recording") struct PlayingTests {
    private static let system = """
        nimmerverse: 1
        name: p
        cells:
          - {name: flow, kind: sensor/v1, settings: {column: Flow}}
        """

    /// Lines, pauses and readings of a run that is ended at a pause.
    private struct Run {
        var lines: [String] = []
        var pauses: [Duration] = []
        var readings = 0
    }

    private func run(
        _ recording: String, speed: Double = 1, loops: Bool, once: Bool, endedAtPause last: Int
    ) async throws -> Run {
        let playback = try Playback(
            try SystemFile(parsing: Array(Self.system.utf8), file: "p.yaml"), bytes: Array(recording.utf8),
            file: "r.csv", format: ReplayFormat(), mapping: [], environment: .dev)
        let playing = Playing(playback, file: "r.csv", speed: speed, loops: loops, endsSystem: once)
        let bus = InMemoryBus()
        let readings = Mutex(0)
        _ = try await bus.subscribe(SubjectPattern(.play(.dev, cell: Token("flow")))) { _, _, _ in
            readings.withLock { $0 += 1 }
        }
        let lines = Mutex<[String]>([])
        let pauses = Mutex<[Duration]>([])
        await playing.passes(
            on: bus, .dev,
            pause: { pause in
                let count = pauses.withLock { pauses in
                    pauses.append(pause)
                    return pauses.count
                }
                if count == last { throw CancellationError() }
            }, { line, _ in lines.withLock { $0.append(line.text) } })
        return Run(
            lines: lines.withLock { $0 }, pauses: pauses.withLock { $0 }, readings: readings.withLock { $0 })
    }

    @Test("one moment again and again: a line and a reading for each pass, and 100 ms between two")
    func oneMoment() async throws {
        let run = try await run("time,Flow\n2026-03-01T10:00:00Z,1.5\n", loops: true, once: false, endedAtPause: 3)
        #expect(run.lines == Array(repeating: "the recording begins: r.csv at its own pace, again and again", count: 3))
        #expect(run.pauses == Array(repeating: .milliseconds(100), count: 3))
        #expect(run.readings == 3)
    }

    @Test("a pass follows another as the rows follow each other, at least 100 ms later", arguments: [1.0, 2, 1000])
    func rows(_ speed: Double) throws {
        let playback = try Playback(
            try SystemFile(parsing: Array(Self.system.utf8), file: "p.yaml"),
            bytes: Array("time,Flow\n2026-03-01T10:00:00Z,1\n2026-03-01T10:00:02Z,2\n2026-03-01T10:00:04Z,3\n".utf8),
            file: "r.csv", format: ReplayFormat(), mapping: [], environment: .dev)
        #expect(playback.pause(atSpeed: speed) == .milliseconds(saturating: max(100, 2000 / speed)))
    }

    @Test("what is ended does not print that the recording has ended", arguments: [1, 2])
    func ended(_ last: Int) async throws {
        let row = "time,Flow\n2026-03-01T10:00:00Z,1.5\n"
        let run = try await run(row, loops: false, once: true, endedAtPause: last)
        #expect(run.pauses == [.seconds(2)])
        #expect(run.readings == 2, "the row and the end of the recording")
        #expect(run.lines.count == (last == 1 ? 1 : 2))
        #expect(run.lines.last == (last == 1 ? run.lines.first : "the recording has ended; stopping, as --once asks"))
    }
}
