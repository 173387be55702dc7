import NimmerWave
import Seeds
import Testing

/// Openings that await an outcome are known from the newest accepted outcome and the openings of the stream (trust.md, Replay and restart).
@Suite("Openings that await an outcome") struct AwaitedOpeningsTests {
    private static func opening(_ number: Int) throws -> Envelope<GateTransition> {
        let region = try Region("plant")
        let at = Timestamp(milliseconds: Double(number) * 1000)
        return Envelope(
            id: .named("\(number)"), at: at, from: Source(entityID: "thalamus", entityType: .thalamus),
            GateTransition(
                gateID: GateID(region: region), domain: try Token("flow"), region: region, fromState: .stable,
                toState: .open, stateValue: 0.9, weight: 0.5, at: at))
    }

    @Test(
        "after random openings, outcomes and withdrawals they are those of a thalamus that never stopped",
        arguments: 0..<40)
    func property(seed: Int) throws {
        var chance = Seeded(UInt64(seed) + 1)
        let region = try Region("plant")
        var openings: [Envelope<GateTransition>] = []
        var undecided: [MessageID] = []
        var decided: [MessageID] = []
        var last: AcceptedOutcome?
        func awaits(_ id: MessageID) {
            if undecided.count >= AwaitedOpenings.maximum { undecided.removeFirst() }
            undecided.append(id)
        }
        // Of some lives most openings are judged, of others nearly none.
        let share = Int.random(in: 1...9, using: &chance)
        for number in 0..<400 {
            if Int.random(in: 0..<10, using: &chance) >= share {
                let opening = try Self.opening(number)
                openings.append(opening)
                awaits(opening.header.messageID)
            } else {
                let isBack = Int.random(in: 0..<4, using: &chance) == 0
                guard let id = (isBack ? decided : undecided).randomElement(using: &chance) else { continue }
                if isBack { awaits(id) } else { undecided.removeAll { $0 == id } }
                if isBack { decided.removeAll { $0 == id } } else { decided.append(id) }
                last = AcceptedOutcome(
                    gateID: GateID(region: region), region: region, opening: id, opener: try Token("flow"),
                    witnesses: [], sender: "nimmer", result: .confirmed,
                    at: Timestamp(milliseconds: Double(number) * 1000),
                    kind: isBack ? .withdrawal : nil, undecided: undecided, newest: openings.last?.header.messageID)
            }
            var folded = AwaitedOpenings(after: last)
            for opening in openings { folded.take(opening) }
            #expect(folded.openings.map(\.header.messageID) == undecided, "after \(number)")
            #expect(folded.newest == openings.last?.header.messageID)
        }
    }

    @Test("an opening that comes again, from the stream and from what waits, awaits one outcome")
    func again() throws {
        var folded = AwaitedOpenings(after: nil)
        for number in [1, 2, 2, 1] { folded.take(try Self.opening(number)) }
        #expect(folded.openings.count == 2)
    }
}
