import NimmerThalamus
import NimmerWave
import Seeds
import Testing

/// Outcomes that are taken back (trust.md, Taking back).
@Suite("Outcomes that are taken back") struct TrustLogTests {
    private static let region = try! Region("plant")
    private static let memory = 3.0

    /// One step of a gate's life.
    private enum Step {
        case outcome(MessageID, VerificationResult, [Token])
        case undo(MessageID)
        case reset([Token])
    }

    private static func entry(
        _ opening: MessageID, _ kind: OutcomeKind?, _ result: VerificationResult, _ witnesses: [Token],
        _ origins: [OriginRecord]?
    ) throws -> AcceptedOutcome {
        AcceptedOutcome(
            gateID: GateID(region: region), region: region, opening: opening, opener: try Token("flow"),
            witnesses: witnesses, sender: "nimmer", result: result, at: Timestamp(nanoseconds: 0), origins: origins,
            kind: kind)
    }

    /// The sum of steps none of which is taken back.
    private static func fold(_ steps: [Step]) throws -> [OriginRecord] {
        var fold = TrustFold([])
        for step in steps {
            switch step {
            case .outcome(let opening, let result, let witnesses):
                fold.take(try entry(opening, nil, result, witnesses, []), memory)
            case .reset(let origins): fold.take(try entry(.v7(), .reset, .partial, origins, []), memory)
            case .undo: break
            }
        }
        return fold.records
    }

    @Test(
        "random outcomes, resets and withdrawals give what those that were not taken back give, bit for bit",
        arguments: 0..<60)
    func property(seed: Int) throws {
        var chance = Seeded(UInt64(seed) + 1)
        let names = try ["current", "flow", "pressure", "voltage"].map { try Token($0) }
        var log: [AcceptedOutcome] = []
        var steps: [Step] = []
        var standing: [MessageID] = []
        var records: [OriginRecord] = []
        for number in 0..<80 {
            let choice = Int.random(in: 0..<10, using: &chance)
            if choice < 4, let opening = standing.randomElement(using: &chance) {
                let held = TrustLog(log)
                let known = try #require(held.outcome(of: opening))
                records = try held.records(without: opening, memory: Self.memory)
                log.append(try Self.entry(opening, .withdrawal, known.result, known.witnesses, records))
                standing.removeAll { $0 == opening }
                steps.removeAll { if case .outcome(opening, _, _) = $0 { true } else { false } }
            } else if choice == 4 {
                let origins = names.filter { _ in Bool.random(using: &chance) }
                steps.append(.reset(origins))
                records = try Self.fold(steps)
                log.append(try Self.entry(.named("reset \(number)"), .reset, .partial, origins, records))
            } else {
                // Also one that was taken back is judged again.
                let opening = MessageID.named("opening \(Int.random(in: 0..<40, using: &chance))")
                guard !standing.contains(opening) else { continue }
                let witnesses = names.filter { _ in Bool.random(using: &chance) }
                let result = VerificationResult.allCases.randomElement(using: &chance) ?? .failed
                steps.append(.outcome(opening, result, witnesses))
                standing.append(opening)
                var fold = TrustFold(records)
                let entry = try Self.entry(opening, nil, result, witnesses, [])
                fold.take(entry, Self.memory)
                records = fold.records
                log.append(try Self.entry(opening, nil, result, witnesses, records))
            }
            let expected = try Self.fold(steps)
            #expect(records == expected, "after step \(number)")
        }
    }

    @Test("an outcome whose sum before is not held any more cannot be taken back, one behind it can")
    func dropped() throws {
        let flow = try Token("flow")
        let (a, b) = (MessageID.named("a"), MessageID.named("b"))
        let (one, two) = (
            [OriginRecord(origin: flow, confirmed: 2, failed: 0)], [OriginRecord(origin: flow, confirmed: 2, failed: 1)]
        )
        let log = TrustLog([
            try Self.entry(a, nil, .confirmed, [flow], one), try Self.entry(b, nil, .failed, [flow], two),
        ])
        #expect(throws: Refusal.self) { try log.records(without: a, memory: 8) }
        #expect(try log.records(without: b, memory: 8) == one)
        #expect(throws: Refusal.self) { try log.records(without: .named("c"), memory: 8) }
    }

    @Test("what took back an outcome that is not held any more spoils the sums before it")
    func unknown() throws {
        let flow = try Token("flow")
        let (b, c) = (MessageID.named("b"), MessageID.named("c"))
        let sum = { (confirmed: Double) in [OriginRecord(origin: flow, confirmed: confirmed, failed: 0)] }
        let log = TrustLog([
            try Self.entry(b, nil, .confirmed, [flow], sum(2)),
            try Self.entry(.named("gone"), .withdrawal, .confirmed, [flow], sum(1)),
            try Self.entry(c, nil, .confirmed, [flow], sum(2)),
        ])
        #expect(throws: Refusal.self) { try log.records(without: b, memory: 8) }
        #expect(try log.records(without: c, memory: 8) == sum(1))
    }

    @Test("a replacement takes the place of the earlier outcome, and is taken back with it")
    func replaced() throws {
        let flow = try Token("flow")
        let a = MessageID.named("a")
        let log = TrustLog([
            try Self.entry(a, nil, .failed, [flow], [OriginRecord(origin: flow, confirmed: 0, failed: 1)]),
            try Self.entry(a, .replacement, .confirmed, [flow], [OriginRecord(origin: flow, confirmed: 1, failed: 0)]),
        ])
        #expect(log.outcome(of: a)?.result == .confirmed)
        #expect(try log.records(without: a, memory: 8) == [])
    }

    @Test("an outcome of a time when trust was declared is not taken back")
    func declared() throws {
        let log = TrustLog([try Self.entry(.named("a"), nil, .failed, [try Token("flow")], nil)])
        #expect(throws: Refusal.self) { try log.records(without: .named("a"), memory: 8) }
    }

    @Test(
        "of more records than a gate holds those with the fewest outcomes go before another comes, of these the smaller names"
    )
    func limit() throws {
        let record = { (name: String, confirmed: Double) in
            OriginRecord(origin: try! Token(name), confirmed: confirmed, failed: 0)
        }
        var fold = TrustFold([record("b", 1), record("a", 1), record("c", 3)], limit: 2)
        #expect(fold.records == [record("b", 1), record("c", 3)])
        fold.take(try Self.entry(.named("next"), nil, .confirmed, [try Token("a")], []), Self.memory)
        #expect(fold.records == [record("a", 1), record("c", 3)], "as a gate does")
        let log = TrustLog([
            try Self.entry(.named("first"), nil, .confirmed, [try Token("a")], [record("a", 1)]),
            try Self.entry(.named("next"), nil, .confirmed, [try Token("a"), try Token("b")], [record("b", 1)]),
            try Self.entry(.named("last"), nil, .confirmed, [try Token("b")], [record("b", 2)]),
        ])
        #expect(try log.records(without: .named("next"), memory: 8, limit: 1) == [record("b", 1)])
        #expect(try log.records(without: .named("next"), memory: 8) == [record("a", 1), record("b", 1)])
    }
}
