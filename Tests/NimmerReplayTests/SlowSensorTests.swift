import Glibc
import NimmerBus
import NimmerCell
import NimmerOutput
import NimmerProcess
import NimmerSystem
import NimmerSystemFile
import NimmerThalamus
import NimmerWave
import SensorCell
import Testing

@testable import NimmerReplay

/// Sensors that speak once a minute or once an hour: gates count in their intervals (gates.md, Window and half-life).
@Suite("replay: slow sensors")
struct SlowSensorTests {
    /// Two sensors of one room, with what a user writes: no window.
    static func system(_ gates: String = "", learning: Int = 100) -> String {
        """
        nimmerverse: 1
        name: room
        cells:
          - {name: a, kind: sensor/v1, settings: {subject: room.a, column: a, region: house.room, learning_samples: \(learning)}}
          - {name: b, kind: sensor/v1, settings: {subject: room.b, column: b, region: house.room, learning_samples: \(learning)}}
        thalamus: {regions: {house: [house, "house.>"]}}
        \(gates)
        """
    }

    /// A small generator: the same numbers each time.
    private struct Noise {
        var state: UInt64 = 11
        mutating func next() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53)
        }
    }

    /// Readings with noise and one lasting step after 160 rows.
    ///
    /// - Parameters:
    ///   - seconds: from one row to the next.
    ///   - dropped: the share of rows that are missing.
    static func rows(every seconds: Int, dropped: Double = 0) -> [(at: Timestamp, a: Double, b: Double)] {
        var noise = Noise()
        var rows: [(at: Timestamp, a: Double, b: Double)] = []
        for index in 0..<400 {
            let (one, other, chance) = (noise.next(), noise.next(), noise.next())
            if chance < dropped { continue }
            let step = index >= 160 ? 6.0 : 0
            rows.append(
                (
                    Timestamp(milliseconds: Double(1_600_000_000 + index * seconds) * 1000), 20 + one + step,
                    45 + other + step
                ))
        }
        return rows
    }

    static func table(every seconds: Int, dropped: Double = 0) -> String {
        rows(every: seconds, dropped: dropped).reduce("time,a,b\n") {
            "\($0)\(Int(saturating: $1.at.milliseconds / 1000)),\($1.a),\($1.b)\n"
        }
    }

    @Test("one lasting step is one escalation, at any pace", arguments: [1, 60, 180, 3600, 86_400, 604_800])
    func oneStep(seconds: Int) throws {
        let (lines, counts, _) = try ReplayEngineTests.run(Self.system(), Self.table(every: seconds))
        #expect(counts.escalations == 1 && counts.openings == 1, "\(counts.escalations)")
        let opening = try #require(lines.first { $0["type"] == "transition" })
        #expect(opening["interval_ms"]?.double == Double(seconds) * 1000 || seconds == 604_800)
        let row = (try Timestamp(rfc3339: opening["at"]?.string ?? "").milliseconds / 1000 - 1_600_000_000)
        #expect((160.0...170).contains(row / Double(seconds)))
    }

    @Test("missing rows change nothing", arguments: [60, 3600], [0.05, 0.2])
    func dropped(seconds: Int, share: Double) throws {
        let (lines, counts, _) = try ReplayEngineTests.run(Self.system(), Self.table(every: seconds, dropped: share))
        #expect(counts.escalations == 1, "\(counts.escalations)")
        let opening = try #require(lines.first { $0["type"] == "transition" })
        #expect(opening["interval_ms"]?.double == Double(seconds) * 1000)
    }

    /// Rows of a sensor that speaks every second and one that speaks once in `seconds`, and a step in both, of which the slow one's row
    /// comes `late` seconds after it.
    private static func mixed(every seconds: Int, late: Int, lasting: Int) -> (table: String, step: Int) {
        var noise = Noise()
        let step = 160 * seconds - late
        var table = "time,a,b\n"
        for second in 0..<step + 40 * seconds {
            let shift = (step..<step + lasting).contains(second) ? 3.0 : 0
            let slow = second % seconds == 0 ? "\(45 + noise.next() + shift)" : ""
            table += "\(1_600_000_000 + second),\(20 + noise.next() + shift),\(slow)\n"
        }
        return (table, step)
    }

    @Test(
        "a sensor of a second and a slow one of its room agree on one step", arguments: [10, 60, 180],
        [(1, 1 << 30), (9, 1 << 30), (9, 12)])
    func mixedPaces(seconds: Int, step: (late: Int, intervals: Int)) throws {
        let (table, at) = Self.mixed(every: seconds, late: step.late, lasting: step.intervals * seconds)
        let (lines, counts, _) = try ReplayEngineTests.run(Self.system(), table)
        #expect(counts.escalations == 1, "\(counts.escalations)")
        let opening = try #require(lines.first { $0["type"] == "transition" })
        #expect(opening["interval_ms"]?.double == Double(seconds) * 1000)
        let second = (try Timestamp(rfc3339: opening["at"]?.string ?? "").milliseconds / 1000 - 1_600_000_000)
        #expect((Double(at)...Double(at + 10 * seconds)).contains(second), "\(second - Double(at)) s")
    }

    @Test("a window that the file names is what it says")
    func declared() throws {
        let gates = "gates: {defaults: {window_ms: 1500, half_life_ms: 2000}}"
        let fixed = try ReplayEngineTests.run(Self.system(gates), Self.table(every: 60))
        #expect(fixed.counts.escalations >= 100)
        let back = "gates: {defaults: {window_ms: 1500, half_life_ms: 2000}, regions: {house: {window: auto}}}"
        #expect(try ReplayEngineTests.run(Self.system(back), Self.table(every: 60)).counts.escalations == 1)
    }

    @Test(
        "the case of a user: one step at a reading a minute",
        .enabled(
            if: FileText.exists(ReplayEngineTests.root + "/../shared/cases/d03-minute-cadence-one-step.csv"),
            "no cases beside the project (../shared/cases)"))
    func shared() throws {
        let cases = ReplayEngineTests.root + "/../shared/cases"
        var run = try ReplayRun(
            SystemFile(path: cases + "/detect.yaml"),
            bytes: try FileText.bytes(cases + "/d03-minute-cadence-one-step.csv"), file: "d03.csv",
            format: ReplayFormat(), mapping: [], environment: .dev)
        try run.finish { (_) throws(ReaderGone) in }
        #expect(run.counts.escalations == 1)
    }

    /// The cells' bodies and the thalamus as they live, fed with messages at moments of a virtual clock: what the bus hands them.
    private func live(_ rows: [(at: Timestamp, a: Double, b: Double)]) throws -> [GateTransition] {
        let system = try SystemFile(parsing: Array(Self.system().utf8), file: "room.yaml")
        var bodies: [CellBody<Sensor>] = []
        for organism in system.cells {
            bodies.append(
                try CellBody(
                    Configuration(of: Sensor.self, environment: .dev, organism: organism, system: system)))
        }
        var thalamus = Thalamus(try ThalamusConfiguration(system, environment: .dev))
        var transitions: [GateTransition] = []
        func take() {
            transitions += thalamus.conclusions.map(\.transition)
            thalamus.conclusions.removeAll()
        }
        for row in rows {
            thalamus.advance(to: row.at)
            take()
            for (place, number) in [row.a, row.b].enumerated() {
                let subject = try Subject(foreign: ["room.a", "room.b"][place])
                let (pulse, refusal) = bodies[place].receive(
                    BusMessage(subject: subject, payload: Array("\(number)".utf8), at: row.at), at: row.at)
                #expect(refusal == nil)
                for wave in pulse.waves {
                    let bytes = Envelope(
                        id: .v7(), at: row.at, from: Source(entityID: "cell", entityType: .cell), wave
                    ).encoded()
                    let name = Array(bodies[place].identity.waveSubject.text.utf8)
                    // It arrives a little later than it was sensed.
                    _ = try thalamus.receive(
                        subject: name.span.bytes, payload: bytes.span.bytes, arrival: row.at.advanced(milliseconds: 3))
                    take()
                }
            }
        }
        return transitions
    }

    @Test("live and replay agree", arguments: [(60, 0.0), (60, 0.2), (3600, 0.05)])
    func agree(seconds: Int, share: Double) throws {
        let replayed = try ReplayEngineTests.run(Self.system(), Self.table(every: seconds, dropped: share)).lines
            .filter { $0["type"] == "transition" }
        let lived = try live(Self.rows(every: seconds, dropped: share))
        #expect(!lived.isEmpty && lived.count == replayed.count)
        for (one, other) in zip(lived, replayed) {
            #expect(other["at"]?.string == one.at.rfc3339)
            #expect(other["to_state"]?.string == one.toState.word)
            #expect(other["state_value"]?.double == one.stateValue)
            #expect(other["interval_ms"]?.double == one.intervalMilliseconds)
        }
    }
}
