import NimmerGate
import NimmerThalamus
import NimmerWave
import Seeds
import Testing

/// Time alone releases gates: each at its time, however many there are and however often somebody looks.
@Suite("Releases") struct ReleaseTests {
    /// What a gate did, with the rounding of its mathematics left out.
    private struct Step: Hashable, Comparable {
        var at: Int64
        var gate: String
        var change: String

        init(_ transition: GateTransition) {
            at = Int64(saturating: (transition.at.milliseconds(since: Bench.epoch) * 1000).rounded())
            gate = transition.gateID.text
            change = "\(transition.fromState.word) → \(transition.toState.word)"
        }

        static func < (a: Step, b: Step) -> Bool { (a.at, a.gate, a.change) < (b.at, b.gate, b.change) }
    }

    private static func steps(_ bench: inout Bench) -> [Step] {
        bench.take().map { Step($0.transition) }
    }

    /// The same waves, with somebody looking this often (in milliseconds); nil: only at the end.
    private static func run(_ seed: UInt64, lookingEvery pause: Double?) throws -> [Step] {
        var random = Seeded(seed)
        var bench = Bench { $0.maximumRegions = 40 }
        var now = 0.0
        var looked = 0.0
        var found: [Step] = []
        for _ in 0..<600 {
            now += Double.random(in: 1...120, using: &random)
            while let pause, looked + pause < now {
                looked += pause
                bench.thalamus.advance(to: Bench.epoch.advanced(milliseconds: looked))
            }
            try bench.wave(
                "cell-\(Int.random(in: 0..<4, using: &random))", Double.random(in: 0.1...1, using: &random), at: now,
                domain: "r\(Int.random(in: 0..<30, using: &random))", polarity: random.chance(0.3) ? -1 : 1)
            found += steps(&bench)
        }
        bench.thalamus.advance(to: Bench.epoch.advanced(milliseconds: now + 3_600_000))
        let none = bench.thalamus.nextRelease
        #expect(none == nil)
        return (found + steps(&bench)).sorted()
    }

    @Test("come at the same time however often they are read", arguments: UInt64(1)...20)
    func lookingChangesNothing(_ seed: UInt64) throws {
        let never = try Self.run(seed, lookingEvery: nil)
        #expect(try Self.run(seed, lookingEvery: 7) == never)
        #expect(try Self.run(seed, lookingEvery: 200) == never)
        #expect(never.contains { $0.change == "open → stable" } && never.contains { $0.change == "closed → stable" })
    }

    @Test("are published in the order of their times, and the next one is known")
    func inOrder() throws {
        var bench = Bench()
        for (index, confidence) in [0.9, 0.6, 0.8, 0.7].enumerated() {
            try bench.wave("a", confidence, at: 0, domain: "r\(index)")
            try bench.wave("b", confidence, at: 10, domain: "r\(index)")
        }
        #expect(Self.steps(&bench).count == 4)
        let first = try bench.nextRelease()
        bench.thalamus.advance(to: first)
        #expect(bench.take().isEmpty, "a gate releases after its time")
        bench.thalamus.advance(to: first.advanced(milliseconds: 0.001))
        #expect(Self.steps(&bench).map(\.gate) == ["r1"])
        bench.thalamus.advance(to: first.advanced(milliseconds: 60_000))
        let rest = Self.steps(&bench)
        #expect(Set(rest.map(\.gate)) == ["r0", "r2", "r3"] && rest == rest.sorted())
    }

    @Test("that a contradiction brings nearer are not missed")
    func pushedBack() throws {
        var bench = Bench()
        try bench.wave("a", 0.9, at: 0)
        try bench.wave("b", 0.9, at: 10)
        let before = try bench.nextRelease()
        try bench.wave("c", 0.3, at: 20, polarity: -1)
        let after = try bench.nextRelease()
        #expect(after < before && Self.steps(&bench).count == 1)
        try bench.wave("d", 0.9, at: 30)
        let raised = try bench.nextRelease()
        #expect(raised > after)
        bench.thalamus.advance(to: raised)
        #expect(bench.take().isEmpty)
        bench.thalamus.advance(to: raised.advanced(milliseconds: 1))
        #expect(Self.steps(&bench).map(\.change) == ["open → stable"])
    }
}
