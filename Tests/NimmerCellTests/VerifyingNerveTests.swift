import NimmerCell
import NimmerProcess
import NimmerTesting
import NimmerWave
import Testing

/// A nerve that verifies openings (trust.md, Who verifies).
@Suite("A nerve that verifies") struct VerifyingNerveTests {
    private struct Watcher: Nerve {
        static let manifest = Manifest(name: "watcher", version: "1.0.0", summary: "Verifies.", domain: "watch")
        let hears: [Token]
        private var seen: HeardOpening?

        init(_ settings: Settings<NoOptions>) throws { hears = [try Token("pressure")] }

        mutating func opened(_ opening: HeardOpening, _ pulse: inout Pulse) throws { seen = opening }

        mutating func hear(_ wave: HeardWave, _ pulse: inout Pulse) throws {
            guard let seen else { return }
            if wave.polarity < 0 { return pulse.takeBack(seen) }
            pulse.verify(
                seen, wave.confidence > 0.5 ? .confirmed : .failed, because: String(repeating: "é", count: 2000))
        }
    }

    @Test("it reports an opening that it heard of, with a reason that fits, and takes it back")
    func reports() throws {
        var bench = try CellBench<Watcher>()
        try bench.hear("pressure", confidence: 0.9)
        #expect(bench.outcomes.isEmpty, "it has heard of no opening")
        let region = try Region("plant.pump")
        bench.open(
            HeardOpening(
                id: .named("opening"), gate: GateID(region: region), region: region, domain: try Token("plant"),
                at: Timestamp(milliseconds: 1)))
        try bench.hear("pressure", confidence: 0.9)
        let outcome = try #require(bench.outcomes.first)
        #expect(outcome.originalSignalID == .named("opening") && outcome.outcome == .confirmed)
        #expect(outcome.verificationSource == "watcher" && outcome.kind == nil)
        #expect((outcome.actualResult?.string?.utf8.count ?? 0) <= 1024)
        try bench.hear("pressure", confidence: 0.9, polarity: -1)
        #expect(bench.outcomes.last?.kind == .withdrawal && bench.outcomes.last?.outcome == .partial)
    }
}
