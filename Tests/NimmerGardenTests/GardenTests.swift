import NimmerGate
import NimmerSystem
import NimmerSystemFile
import NimmerThalamus
import NimmerWave
import Testing

@testable import NimmerGarden

/// Variants beside the real system: what they hear, how outcomes become their truth, and what survives a restart.
@Suite struct GardenTests {
    private static let second: Int64 = 1_000_000_000
    private let start = Timestamp(seconds: 1_800_000_000)

    static let yaml = """
        nimmerverse: 1
        name: hall
        gates:
          defaults: {trust: earned, window_ms: 2000, half_life_ms: 500, open_threshold: 0.9, weight: 0.5, reflex_weight: 0.7}
        thalamus:
          regions: {hall: [hall, "hall.>"]}
        cells:
          - {name: door, kind: sensor/v1}
        bridge:
          minds: [{name: m, kind: ollama, model: x, url: "http://127.0.0.1:1", max_tokens: 500}]
        virtual:
          eager: {gates: {defaults: {weight: 0.9, reflex_weight: 0.7}}}
          three: {gates: {defaults: {quorum: 3}}}

        """

    func garden(_ yaml: String = GardenTests.yaml, traces: Double = 0) throws -> VirtualGarden {
        try VirtualGarden(
            SystemFile(parsing: Array(yaml.utf8), file: "hall.yaml"), environment: .dev, tracesPerSecond: traces,
            at: start)
    }

    func at(_ seconds: Double) -> Timestamp { start.advanced(milliseconds: seconds * 1000) }

    @discardableResult
    func hear(
        _ garden: inout VirtualGarden, _ cell: String, _ seconds: Double, confidence: Double = 0.97,
        region: String = "hall"
    ) throws -> [CorrelationEvent] {
        let wave = Envelope(
            id: .v7(), at: at(seconds), from: Source(entityID: "\(cell)-1", entityType: .cell),
            WaveSignal(
                domain: try Token("hall"), confidence: confidence, semanticContent: [:], lifeforceCost: 0.5,
                region: try Region(region)))
        let subject = Array("dev.nervous.cells.\(cell).wave".utf8)
        let bytes = wave.encoded()
        let moment = at(seconds)
        let reading = ClockReading(wall: moment, steady: SteadyTime(nanoseconds: moment.nanoseconds))
        return garden.receive(subject: subject.span.bytes, payload: bytes.span.bytes, arrival: moment) { reading }
    }

    func pass(_ garden: inout VirtualGarden, _ seconds: Double) {
        _ = garden.advance(
            ClockReading(wall: at(seconds), steady: SteadyTime(nanoseconds: at(seconds).nanoseconds)))
    }

    func real(
        _ garden: inout VirtualGarden, _ seconds: Double, until: Double? = nil, region: String = "hall",
        id: MessageID = .v7()
    ) throws -> MessageID {
        let region = try Region(region)
        let witnesses = try ["door", "window"].map { name in
            TriggerSignal(
                source: name, origin: try Token(name), confidence: 0.97, polarity: 1, timestamp: at(seconds - 0.5),
                push: 0.5)
        }
        var opening = GateTransition(
            gateID: GateID(region: region), domain: try Token("hall"), region: region, fromState: .stable,
            toState: .open,
            stateValue: 0.95, weight: 0.5, triggerSignals: witnesses, lifeforceCost: 1, at: at(seconds))
        opening.escalation = Escalation(
            eventType: "x", suggestedActions: [], processingBudgetLF: 1, responseTimeoutMilliseconds: 1000,
            expiresAt: at(seconds + 60), isReflex: false)
        garden.take(opening, id: id)
        if let until {
            garden.take(
                GateTransition(
                    gateID: GateID(region: region), domain: try Token("hall"), region: region, fromState: .open,
                    toState: .stable, stateValue: 0.4, weight: 0.5, at: at(until)), id: .v7())
        }
        return id
    }

    func decide(
        _ garden: inout VirtualGarden, _ opening: MessageID, _ result: VerificationResult, sender: String = "nimmer",
        kind: OutcomeKind? = nil, weight: Double? = nil
    ) throws {
        var outcome = AcceptedOutcome(
            gateID: GateID(region: try Region("hall")), region: try Region("hall"), opening: opening,
            opener: try Token("door"), witnesses: [try Token("door")], sender: sender, result: result, at: .now())
        outcome.kind = kind
        outcome.weight = weight
        garden.take(outcome)
    }

    func report(_ garden: VirtualGarden, _ variant: String) throws -> GardenReport {
        try #require(garden.reports.first { $0.variant == variant })
    }

    @Test func eachVariantJudgesTheSameWavesByItsOwnSettings() throws {
        var garden = try garden()
        let alone = try hear(&garden, "door", 1)
        #expect(alone.map { $0.variant?.text } == ["eager"])
        #expect(alone.first?.result == .opened && alone.first?.opening != nil)
        #expect(alone.first?.gateID == GateID(region: try Region("hall")))
        let both = try hear(&garden, "window", 1.5)
        #expect(both.isEmpty, "eager is open already, three asks for three")
        #expect(try report(garden, "eager").own.openings == 1)
        #expect(try report(garden, "three").own.openings == 0)
    }

