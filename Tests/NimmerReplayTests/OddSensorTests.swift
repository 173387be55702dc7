import NimmerOutput
import NimmerSystem
import NimmerSystemFile
import NimmerWave
import Testing

@testable import NimmerReplay

/// Signals that are no steady noise, through cells, gates and thalamus: they wake nobody (sensing.md).
@Suite("replay: odd sensors") struct OddSensorTests {
    /// Two sensors of one region, with the default gate, or as the pump's, in which one sensor that is sure is enough.
    static func system(isReflex: Bool) -> String {
        let gates = isReflex ? "gates: {regions: {house: {open_threshold: 0.9, weight: 0.9}}}" : ""
        return """
            nimmerverse: 1
            name: odd
            cells:
              - {name: a, kind: sensor/v1, settings: {subject: room.a, column: a, region: house.room, learning_samples: 100}}
              - {name: b, kind: sensor/v1, settings: {subject: room.b, column: b, region: house.room, learning_samples: 100}}
            \(gates)
            thalamus: {regions: {house: [house, "house.>"]}}
            bridge: {commands: dry-run}
            """
    }

    /// Noise of two sensors from a seed, mean 0, standard deviation 1.
    struct Noise {
        var state: UInt64

        mutating func next() -> Double {
            (0..<12).reduce(-6.0) { sum, _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return sum + Double(state >> 11) / Double(1 << 53)
            }
        }
    }

    private func escalations(
        isReflex: Bool, every seconds: Int = 1, rows: Int = 600, seed: UInt64 = 11,
        _ row: (Int, inout Noise) -> (Double, Double)
    ) throws -> Int {
        var noise = Noise(state: seed)
        let table = (0..<rows).reduce("time,a,b\n") { text, index in
            let (a, b) = row(index, &noise)
            return "\(text)\(1_600_000_000 + index * seconds),\(a),\(b)\n"
        }
        return try ReplayEngineTests.run(Self.system(isReflex: isReflex), table).counts.escalations
    }

    @Test("one bad row that two sensors share wakes nobody", arguments: [false, true], [1, 60])
    func badRow(isReflex: Bool, seconds: Int) throws {
        for (seed, size) in [(1, 8.0), (2, 50), (3, 1e9), (4, 20), (5, 50), (6, 200)] as [(UInt64, Double)] {
            let bad = 300 + 37 * Int(seed)
            let woken = try escalations(isReflex: isReflex, every: seconds, seed: seed) { index, noise in
                let offset = index == bad ? size : 0
                return (20 + offset + noise.next(), 50 - offset + noise.next())
            }
            #expect(woken == 0, "\(size)")
        }
    }

    @Test("a lasting change that two sensors share wakes the mind once", arguments: [1, 60])
    func change(seconds: Int) throws {
        let woken = try escalations(isReflex: false, every: seconds) { index, noise in
            let offset: Double = index >= 400 ? 8 : 0
            return (20 + offset + noise.next(), 50 - offset + noise.next())
        }
        #expect(woken == 1)
    }

    @Test("the first step of two constant signals wakes nobody", arguments: [false, true])
    func constants(isReflex: Bool) throws {
        let woken = try escalations(isReflex: isReflex) { index, _ in index < 300 ? (21.5, 45) : (21.6, 46) }
        #expect(woken == 0)
    }

    @Test("two switches that rest for long and are then used now and then wake nobody")
    func switches() throws {
        let woken = try escalations(isReflex: false, every: 3600, rows: 8760) { index, _ in
            let isOn = index > 2000 && index % 171 < 9
            return (isOn ? 1 : 0, isOn ? 3.4 : 0)
        }
        #expect(woken == 0)
    }

    @Test("two counters that count are normal", arguments: [false, true])
    func counters(isReflex: Bool) throws {
        let woken = try escalations(isReflex: isReflex, rows: 3000) { index, noise in
            (Double(index) * 3 + noise.next(), 1e6 + Double(index) * 0.5)
        }
        #expect(woken == 0)
    }

    @Test(
        "the case of a user: constant, then one step",
        .enabled(
            if: FileText.exists(ReplayEngineTests.root + "/../shared/cases/d02-constant-then-one-step.csv"),
            "no cases beside the project (../shared/cases)"))
    func shared() throws {
        let cases = ReplayEngineTests.root + "/../shared/cases"
        var run = try ReplayRun(
            SystemFile(path: cases + "/detect.yaml"),
            bytes: try FileText.bytes(cases + "/d02-constant-then-one-step.csv"), file: "d02.csv",
            format: ReplayFormat(), mapping: [], environment: .dev)
        try run.finish { (_) throws(ReaderGone) in }
        #expect(run.counts.escalations == 0)
    }
}
