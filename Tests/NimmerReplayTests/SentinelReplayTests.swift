import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerReplay

/// Values that are no readings, and ranges at which nothing is, in recordings.
@Suite("replay: values that are no readings")
struct SentinelReplayTests {
    private static let cases = ReplayEngineTests.root + "/../shared/cases"

    /// The robot of the shared cases, with settings of its distance cells.
    private static func system(_ settings: String = "") -> String {
        """
        nimmerverse: 1
        name: range
        cells:
          - {name: distance-front, kind: distance/v1, settings: {sector: front, subject: robot.front, column: front, region: obstacle.front, maximum_m: 4\(settings)}}
          - {name: distance-left, kind: distance/v1, settings: {sector: left, subject: robot.left, column: left, region: obstacle.left, maximum_m: 4\(settings)}}
        nerves:
          - {name: collision_avoidance, kind: collision_avoidance/v1, settings: {front: distance-front, left: distance-left, motor: motor}}
        thalamus: {regions: {obstacle: [obstacle, "obstacle.>"]}}
        bridge: {commands: dry-run}
        """
    }

    private func table(_ row: String, _ rows: Int = 20) -> String {
        "front,left\n" + String(repeating: row + "\n", count: rows)
    }

    @Test("zeros are no obstacle: nothing opens, and they are counted with their reason")
    func zeros() throws {
        let (lines, counts, _) = try ReplayEngineTests.run(Self.system(), table("0,0"))
        #expect(counts.openings == 0 && counts.commands == 0)
        #expect(counts.sentinels == 40)
        #expect(counts.gaps.count == 0)
        #expect(!lines.contains { $0["type"] == "wave" })
        #expect(
            counts.notes == [
                "40 values stand for no reading and were left out; the first: row 1, for the cell distance-front: "
                    + "0, which the setting ignore lists"
            ])
    }

    @Test("a sensor that means 0 is near")
    func meantZeros() throws {
        let counts = try ReplayEngineTests.run(Self.system(", ignore: []"), table("0,0")).counts
        #expect(counts.openings > 0)
        #expect(counts.sentinels == 0)
    }

    @Test("millimetres")
    func millimetres() throws {
        let own = try ReplayEngineTests.run(Self.system(", unit: mm, ignore: [0, 8190]"), table("8190,1200"))
        #expect(own.counts.sentinels == 20)
        #expect(own.lines.last { $0["type"] == "wave" }?["semantic_content"]?["distance_m"]?.double == 1.2)
    }

    @Test("a recorded range with a unit is converted to that of its cell; one that is no length is left out by name")
    func units() throws {
        let file = try SystemFile(parsing: Array(Self.system(", unit: mm").utf8), file: "range.yaml")
        let rows = Array((table("50 cm,1.2 m") + "3 ft,1200\n").utf8)
        var run = try ReplayRun(
            file, bytes: rows, file: "range.csv", format: ReplayFormat(), mapping: [], environment: .dev)
        var distances: Set<Double> = []
        try run.finish { output in
            guard case .wave(let message, _) = output,
                let distance = message.body.semanticContent["distance_m"]?.double
            else { return }
            distances.insert(distance)
        }
        #expect(distances == [0.5, 1.2])
        #expect(
            run.endNotes.contains {
                $0.contains("1 value of 21 in the column front left out; the first: range.csv:22: found '3 ft'")
            }, "\(run.endNotes)")
        let feet = Array(table("3 ft,4 ft").utf8)
        let failure = #expect(throws: Failure.self) {
            try ReplayRun(
                file, bytes: feet, file: "range.csv", format: ReplayFormat(), mapping: [], environment: .dev)
        }
        #expect(
            failure?.message
                == "range.csv:2: found '3 ft' in the column front; expected a finite number, alone or in m, cm or mm")
    }

    @Test("infinity is a free way for a distance cell, and no number for others")
    func infinity() throws {
        let file = try SystemFile(parsing: Array(Self.system().utf8), file: "range.yaml")
        let cast = try ReplayCast(file, environment: .dev)
        var replay = try Replay(file, cast: cast, places: [[0], [1], []], environment: .dev)
        var outputs: [ReplayOutput] = []
        for index in 0..<20 {
            let at = Timestamp(milliseconds: Double(1000 + index * 100))
            outputs += replay.take(.numbers([.infinity, .infinity], at: at))
        }
        #expect(replay.counts.gaps.count == 0)
        #expect(replay.counts.openings == 0 && replay.counts.commands == 0)
        #expect(!outputs.contains { if case .state(let state) = $0 { state.toState == "DISABLED" } else { false } })
        let waves = outputs.compactMap { if case .wave(let message, _) = $0 { message.body } else { nil } }
        #expect(waves.count == 40)
        #expect(waves.allSatisfy { $0.confidence == 0 && $0.semanticContent["clear"] == true })

        let sensor = try SystemFile(
            parsing: Array(
                "nimmerverse: 1\nname: s\ncells: [{name: a, kind: sensor/v1, settings: {column: a}}]\n".utf8),
            file: "s.yaml")
        var other = try Replay(
            sensor, cast: try ReplayCast(sensor, environment: .dev), places: [[0]], environment: .dev)
        _ = other.take(.numbers([.infinity], at: Timestamp(milliseconds: 1)))
        #expect(other.counts.gaps.count == 0 && other.refusals.first?.refusals.refused == 1)
    }

    @Test(
        "the cases of users: r01, r02 and r03",
        .enabled(if: FileText.exists(cases + "/range.yaml"), "no cases beside the project (../shared/cases)"))
    func shared() throws {
        let text = String(decoding: try FileText.bytes(Self.cases + "/range.yaml"), as: UTF8.self)
        func counts(_ name: String, _ settings: String = "") throws -> ReplayCounts {
            let system = text.replacing("maximum_m: 4", with: "maximum_m: 4\(settings)")
            let recording = String(decoding: try FileText.bytes(Self.cases + "/\(name).csv"), as: UTF8.self)
            return try ReplayEngineTests.run(system, recording).counts
        }
        let free = try counts("r02-inf-is-no-echo")
        #expect(free.openings == 0 && free.gaps.count == 0 && free.waves == 2 * free.rows)
        let zeros = try counts("r01-zero-is-no-echo")
        #expect(zeros.openings == 0 && zeros.sentinels == 2 * zeros.rows)
        let bounded = try counts("r01-zero-is-no-echo", ", ignore: [], minimum: 0.02")
        #expect(bounded.openings == 0 && bounded.sentinels == 2 * bounded.rows)
        let millimetres = try counts("r03-millimetres", ", unit: mm, ignore: [8190]")
        #expect(millimetres.sentinels == millimetres.rows && millimetres.waves > 0)
    }
}
