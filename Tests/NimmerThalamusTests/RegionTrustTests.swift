import NimmerGate
import NimmerSystem
import NimmerSystemFile
import NimmerThalamus
import NimmerWave
import Testing

/// Earned trust across regions, names and restarts (trust.md).
@Suite("Earned trust of regions") struct RegionTrustTests {
    private static let system = system(trust: "earned")

    private static func system(trust: String) -> String {
        """
        nimmerverse: 1
        name: trust
        cells:
          - {name: flow, command: [flow], settings: {region: plant}}
          - {name: current, command: [current], settings: {region: plant}}
        gates:
          defaults: {trust: \(trust), window_ms: 30000, half_life_ms: 15000, open_threshold: 0.9, weight: 0.5, reflex_weight: 0.7}
        thalamus:
          regions: {plant: ["plant.>"], tank: ["tank.>"]}
        """
    }

    private static func bench(_ text: String = system, maximumRegions: Int = 10_000) throws -> Bench {
        var bench = Bench()
        var configuration = try ThalamusConfiguration(
            SystemFile(parsing: Array(text.utf8), file: "trust.yaml"), environment: .dev)
        configuration.origins = .asTheyAre
        configuration.maximumRegions = maximumRegions
        bench.thalamus = Thalamus(configuration)
        return bench
    }

    /// Two that agree open the gate; returns the opening.
    private static func agree(_ bench: inout Bench, at milliseconds: Double, on region: String = "plant") throws
        -> Conclusion
    {
        try bench.wave("flow", 0.95, at: milliseconds, domain: region)
        try bench.wave("current", 0.95, at: milliseconds + 500, domain: region)
        let taken = bench.take()
        return try #require(taken.first { $0.transition.isOpening })
    }

    @Test("one confirmation earns a reflex, whose opening names opener and trust")
    func earns() throws {
        var bench = try Self.bench()
        let first = try Self.agree(&bench, at: 0)
        #expect(first.transition.opener?.text == "current" && first.transition.trust == 0.5)
        #expect(first.transition.weight == 0.5)
        let outcome = bench.thalamus.learn(.confirmed, opening: first.id, gate: first.transition.gateID)
        let learned = try #require(outcome)
        #expect(learned.opener?.text == "current" && learned.witnesses.map(\.text) == ["flow", "current"])
        #expect(learned.origins?.map(\.confirmed) == [1, 1])
        let second = bench.thalamus.learn(.failed, opening: first.id, gate: first.transition.gateID)
        #expect(second == nil)
        try bench.wave("flow", 0.97, at: 200_000, domain: "plant")
        let taken = bench.take()
        let alone = try #require(taken.first { $0.transition.isOpening }).transition
        #expect(alone.opener?.text == "flow" && alone.trust == 0.75 && alone.triggerSignals.count == 1)
        #expect(alone.escalation?.isReflex == true)
        let why = bench.thalamus.explanation(of: "plant", at: Bench.epoch.advanced(milliseconds: 200_100))
        #expect(why?["opening"]?["why"]?.string == "flow alone at 0.97: trusted 0.75, 1 of 1 confirmed")
    }

