import Glibc
import NimmerGate
import NimmerWave
import Testing

/// Window and half-life follow the slowest member's interval (gates.md, Window and half-life).
@Suite struct GateIntervalTests {
    private struct Bench {
        var gate: Gate
        var transitions: ContiguousArray<Transition> = []

        init(_ tune: (inout GateConfiguration) -> Void = { _ in }) {
            var configuration = GateConfiguration()
            tune(&configuration)
            gate = Gate(configuration)
        }

        @discardableResult
        mutating func wave(_ origin: Int32, _ confidence: Double, at second: Double, interval: Double = 0) -> Verdict {
            if interval > 0 { gate.note(interval: interval, of: origin) }
            return gate.receive(
                Evidence(origin: origin, region: 0, confidence: confidence, at: Timestamp(milliseconds: second * 1000)),
                into: &transitions)
        }
    }

    @Test func theSlowestMemberCounts() {
        var bench = Bench()
        #expect(bench.gate.windowMilliseconds == 1500 && bench.gate.halfLifeMilliseconds == 2000)
        bench.wave(1, 0.1, at: 0, interval: 1000)
        #expect(bench.gate.windowMilliseconds == 30_000 && bench.gate.halfLifeMilliseconds == 15_000)
        bench.wave(2, 0.1, at: 1, interval: 60_000)
        bench.wave(1, 0.1, at: 2, interval: 1000)
        #expect(bench.gate.interval == 60_000)
        #expect(bench.gate.windowMilliseconds == 1_800_000 && bench.gate.halfLifeMilliseconds == 900_000)
        // The slow one has become quicker.
        bench.wave(2, 0.1, at: 3, interval: 2000)
        #expect(bench.gate.interval == 2000)
        bench.wave(2, 0.1, at: 4, interval: 500)
        #expect(bench.gate.interval == 1000)
    }

    /// gates.md, A wave arrives, 5: a witness that becomes surer counts as if it had been so from the first.
    @Test(arguments: [1000.0, 60_000, 86_400_000]) func aSlowMemberKeepsNoGateShut(slow: Double) {
        var bench = Bench()
        bench.wave(3, 0.1, at: 0, interval: slow)
        for (step, confidence) in [0.25, 0.3, 0.4, 0.5, 0.7, 0.9].enumerated() {
            let second = 100 + Double(step)
            bench.wave(1, confidence, at: second, interval: 1000)
            bench.wave(2, confidence, at: second, interval: 1000)
        }
        #expect(bench.gate.state == .open)
        #expect(bench.transitions.count == 1)
    }

    @Test func aConfidenceThatFallsAndRisesAgainIsNotNew() {
        var bench = Bench { $0.openThreshold = 1 }
        bench.wave(3, 0.1, at: 0, interval: 86_400_000)
        bench.wave(1, 0.4, at: 10, interval: 1000)
        bench.wave(2, 0.4, at: 10, interval: 1000)
        let before = bench.gate.potential
        for step in 0..<200 { bench.wave(2, step % 2 == 0 ? 0.25 : 0.4, at: 11 + Double(step), interval: 1000) }
        #expect(bench.gate.potential < before + 0.01)
        bench.wave(2, 0.8, at: 300, interval: 1000)
        #expect(bench.gate.potential > before + 0.2)
        #expect(bench.gate.last.novelty == 0.5)
    }

    @Test func inAFixedWindowARiseIsNotNew() {
        var bench = Bench {
            $0.windowMilliseconds = 30_000
            $0.openThreshold = 1
        }
        bench.wave(1, 0.4, at: 0, interval: 1000)
        bench.wave(2, 0.4, at: 0, interval: 1000)
        bench.wave(2, 0.8, at: 1, interval: 1000)
        #expect(abs(bench.gate.last.novelty - 1 / 30) < 1e-9)
    }

    @Test func quickMembersKeepTheDefaultsAndNoneWidensItWithoutBound() {
        var bench = Bench()
        bench.wave(1, 0.1, at: 0, interval: 20)
        #expect(bench.gate.windowMilliseconds == 1500 && bench.gate.halfLifeMilliseconds == 2000)
        bench.wave(1, 0.1, at: 0, interval: 100)
        #expect(bench.gate.windowMilliseconds == 3000 && bench.gate.halfLifeMilliseconds == 2000)
        bench.wave(1, 0.1, at: 0, interval: Wire.maximumInterval)
        #expect(bench.gate.interval == GateConfiguration.slowestInterval)
        #expect(bench.gate.windowMilliseconds == 30 * 31 * 86_400_000)
        bench.gate.note(interval: .nan, of: 1)
        bench.gate.note(interval: -1, of: 1)
        bench.wave(1, 0.1, at: 0)
        #expect(bench.gate.interval == GateConfiguration.slowestInterval)
    }

    @Test func whatIsSetIsFixedEachOnItsOwn() {
        var both = Bench {
            $0.windowMilliseconds = 1500
            $0.halfLifeMilliseconds = 2000
        }
        both.wave(1, 0.1, at: 0, interval: 60_000)
        #expect(both.gate.interval == 0)
        #expect(both.gate.windowMilliseconds == 1500 && both.gate.halfLifeMilliseconds == 2000)
        var window = Bench { $0.windowMilliseconds = 1000 }
        window.wave(1, 0.1, at: 0, interval: 60_000)
        #expect(window.gate.windowMilliseconds == 1000 && window.gate.halfLifeMilliseconds == 900_000)
        var halfLife = Bench { $0.halfLifeMilliseconds = 1000 }
        halfLife.wave(1, 0.1, at: 0, interval: 60_000)
        #expect(halfLife.gate.windowMilliseconds == 1_800_000 && halfLife.gate.halfLifeMilliseconds == 1000)
    }

