import NimmerWave
import Testing

@testable import NimmerScopeSession

@Suite struct TailFilterTests {
    @Test func patternsTextsAndTheirOpposite() throws {
        let payload = Array(#"{"body":{"domain":"math"}}"#.utf8)
        var ignoring = TailFilter(ignored: [try SubjectPattern("dev.nervous.thalamus.*")])
        #expect(ignoring.passes(subject: "dev.nervous.thalamus.attention", payload: payload) == false)
        #expect(ignoring.passes(subject: "dev.nervous.cells.a.wave", payload: payload) == true)
        #expect(ignoring.shown == 1)
        var with = TailFilter(text: "math")
        var without = TailFilter(text: "!math")
        #expect(with.passes(subject: "dev.x", payload: payload) == true)
        #expect(without.passes(subject: "dev.x", payload: payload) == false)
        #expect(without.passes(subject: "dev.x", payload: []) == true)
    }

    @Test func topicsAreTheirSubjects() {
        var with = TailFilter(text: "tele/hotWater/SENSOR")
        var without = TailFilter(text: "!tele/#")
        #expect(with.passes(subject: "tele.hotWater.SENSOR", payload: []) == true)
        #expect(with.passes(subject: "tele.boiler.SENSOR", payload: []) == false)
        #expect(without.passes(subject: "tele.hotWater.SENSOR", payload: []) == false)
        #expect(without.passes(subject: "dev.x", payload: []) == true)
    }

    @Test func whatIsLeftOutForItsConfidenceIsCounted() throws {
        let wave = Envelope(
            id: MessageID(high: 0, low: 1), at: Timestamp(milliseconds: 0),
            from: Source(entityID: "c", entityType: .cell),
            WaveSignal(domain: try Token("d"), confidence: 0.3, semanticContent: [:])
        ).encoded()
        var filter = TailFilter(minimumConfidence: 0.5)
        #expect(filter.passes(subject: "dev.nervous.cells.c.wave", payload: wave) == false)
        #expect(filter.quiet == 1)
        #expect(filter.passes(subject: "dev.nervous.gates.c.transition", payload: []) == true)
    }
}
