import NimmerWave
import Testing

@testable import NimmerInspection

@Suite("nimmer verify --pending") struct StoredOpeningsTests {
    @Test("witnesses of an opening are those that asserted: for these an outcome counts")
    func witnesses() throws {
        let at = Timestamp(milliseconds: 0)
        let region = try Region("plant")
        var transition = GateTransition(
            gateID: GateID(region: region), domain: try Token("plant"), region: region, fromState: .stable,
            toState: .open, stateValue: 1, weight: 0.5, at: at)
        transition.triggerSignals = try [("flow", 1), ("camera", -1), ("current", 1)].map { origin, polarity in
            TriggerSignal(
                source: origin, origin: try Token(origin), confidence: 0.9, polarity: polarity, timestamp: at, push: 0)
        }
        let opening = StoredOpenings.Opening(id: .named("opening"), transition: transition, outcome: nil)
        #expect(opening.json["witnesses"]?.array?.compactMap(\.string) == ["flow", "current"])
    }
}
