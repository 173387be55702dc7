import NimmerSystem
import NimmerThalamus
import NimmerWave
import Testing

@testable import NimmerGarden

// Opinions, feedback, messages out of order, and times in which waves were missed.

extension GardenTests {
    private func records(_ garden: VirtualGarden) -> [OriginRecord] {
        garden.variants[0].thalamus.trust().flatMap(\.records)
    }

    @Test func anOpinionOfAMindCountsByItsWeightAndIsNoEvidence() throws {
        var garden = try garden()
        try hear(&garden, "door", 1)
        let opening = try real(&garden, 1.2)
        try decide(&garden, opening, .failed, weight: 0.1)
        let eager = try report(garden, "eager")
        #expect(eager.evidence == 0 && eager.own.unknown == 1 && eager.own.falseAlarms == 0)
        #expect(try report(garden, "three").own.avoided == 0)
        #expect(eager.real.falseAlarms == 0 && eager.real.unknown == 1)
        #expect(records(garden).map(\.failed) == [0.1])
        try decide(&garden, opening, .confirmed, kind: .replacement)
        #expect(try report(garden, "eager").own.caught == 1)
        #expect(records(garden).map(\.confirmed) == [1] && records(garden).map(\.failed) == [0])
    }

    @Test func anOpinionMovesNoDeclaredWeight() throws {
        var garden = try garden(Self.yaml.replacing("trust: earned", with: "trust: declared"))
        try hear(&garden, "door", 1)
        let opening = try real(&garden, 1.2)
        try decide(&garden, opening, .failed, weight: 0.1)
        #expect(garden.variants[0].thalamus.declaredWeights.isEmpty)
        try decide(&garden, opening, .failed, kind: .replacement)
        #expect(garden.variants[0].thalamus.declaredWeights.count == 1)
    }

    @Test func feedbackOfTheSenderWhoseOutcomeCountsIsHeardAndGoesWithIt() throws {
        var garden = try garden()
        try hear(&garden, "door", 1)
        let opening = try real(&garden, 1.2)
        func feedback(_ amount: Double, _ sender: String) {
            garden.take(
                VirtualFeedback(correlationAdjustment: 0, gateWeightDelta: amount), opening: opening, sender: sender)
        }
        for number in 0..<20 { feedback(-1, "stranger-\(number)") }
        feedback(0.5, "nimmer")
        try decide(&garden, opening, .confirmed)
        #expect(records(garden).map(\.confirmed) == [1.5] && records(garden).map(\.failed) == [0])
        #expect(garden.real[0].feedback.count <= 8)
        try decide(&garden, opening, .confirmed, kind: .withdrawal)
        #expect(records(garden).isEmpty)
        try decide(&garden, opening, .confirmed)
        #expect(records(garden).map(\.confirmed) == [1.5])
    }

    @Test func whatIsReadBeforeItsOpeningWaitsForIt() throws {
        var garden = try garden()
        try hear(&garden, "door", 1)
        let opening = MessageID.named("late")
        garden.take(
            VirtualFeedback(correlationAdjustment: 0, gateWeightDelta: 0.5), opening: opening, sender: "nimmer")
        try decide(&garden, opening, .failed)
        try decide(&garden, opening, .confirmed, kind: .replacement)
        let kept = Dictionary(uniqueKeysWithValues: garden.snapshot.encoded.map { ($0.key, $0.value) })
        var next = try self.garden()
        _ = next.resume(kept, at: at(2))
        for present in [garden, next] {
            var garden = present
            _ = try real(&garden, 1.2, id: opening)
            #expect(garden.real.map(\.outcome) == [.confirmed])
            #expect(records(garden).map(\.confirmed) == [1.5])
            #expect(garden.early.isEmpty)
        }
        for number in 0..<500 { try decide(&garden, .named("unknown \(number)"), .failed) }
        #expect(garden.early.count == VirtualGarden.early)
    }

    @Test func noVariantIsBlamedForWhatItCouldNotHear() throws {
        var garden = try garden()
        let before = try real(&garden, 10, until: 12)
        let read = try real(&garden, 30, until: 32)
        garden.missed(from: at(20), until: at(25))
        garden.missed(from: at(25), until: at(31))
        #expect(garden.gaps.count == 1)
        // Its witness spoke half a second before it opened.
        let witness = try real(&garden, 31.3, until: 33)
        let after = try real(&garden, 40, until: 41)
        for opening in [before, read, witness, after] { try decide(&garden, opening, .confirmed) }
        #expect(try report(garden, "three").own.missed == 2)
        for number in 0..<100 {
            garden.missed(from: at(100 + Double(number) * 10), until: at(101 + Double(number) * 10))
        }
        #expect(garden.gaps.count == VirtualGarden.gaps)
    }

    @Test func aSampleShowsTheGateThatHasJudgedTheWave() throws {
        let virtual = """
              still: {gates: {defaults: {quorum: 2}}}
              moved: {gates: {defaults: {quorum: 2}}, cells: {door: {region: attic}}}
              deaf: {gates: {defaults: {quorum: 2}}, cells: {door: {floor: 0.9}}}

            """
        let yaml = try #require(Self.yaml.split(separator: "  eager:").first) + virtual
        var garden = try garden(String(yaml), traces: 100)
        try hear(&garden, "window", 1, confidence: 0.5)
        let traces = try hear(&garden, "door", 1.1, confidence: 0.5)
        #expect(traces.map { $0.variant?.text } == ["still", "moved"])
        #expect(traces.map(\.gateID) == [GateID(region: try Region("hall")), GateID(region: try Region("attic"))])
    }
}
