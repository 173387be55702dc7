import NimmerThalamus
import NimmerWave
import Testing

@Suite struct LastTransitionsTests {
    private func transition(
        _ region: String, at seconds: Double, id: UInt64, opens: Bool = true
    ) throws -> Envelope<GateTransition> {
        let region = try Region(region)
        let domain = try Token("plant")
        return Envelope(
            id: MessageID(high: 0, low: id), at: Timestamp(milliseconds: seconds * 1000),
            from: Source(entityID: "thalamus", entityType: .thalamus),
            GateTransition(
                gateID: GateID(region: region), domain: domain, region: region, fromState: opens ? .stable : .open,
                toState: opens ? .open : .stable, stateValue: 0.6, weight: 0.1,
                at: Timestamp(milliseconds: seconds * 1000)))
    }

    @Test func theLatestByTimeIsTheLastWhateverTheOrderOfTheStream() throws {
        var last = LastTransitions()
        try last.take(transition("plant.a", at: 10, id: 2, opens: false), storedAt: Timestamp(milliseconds: 11_000))
        try last.take(transition("plant.a", at: 5, id: 1), storedAt: Timestamp(milliseconds: 12_000))
        try last.take(transition("plant.b", at: 7, id: 3), storedAt: Timestamp(milliseconds: 13_000))
        #expect(last.inOrder.map(\.header.messageID.low) == [3, 2])
    }

    @Test func outcomesCountThatCameAfterTheLastTransitionOfTheirGate() throws {
        var last = LastTransitions()
        let gate = GateID(region: try Region("plant.a"))
        #expect(!last.precedes(outcomeOf: gate, storedAt: .latest))
        try last.take(transition("plant.a", at: 10, id: 2), storedAt: Timestamp(milliseconds: 11_000))
        #expect(!last.precedes(outcomeOf: gate, storedAt: Timestamp(milliseconds: 11_000)))
        #expect(last.precedes(outcomeOf: gate, storedAt: Timestamp(milliseconds: 11_001)))
    }

    @Test func anOpeningIsLastUntilItsGateReleases() throws {
        var last = LastTransitions()
        let gate = GateID(region: try Region("plant.a"))
        try last.take(transition("plant.a", at: 10, id: 2), storedAt: Timestamp(milliseconds: 11_000))
        #expect(last.isLast(MessageID(high: 0, low: 2), of: gate))
        #expect(!last.isLast(MessageID(high: 0, low: 1), of: gate))
        try last.take(transition("plant.a", at: 12, id: 4, opens: false), storedAt: Timestamp(milliseconds: 13_000))
        #expect(!last.isLast(MessageID(high: 0, low: 4), of: gate))
    }

    @Test(arguments: [
        ("dev.nervous.gates.plant--a.transition", "plant--a"), ("dev.nervous.gates.transition", nil),
        ("dev.nervous.cells.math.wave", nil),
    ])
    func subjectsNameTheirGate(subject: String, gate: String?) throws {
        #expect(GateID(transition: try Subject(foreign: subject))?.text == gate)
    }

    @Test func aPersonNamesAGateOrItsRegion() throws {
        #expect(GateID(asked: "plant.a") == GateID(region: try Region("plant.a")))
        #expect(GateID(asked: "plant--a")?.text == "plant--a")
        #expect(GateID(asked: "Not a region") == nil)
    }

    @Test func listsOfSeveralAreOneList() {
        func list(_ potentials: [Double], leftOut: Int = 0) -> GateList {
            GateList(potentials.map { ["potential": .number($0)] }, leftOut: leftOut)
        }
        let all = GateList(merging: [list([0.2, 0.9], leftOut: 2), list([0.5], leftOut: 1)])
        #expect(all.gates.map { $0["potential"]?.double } == [0.9, 0.5, 0.2])
        #expect(all.leftOut == 3)
    }
}