    @Test func itChangesOnlyWhileTheGateIsStable() throws {
        var bench = Bench()
        bench.wave(1, 1, at: 0, interval: 60_000)
        bench.wave(2, 1, at: 0, interval: 60_000)
        #expect(bench.gate.state == .open)
        // Both are quick from now on; the open gate keeps its pace, and with that its release.
        let release = try #require(bench.gate.nextRelease)
        let half = log2(bench.gate.potential / 0.25)
        #expect(abs(release.milliseconds - 900_000 * half) < 1e-3)
        bench.wave(1, 0, at: 10, interval: 1000)
        bench.wave(2, 0, at: 20, interval: 1000)
        #expect(bench.gate.interval == 60_000 && bench.gate.nextRelease == release)
        // The next wave finds it stable: what was left has decayed with the old half-life, and goes on with the new one.
        let end = release.milliseconds / 1000
        bench.wave(1, 0, at: end + 900, interval: 1000)
        #expect(bench.transitions.map(\.to) == [.open, .stable])
        #expect(bench.transitions.last?.at == release)
        #expect(bench.gate.interval == 1000)
        #expect(abs(bench.gate.potential - 0.125) < 1e-9)
        #expect(abs(bench.gate.potential(at: Timestamp(milliseconds: (end + 915) * 1000)) - 0.0625) < 1e-9)
    }

    @Test func theNewHalfLifeGivesTheRelease() throws {
        var bench = Bench()
        bench.wave(1, 0.5, at: 0, interval: 3_600_000)
        bench.wave(2, 0.9, at: 3600, interval: 3_600_000)
        let opening = try #require(bench.transitions.last)
        #expect(opening.to == .open && opening.at == Timestamp(milliseconds: 3_600_000))
        let release = try #require(bench.gate.nextRelease)
        let expected = 3_600_000 + 15 * 3_600_000 * log2(bench.gate.potential / 0.25)
        #expect(abs(release.milliseconds - expected) < 1e-3)
        bench.gate.advance(to: Timestamp(milliseconds: expected + 1), into: &bench.transitions)
        #expect(bench.transitions.last?.to == .stable && bench.transitions.last?.at == release)
    }

    @Test func lateIsLateByTheWindowInForce() {
        var bench = Bench()
        bench.wave(1, 0.9, at: 10_000, interval: 60_000)
        #expect(bench.wave(2, 0.9, at: 10_000 - 1700) == .resonated)
        #expect(bench.wave(3, 0.9, at: 10_000 - 1801) == .late)
    }

    @Test func aGateThatIsTakenUpContinuesAtItsPace() throws {
        var bench = Bench()
        bench.wave(1, 1, at: 0, interval: 60_000)
        bench.wave(2, 1, at: 0, interval: 60_000)
        var other = Gate(
            GateConfiguration(), resuming: .open, potential: bench.gate.potential, weight: bench.gate.weight,
            interval: bench.gate.interval, at: Timestamp(milliseconds: 0))
        #expect(other.nextRelease == bench.gate.nextRelease)
        #expect(other.windowMilliseconds == bench.gate.windowMilliseconds)
        // What members state afterwards counts, once it is stable.
        other.note(interval: 1000, of: 7)
        #expect(other.interval == 60_000)
        var transitions: ContiguousArray<Transition> = []
        let later = try #require(other.nextRelease).advanced(milliseconds: 1)
        _ = other.receive(Evidence(origin: 1, region: 0, confidence: 0, at: later), into: &transitions)
        #expect(transitions.map(\.to) == [.stable] && other.interval == 1000)
        // A transition of a version without it, and a fixed gate.
        let plain = Gate(
            GateConfiguration(), resuming: .open, potential: 1, weight: 0.1, at: Timestamp(milliseconds: 0))
        #expect(plain.halfLifeMilliseconds == 2000)
        var fixed = GateConfiguration()
        fixed.windowMilliseconds = 3000
        fixed.halfLifeMilliseconds = 4000
        let declared = Gate(
            fixed, resuming: .open, potential: 1, weight: 0.1, interval: 60_000, at: Timestamp(milliseconds: 0))
        #expect(declared.interval == 0 && declared.halfLifeMilliseconds == 4000)
    }

    @Test func howOftenTimePassesMakesNoDifference() {
        var random = Seed(7)
        for _ in 0..<200 {
            var plain = Bench()
            var watched = Bench()
            var second = 0.0
            for _ in 0..<40 {
                second += random.unit * 200
                let origin = Int32(saturating: random.unit * 3)
                let confidence = random.unit
                let interval = random.unit < 0.5 ? 0 : (random.unit * 60_000).rounded() + 1
                plain.wave(origin, confidence, at: second, interval: interval)
                for part in 1...3 {
                    watched.gate.advance(
                        to: Timestamp(milliseconds: (second - 1 + Double(part) * 0.3) * 1000),
                        into: &watched.transitions)
                }
                watched.wave(origin, confidence, at: second, interval: interval)
            }
            #expect(plain.transitions.map(\.to) == watched.transitions.map(\.to))
            #expect(plain.gate.interval == watched.gate.interval)
            for (one, other) in zip(plain.transitions, watched.transitions) {
                #expect(abs(one.at.milliseconds(since: other.at)) < 0.01)
            }
        }
    }
}

/// A small generator: the same numbers each time.
private struct Seed {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    var unit: Double {
        mutating get {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53)
        }
    }
}