    @Test("an untried voice is named with the time that it has left to its hearing")
    func words() throws {
        var bench = try Self.bench()
        for second in 0...9 { try bench.wave("flow", 0.98, at: Double(second) * 1000, domain: "plant") }
        let report = bench.thalamus.explanation(of: "plant", at: Bench.epoch.advanced(milliseconds: 9000))
        let reasons = report?["kept_from_opening"]?.array?.compactMap(\.string) ?? []
        #expect(
            reasons.contains("flow 0.98 alone: untried, trusted 0.5, 9.0 s of 15 s to a hearing"), "\(reasons)")
        #expect(report?["trust"]?.string == "earned" && report?["origins"]?.array?.count == 1)
    }

    @Test("trust survives that its region is forgotten for silence, with the openings that await an outcome")
    func forgotten() throws {
        var bench = try Self.bench(maximumRegions: 3)
        let first = try Self.agree(&bench, at: 0)
        bench.thalamus.learn(.confirmed, opening: first.id, gate: first.transition.gateID)
        let second = try Self.agree(&bench, at: 200_000)
        for index in 0..<50 {
            let at = 1_000_000 + Double(index) * 100_000
            let opening = try Self.agree(&bench, at: at, on: "r\(index)")
            bench.thalamus.learn(.confirmed, opening: opening.id, gate: opening.transition.gateID)
        }
        #expect(!bench.thalamus.gates(at: Bench.epoch).contains { $0.region.text == "plant" })
        let trust = bench.thalamus.trust()
        #expect(trust.count == 51 && trust.first { $0.region.text == "plant" }?.records.first?.confirmed == 1)
        try bench.wave("other", 0.5, at: 9_000_000, domain: "plant")
        bench.thalamus.learn(.confirmed, opening: second.id, gate: second.transition.gateID)
        let records = bench.thalamus.trust().first { $0.region.text == "plant" }?.records
        #expect(records?.first { $0.origin.text == "flow" }?.confirmed == 2, "the second opening was its own")
    }

    @Test("a thalamus that continues from records and stored openings is the same to the last digit")
    func restored() throws {
        var bench = try Self.bench()
        var openings: [Conclusion] = []
        for round in 0..<30 {
            let opening = try Self.agree(&bench, at: Double(round) * 200_000)
            openings.append(opening)
            let result: VerificationResult = round % 10 == 9 ? .failed : round % 7 == 6 ? .partial : .confirmed
            if round < 28 { bench.thalamus.learn(result, opening: opening.id, gate: opening.transition.gateID) }
        }
        var again = try Self.bench()
        for (region, records) in bench.thalamus.trust() { again.thalamus.restore(records, region: region) }
        for opening in openings.suffix(2) { again.thalamus.restore(undecided: opening.transition, id: opening.id) }
        #expect(again.thalamus.trust().map(\.records) == bench.thalamus.trust().map(\.records))
        let last = openings[29]
        let one = bench.thalamus.learn(.failed, opening: last.id, gate: last.transition.gateID)
        // Its gate is made by the first wave.
        try again.wave("flow", 0.3, at: 9_000_000, domain: "plant")
        let other = again.thalamus.learn(.failed, opening: last.id, gate: last.transition.gateID)
        #expect(one?.origins == other?.origins && one?.witnesses == other?.witnesses && one != nil)
    }

    @Test("a lone voice is heard once in a declared region, never in one that it invents, and once across all")
    func hearings() throws {
        var bench = try Self.bench()
        func run(_ region: String, from start: Double) throws -> Bool {
            for second in 0...20 { try bench.wave("liar", 0.95, at: start + Double(second) * 1000, domain: region) }
            return bench.take().contains { $0.transition.isOpening }
        }
        let invented = try run("invented", from: 0)
        #expect(!invented)
        let declared = try run("plant", from: 100_000)
        #expect(declared)
        // Its hearing is undecided: no other region grants one, nor the same.
        let other = try run("tank", from: 200_000)
        #expect(!other)
        let again = try run("plant", from: 300_000)
        #expect(!again)
        #expect(bench.thalamus.counters.heldHearings == 1)
    }

    @Test("a failure in one region makes the pause longer in all")
    func failures() throws {
        var bench = try Self.bench()
        func run(_ region: String, from start: Double) throws -> Conclusion? {
            for second in 0...20 { try bench.wave("liar", 0.95, at: start + Double(second) * 1000, domain: region) }
            return bench.take().first { $0.transition.isOpening }
        }
        let heard = try run("plant", from: 0)
        let first = try #require(heard)
        bench.thalamus.learn(.failed, opening: first.id, gate: first.transition.gateID)
        let refused = try run("tank", from: 100_000)
        #expect(refused == nil, "the second occasion, counted in all gates, is the next")
        let granted = try run("tank", from: 200_000)
        #expect(granted != nil)
    }

    @Test("trust can be reset for one origin or for all of a region")
    func reset() throws {
        var bench = try Self.bench()
        let first = try Self.agree(&bench, at: 0)
        bench.thalamus.learn(.confirmed, opening: first.id, gate: first.transition.gateID)
        let plant = try Region("plant")
        let left = bench.thalamus.resetTrust(of: plant, origin: try Token("flow"))
        #expect(left.map(\.origin.text) == ["current"])
        let none = bench.thalamus.resetTrust(of: plant, origin: nil)
        #expect(none.isEmpty && bench.thalamus.trust().isEmpty)
    }

    /// An opening of a region that no slot knows.
    private static func opening(_ number: Int, of region: String) throws -> (transition: GateTransition, id: MessageID)
    {
        let region = try Region(region)
        var transition = GateTransition(
            gateID: GateID(region: region), domain: try Token("plant"), region: region, fromState: .stable,
            toState: .open, stateValue: 1, weight: 0.5, at: Bench.epoch.advanced(milliseconds: Double(number) * 1000))
        transition.opener = try Token("flow")
        transition.triggerSignals = [
            TriggerSignal(
                source: "flow", origin: try Token("flow"), confidence: 0.9, polarity: 1, timestamp: transition.at,
                push: 0)
        ]
        return (transition, .named("\(region) \(number)"))
    }

    @Test("an outcome counts for a region that was forgotten for silence, as it does at its gate")
    func forgottenIsJudged() throws {
        var bench = try Self.bench()
        let gate = try GateID("plant")
        let (transition, id) = try Self.opening(0, of: "plant")
        bench.thalamus.restore(
            [OriginRecord(origin: try Token("flow"), confirmed: 7.5, failed: 0)], region: transition.region)
        bench.thalamus.restore(undecided: transition, id: id)
        #expect(bench.thalamus.knows(gate) && bench.thalamus.awaits(id, gate: gate) && bench.thalamus.earnsTrust(gate))
        let answer = bench.thalamus.learn(.failed, opening: id, gate: gate)
        let learned = try #require(answer)
        #expect(learned.opener?.text == "flow" && learned.witnesses.map(\.text) == ["flow"])
        let part = 8.0 / 8.5
        #expect(learned.origins == [OriginRecord(origin: try Token("flow"), confirmed: 7.5 * part, failed: part)])
        #expect(bench.thalamus.trust().map(\.records) == [learned.origins ?? []])
        #expect(!bench.thalamus.awaits(id, gate: gate))
        #expect(bench.thalamus.learn(.failed, opening: id, gate: gate) == nil, "once")
        #expect(bench.thalamus.counters.outcomes == [.failed: 1])
    }

    @Test("of forgotten regions without records the oldest go, of their openings all but the last 64")
    func keptWithinBounds() throws {
        var bench = try Self.bench(maximumRegions: 8)
        let record = [OriginRecord(origin: try Token("flow"), confirmed: 1, failed: 0)]
        bench.thalamus.restore(record, region: try Region("earned"))
        for number in 0..<200 {
            let (transition, id) = try Self.opening(number, of: "r\(number)")
            bench.thalamus.restore(undecided: transition, id: id)
        }
        let kept = try (0..<200).filter { number in
            let (transition, id) = try Self.opening(number, of: "r\(number)")
            return bench.thalamus.awaits(id, gate: transition.gateID)
        }
        #expect(kept.count <= 8 && kept.suffix(7) == Array(193..<200))
        #expect(bench.thalamus.trust().map(\.region.text) == ["earned"])
        for number in 0..<70 {
            let (transition, id) = try Self.opening(number, of: "plant")
            bench.thalamus.restore(undecided: transition, id: id)
        }
        let held = try (0..<70).filter { number in
            bench.thalamus.awaits(try Self.opening(number, of: "plant").id, gate: try GateID("plant"))
        }
        #expect(held == Array(6..<70))
    }

    @Test("records beyond the gate's limit: those of which outcomes show most stay, as the fold has them")
    func limited() throws {
        var bench = try Self.bench(
            Self.system(trust: "earned, max_origins: 1"))
        try bench.wave("flow", 0.5, at: 0, domain: "plant")
        let records = try [("a", 5.0), ("b", 4), ("c", 3), ("d", 2), ("e", 1)].map {
            OriginRecord(origin: try Token($0.0), confirmed: $0.1, failed: 0)
        }
        bench.thalamus.restore(records, region: try Region("plant"))
        let held = bench.thalamus.records(of: try Region("plant"))
        #expect(held.map(\.origin.text) == ["a", "b", "c", "d"] && held == TrustFold(records, limit: 4).records)
    }

    @Test("a gate whose trust is declared keeps no records of origins")
    func declared() throws {
        var bench = try Self.bench(Self.system(trust: "declared"))
        let first = try Self.agree(&bench, at: 0)
        let learned = bench.thalamus.learn(.confirmed, opening: first.id, gate: first.transition.gateID)
        #expect(learned?.opener?.text == "current" && learned?.witnesses.count == 2 && learned?.origins == nil)
        #expect(bench.thalamus.trust().isEmpty)
    }

    @Test(
        "a gate whose trust is declared from now on does not take up the trust of its last opener, nor the other way round"
    )
    func switched() throws {
        var bench = try Self.bench()
        let first = try Self.agree(&bench, at: 0)
        var earned = first.transition
        (earned.weight, earned.trust) = (0.92, 0.92)
        let declared = Self.system(trust: "declared")
        func weight(_ text: String, _ transition: GateTransition) throws -> Double? {
            var bench = try Self.bench(text)
            bench.thalamus.resume(transition, id: first.id, now: Bench.epoch.advanced(milliseconds: 60_000))
            return bench.thalamus.gates(at: Bench.epoch.advanced(milliseconds: 60_000)).first?.weight
        }
        #expect(try weight(declared, earned) == 0.5)
        #expect(try weight(Self.system, earned) == 0.92)
        earned.trust = nil
        #expect(try weight(declared, earned) == 0.92)
        #expect(try weight(Self.system, earned) == 0.5)
    }

    @Test("a sender with several origins has one budget: a failure as one makes the pause longer as another")
    func severalOrigins() throws {
        var bench = try Self.bench()
        var heard: [Int] = []
        for run in 0..<20 {
            for second in 0...20 {
                try bench.wave(
                    "gateway", 0.95, at: Double(run) * 100_000 + Double(second) * 1000, domain: "plant",
                    origin: "vm-\(run)")
            }
            guard let opening = bench.take().first(where: { $0.transition.isOpening }) else { continue }
            heard.append(run)
            bench.thalamus.learn(.failed, opening: opening.id, gate: opening.transition.gateID)
        }
        #expect(heard == [0, 2, 6, 14], "a pause that doubles, counted in occasions")
    }

    @Test(
        "an undecided hearing of before a restart keeps its sender from another, in all regions; a trusted voice's opening does not"
    )
    func heardBeforeARestart() throws {
        func run(_ bench: inout Bench, _ region: String, _ origin: String, from start: Double) throws -> Conclusion? {
            for second in 0...20 {
                try bench.wave("gateway", 0.95, at: start + Double(second) * 1000, domain: region, origin: origin)
            }
            return bench.take().first { $0.transition.isOpening }
        }
        var bench = try Self.bench()
        let heard = try run(&bench, "plant", "vm-1", from: 0)
        let opening = try #require(heard)
        var again = try Self.bench()
        again.thalamus.restore(undecided: opening.transition, id: opening.id)
        #expect(try run(&again, "tank", "vm-2", from: 100_000) == nil)
        #expect(again.thalamus.counters.heldHearings == 1)
        again.thalamus.learn(.confirmed, opening: opening.id, gate: opening.transition.gateID)
        #expect(try run(&again, "tank", "vm-2", from: 200_000) != nil)
        var trusted = opening.transition
        trusted.trust = 0.9
        var third = try Self.bench()
        third.thalamus.restore(undecided: trusted, id: opening.id)
        #expect(try run(&third, "tank", "vm-2", from: 100_000) != nil)
    }
}