    @Test func aConfirmedOpeningIsCaughtOrMissedAndAFailedOneSharedOrAvoided() throws {
        var garden = try garden()
        try hear(&garden, "door", 1)
        let first = try real(&garden, 1.5, until: 4)
        pass(&garden, 8)
        try hear(&garden, "door", 20)
        let second = try real(&garden, 20.5, until: 24)
        #expect(try report(garden, "eager").own.unknown == 2)
        try decide(&garden, first, .confirmed)
        try decide(&garden, second, .failed)
        try decide(&garden, second, .confirmed)
        let eager = try report(garden, "eager")
        #expect(eager.own.caught == 1 && eager.own.falseAlarms == 1 && eager.own.missed == 0 && eager.own.unknown == 0)
        let three = try report(garden, "three")
        #expect(three.own.caught == 0 && three.own.missed == 1 && three.own.avoided == 1 && three.own.falseAlarms == 0)
        #expect(three.real.caught == 1 && three.real.falseAlarms == 1 && three.callsSaved == 2)
        #expect(eager.evidence == 2 && three.evidence == 2)
        #expect(three.realSpent == 2 + 2 * 0.5 && three.spent == 0)
    }

    @Test func whatNoOutcomeIsKnownOfStaysUnknown() throws {
        var garden = try garden()
        try hear(&garden, "door", 1)
        pass(&garden, 8)
        let far = try real(&garden, 60, until: 61)
        try decide(&garden, far, .confirmed)
        let elsewhere = try real(&garden, 1.5, region: "attic")
        try decide(&garden, elsewhere, .failed)
        let eager = try report(garden, "eager")
        #expect(eager.own.unknown == 1 && eager.own.missed == 1 && eager.own.falseAlarms == 0)
        let partial = try real(&garden, 1.6, until: 2)
        try decide(&garden, partial, .partial)
        #expect(try report(garden, "eager").own.unknown == 1)
    }

    @Test func anOutcomeThatIsTakenBackLeavesFiguresAndTrust() throws {
        var garden = try garden()
        try hear(&garden, "door", 1)
        let opening = try real(&garden, 1.2)
        func records() -> [OriginRecord] { garden.variants[0].thalamus.trust().flatMap(\.records) }
        try decide(&garden, opening, .failed)
        #expect(try report(garden, "eager").own.falseAlarms == 1)
        #expect(records().map(\.failed) == [1])
        try decide(&garden, opening, .failed, kind: .withdrawal)
        #expect(try report(garden, "eager").own.falseAlarms == 0)
        #expect(try report(garden, "eager").own.unknown == 1)
        #expect(records().isEmpty)
        try decide(&garden, opening, .confirmed)
        #expect(try report(garden, "eager").own.caught == 1)
        #expect(records().map(\.confirmed) == [1])
        try decide(&garden, opening, .failed, kind: .replacement)
        #expect(try report(garden, "eager").own.falseAlarms == 1)
        #expect(records().map(\.failed) == [1])
    }

    @Test func theNearestOfTwoOutcomesIsTheVerdict() throws {
        var garden = try garden()
        try hear(&garden, "door", 10)
        let far = try real(&garden, 8.2, until: 9)
        let near = try real(&garden, 10.2, until: 11)
        try decide(&garden, far, .failed)
        try decide(&garden, near, .confirmed)
        #expect(try report(garden, "eager").own.falseAlarms == 0)
        #expect(garden.variants[0].openings[0].verdict == .confirmed)
    }

    @Test func truthReachesTheTrustOfTheVariantAndSoDoesFeedback() throws {
        var garden = try garden()
        try hear(&garden, "door", 1)
        let opening = try real(&garden, 1.2)
        try decide(&garden, opening, .failed)
        func record() -> OriginRecord? { garden.variants[0].thalamus.trust().first?.records.first }
        #expect(record()?.failed == 1 && record()?.confirmed == 0)
        garden.take(
            VirtualFeedback(correlationAdjustment: 0.1, gateWeightDelta: 0.2), opening: opening, sender: "other")
        #expect(record()?.confirmed == 0, "only whose outcome counts is heard")
        var second = try self.garden()
        try hear(&second, "door", 1)
        let other = try real(&second, 1.2)
        second.take(VirtualFeedback(correlationAdjustment: 0.1, gateWeightDelta: 0.2), opening: other, sender: "nimmer")
        #expect(second.variants[0].thalamus.trust().isEmpty, "it waits for the outcome")
        try decide(&second, other, .confirmed)
        let records = try #require(second.variants[0].thalamus.trust().first?.records.first)
        #expect(abs(records.confirmed - 1.3) < 1e-12)
        // One failure has revoked the declared reflex: the door alone opens no more.
        pass(&garden, 30)
        #expect(try hear(&garden, "door", 31).isEmpty)
    }

