import NimmerThalamus
import NimmerWave
import Testing

/// What a cell reports of its own gate, and what the thalamus makes of it (decision 0019).
@Suite struct ReportedTransitionTests {
    private let moment = Timestamp(seconds: 1_800_000_000)

    private func transition(_ gate: String, region: String = "math", tier: Int = 1) throws -> GateTransition {
        GateTransition(
            gateID: try GateID(gate), domain: try Token("math"), region: try Region(region), fromState: .stable,
            toState: .open, stateValue: 0.6, weight: 0.1, correlationScore: 0.5, triggerSignals: [], routedToTier: tier,
            lifeforceCost: 0, at: moment)
    }

    private func message(
        _ body: GateTransition, id: MessageID = .v7(), from type: EntityType = .cell, tier: Int = 5
    ) -> [UInt8] {
        let source = Source(entityID: "somebody", entityType: type, tier: tier)
        return Envelope(id: id, at: moment, from: source, body).encoded()
    }

    private func reported(_ subject: String, _ payload: [UInt8]) throws -> ReportedTransition {
        try ReportedTransition(subject: try Subject(foreign: subject), payload: payload, in: .dev)
    }

    @Test func aReportIsWrittenAnewInItsSendersName() throws {
        let claimed = MessageID.v7()
        let subject = "dev.nervous.gates.math-cell.transition.math"
        let found = try reported(subject, message(try transition("math-cell"), id: claimed))
        #expect(found.subject.text == "dev.nervous.gates.math-cell.transition")
        #expect(found.sender.text == "math")
        let stored = try Envelope<GateTransition>(decoding: found.payload)
        #expect(stored.header.messageID == found.id && found.id != claimed)
        #expect(stored.header.source.entityID == "math" && stored.header.source.entityType == .cell)
        #expect(stored.header.source.tier == 1 && stored.body.routedToTier == 1)
        #expect(stored.body.stateValue == 0.6)
        // A repetition is the same message; another cell's of the same id is not.
        #expect(try reported(subject, message(try transition("math-cell"), id: claimed)).id == found.id)
        let other = try reported(
            "dev.nervous.gates.flow-cell.transition.flow", message(try transition("flow-cell"), id: claimed))
        #expect(other.id != found.id)
    }

    @Test func aNerveHasOne() throws {
        let payload = message(try transition("reflex-nerve"), from: .nerve)
        #expect(try reported("dev.nervous.gates.reflex-nerve.transition.reflex", payload).sender.text == "reflex")
    }

    @Test(arguments: [
        ("dev.nervous.gates.flow-cell.transition.math", "flow-cell"),
        ("dev.nervous.gates.plant.transition.math", "plant"),
        ("dev.nervous.gates.math.transition.math", "math"),
        ("dev.nervous.gates.math-cell.transition", "math-cell"),
        ("dev.nervous.gates.math-cell.transition.math", "flow-cell"),
        ("dev.nervous.gates.math-cell.transition.math", "plant"),
        ("dev.nervous.gates.math-nerve.transition.math", "math-nerve"),
        ("dev.nervous.gates.math-cell.outcome.math", "math-cell"),
    ])
    func anotherGateIsRefused(_ subject: String, _ gate: String) throws {
        let payload = message(try transition(gate))
        #expect(throws: Refusal.self) { try reported(subject, payload) }
    }

    @Test func whatNoCellCanKnowIsRefused() throws {
        let subject = "dev.nervous.gates.math-cell.transition.math"
        var collapsed = try transition("math-cell")
        collapsed.collapse = OpeningCollapse(collapseID: .v7(), confidence: 0.9, windowStart: moment, witnesses: [])
        var escalated = try transition("math-cell")
        escalated.escalation = Escalation(
            eventType: "x", suggestedActions: [], processingBudgetLF: 1, responseTimeoutMilliseconds: 1,
            expiresAt: moment, isReflex: false)
        for body in [collapsed, escalated, try transition("math-cell", tier: 5)] {
            #expect(throws: Refusal.self) { try reported(subject, message(body)) }
        }
        for type in [EntityType.thalamus, .nerve, .boundary, .gate] {
            #expect(throws: Refusal.self) { try reported(subject, message(try transition("math-cell"), from: type)) }
        }
        let wave = WaveSignal(domain: try Token("math"), confidence: 0.5, semanticContent: [:])
        let other = Envelope(id: .v7(), at: moment, from: Source(entityID: "math", entityType: .cell), wave).encoded()
        for litter in [other, Array("{}".utf8), [], Array("{\"stream\":\"DEV-TRANSITIONS\",\"seq\":1}".utf8)] {
            #expect(throws: Refusal.self) { try reported(subject, litter) }
        }
    }

    @Test func aSenderHasABudget() throws {
        let (room, week) = (Double(256 << 20), 7.0 * 86_400)
        var budgets = ReportedTransition.budgets(room: room, age: week)
        let (math, flow) = (try Token("math"), try Token("flow"))
        let moment = SteadyTime(milliseconds: 77_000)
        func takes(_ bytes: Double, _ sender: Token?, at now: SteadyTime) -> Bool {
            budgets.take(bytes, of: sender, at: now)
        }
        let taken = (0..<10_000).count { _ in takes(1024, math, at: moment) }
        #expect(Double(taken * 1024) == budgets.burst)
        // Another sender has its own, and so have all without a name.
        #expect(takes(1024, flow, at: moment) && takes(1024, nil, at: moment))
        let later = moment.advanced(milliseconds: 10 * 1024 / budgets.perSecond * 1000 + 1)
        #expect((0..<1000).count { _ in takes(1024, math, at: later) } == 10)
        #expect(!takes(1024, math, at: moment))
        // In seven days an eighth of the stream, however small it is.
        for bytes in [Double(1 << 20), Double(16 << 20), room, Double(1 << 40)] {
            let budgets = ReportedTransition.budgets(room: bytes, age: week)
            #expect(budgets.burst + week * budgets.perSecond <= bytes / 8 + 1)
        }
        // Invented senders take no room for ever, and nothing from those that speak.
        for number in 0..<10_000 { _ = takes(1, try Token("s\(number)"), at: later.advanced(milliseconds: 1)) }
        #expect(budgets.senders <= SenderBudgets.capacity)
    }

    @Test func theNameOfAnOwnGateEndsInItsKind() throws {
        #expect(GateID(ownedBy: try Token("math"), .cell).text == "math-cell")
        #expect(GateID(ownedBy: try Token("reflex"), .nerve).text == "reflex-nerve")
        #expect(try GateID("math-cell").owner == .cell && GateID("reflex-nerve").owner == .nerve)
        #expect(try GateID("plant--pump").owner == nil)
        let long = (0..<63).map { _ in "a" }.joined()
        let gates = try [long, String(long.dropLast()) + "b"].map { GateID(ownedBy: try Token($0), .nerve) }
        #expect(Set(gates).count == 2)
        for gate in gates { #expect(gate.text.utf8.count <= 63 && gate.owner == .nerve && Token.isValid(gate.text)) }
    }
}