    @Test func aRestartKeepsFiguresTrustAndOpenGates() throws {
        var garden = try garden()
        try hear(&garden, "door", 1)
        let opening = try real(&garden, 1.2, until: 3)
        try decide(&garden, opening, .confirmed)
        pass(&garden, 8)
        try hear(&garden, "door", 20)
        garden.read("DEV-TRANSITIONS", to: 7)
        var kept = Dictionary(uniqueKeysWithValues: garden.snapshot.encoded.map { ($0.key, $0.value) })
        kept[VirtualGarden.aliveKey] = VirtualGarden.alive(at(21))
        var next = try self.garden()
        #expect(next.resume(kept, at: at(60)) == ["eager", "three"])
        #expect(next.reports == garden.reports)
        #expect(next.places["DEV-TRANSITIONS"] == 7)
        #expect(next.variants[0].thalamus.trust().first?.records == garden.variants[0].thalamus.trust().first?.records)
        #expect(next.open == 1)
        pass(&next, 61)
        #expect(next.open == 0, "what was open is released in its time")
        // While nothing was heard, no variant can have slept.
        let unheard = try real(&next, 40)
        try decide(&next, unheard, .confirmed)
        #expect(try report(next, "three").own.missed == 1)
        let heard = try real(&next, 70)
        try decide(&next, heard, .confirmed)
        #expect(try report(next, "three").own.missed == 2)
    }

    @Test func otherSettingsBeginAnewAndWhatCannotBeReadToo() throws {
        var garden = try garden()
        try hear(&garden, "door", 1)
        _ = try real(&garden, 1.2)
        let kept = Dictionary(uniqueKeysWithValues: garden.snapshot.encoded.map { ($0.key, $0.value) })
        var other = try self.garden(Self.yaml.replacing("quorum: 3", with: "quorum: 2"))
        #expect(other.resume(kept, at: at(60)) == ["eager"])
        var broken = kept
        broken[VirtualGarden.realKey] = Array("{".utf8)
        var fresh = try self.garden()
        #expect(fresh.resume(broken, at: at(60)) == [] && fresh.reports.allSatisfy { $0.own == GardenFigures() })
    }

    @Test func whatIsNotKeptOneByOneStaysInTheFigures() throws {
        var garden = try garden()
        for number in 0..<(VirtualGarden.kept + 40) {
            let opening = try real(&garden, Double(number * 100), until: Double(number * 100 + 1))
            try decide(&garden, opening, number % 2 == 0 ? .confirmed : .failed)
        }
        let half = (VirtualGarden.kept + 40) / 2
        let three = try report(garden, "three")
        #expect(three.own.missed == half && three.own.avoided == half)
        #expect(three.real.openings == 2 * half && garden.real.count == VirtualGarden.kept)
        #expect(garden.snapshot.encoded.allSatisfy { $0.value.count < 1 << 20 })
    }

    @Test func openingsAreAlwaysTracedTheRestWithinABudget() throws {
        var garden = try garden(traces: 5)
        var sampled = 0
        for number in 0..<200 {
            let found = try hear(&garden, "cell-\(number % 7)", Double(number) * 0.001, confidence: 0.3)
            sampled += found.count { $0.result != .opened }
        }
        #expect((5...20).contains(sampled) && garden.traces.leftOut >= 100)
        #expect(garden.traces.sampled == sampled)
        let trace = try hear(&garden, "door", 60)
        #expect(trace.contains { $0.result == .opened && $0.variant?.text == "eager" })
    }

    @Test func cellsOfAVariantAreHeardAsItsSettingsHaveThem() throws {
        let yaml = Self.yaml.replacing(
            "three: {gates: {defaults: {quorum: 3}}}",
            with: "deaf: {gates: {defaults: {weight: 0.9}}, cells: {door: {floor: 0.99, region: attic}}}\n"
                + "  moved: {gates: {defaults: {weight: 0.9}}, cells: {door: {region: attic}}}")
        var garden = try garden(yaml)
        let traces = try hear(&garden, "door", 1)
        #expect(traces.map { $0.variant?.text } == ["eager", "moved"])
        #expect(traces.last?.gateID == GateID(region: try Region("attic")))
    }

    @Test func questionsAreAnsweredAndWrongOnesRefused() throws {
        var garden = try garden()
        try hear(&garden, "door", 1)
        let opening = try real(&garden, 1.2)
        try decide(&garden, opening, .confirmed)
        let list = try garden.answer(Command(command: "list"))
        #expect(list["variants"]?.array?.count == 2)
        let diff = try garden.answer(Command(command: "diff", payload: ["variant": "three"]))
        #expect(diff["openings"]?.array?.map { $0["verdict"]?.string } == ["missed"])
        let show = try garden.answer(Command(command: "show", payload: ["variant": "eager"]))
        #expect(show["openings"]?[0]?["verdict"]?.string == "caught")
        let refused = #expect(throws: Refusal.self) {
            try garden.answer(Command(command: "show", payload: ["variant": "egaer"]))
        }
        #expect(refused?.description.contains("eager, three") == true)
        #expect(throws: Refusal.self) { try garden.answer(Command(command: "wake")) }
    }
}
