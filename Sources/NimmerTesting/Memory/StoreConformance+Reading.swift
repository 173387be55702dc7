import NimmerMemory
import NimmerWave

extension StoreConformance {
    // MARK: - Totals

    static let totals = Check("totals contain what was spent, earned and verified") { store in
        let outcomes: [VerificationResult] = [.confirmed, .confirmed, .partial, .failed]
        for (number, outcome) in outcomes.enumerated() {
            let decision = try DecisionFixture(seed: "total \(number)", gate: "total", cost: 2, outcome: outcome)
            _ = try await store.write([decision.opening, decision.verdict])
            // What a sender claims counts nothing.
            try expect(try await store.gates(.dev).first?.verificationRate == nil, number == 0, "before it is accepted")
            _ = try await store.write([decision.accepted()])
        }
        let gate = try unwrap(try await store.gates(.dev).first, "gate")
        try expect(gate.transitions, 4, "transitions")
        try expect(gate.openings, 4, "openings")
        try expect([gate.confirmed, gate.partial, gate.failed], [2, 1, 1], "verifications")
        try expect(gate.verificationRate, 0.5, "verification rate")
        try expect(gate.lifeforceSpent, 8, "spent")
        try expect(gate.lifeforceEarned, 5, "earned: two whole costs and a half one")
        try expect(gate.lifeforceNet, -3, "net")
    }

    static let takenBack = Check("an outcome that is taken back leaves the totals, whatever arrives last") { store in
        let decision = try DecisionFixture(seed: "back", gate: "back", cost: 4)
        func totals() async throws -> [Double] {
            let gate = try unwrap(try await store.gates(.dev).first, "gate")
            return [Double(gate.confirmed), Double(gate.failed), Double(gate.partial), gate.lifeforceEarned]
        }
        _ = try await store.write([decision.opening, decision.accepted()])
        try expect(try await totals(), [1, 0, 0, 4], "confirmed")
        let other = decision.later(.outcome, .partial, after: 20)
        _ = try await store.write([decision.later(.withdrawal, .confirmed, after: 10)])
        try expect(try await totals(), [0, 0, 0, 0], "taken back")
        try expect(try await store.gates(.dev).first?.verificationRate, nil, "rate")
        _ = try await store.write([other])
        try expect(try await totals(), [0, 0, 1, 2], "judged again")
        _ = try await store.write([
            decision.later(.replacement, .failed, after: 30), decision.later(.reset, .partial, after: 40),
        ])
        try expect(try await totals(), [0, 1, 0, 0], "replaced")
        // An opinion that weighs nothing counts nothing.
        _ = try await store.write([decision.later(.outcome, .failed, after: 50, weight: 0)])
        try expect(try await totals(), [0, 0, 0, 0], "without weight")
        let backwards = try DecisionFixture(seed: "backwards back", gate: "back", cost: 8)
        _ = try await store.write([backwards.later(.withdrawal, .confirmed, after: 10)])
        _ = try await store.write([backwards.accepted(), backwards.opening])
        try expect(try await totals(), [0, 0, 0, 0], "taken back before it came")
        try expect(try await store.counts().accepted, 8, "accepted outcomes")
    }

    static let latestState = Check("a gate shows its latest transition, whatever arrived last") { store in
        let decision = try DecisionFixture(seed: "latest")
        let entries = decision.entries
        _ = try await store.write([entries[5]])
        _ = try await store.write([entries[0]])
        let gate = try unwrap(try await store.gates(.dev).first, "gate")
        try expect(gate.state, .stable, "state")
        try expect(gate.potential, 0.25, "potential")
        try expect(gate.lastTransitionAt, decision.release.body.at, "time")
        try expect(gate.transitions, 2, "transitions")
    }

    static let environments = Check("environments do not mix") { store in
        _ = try await store.write([try DecisionFixture(seed: "dev").opening])
        _ = try await store.write([try DecisionFixture(seed: "staging", environment: .staging).opening])
        try expect(try await store.gates(.dev).map(\.transitions), [1], "dev")
        try expect(try await store.gates(.staging).map(\.transitions), [1], "staging")
        try expect(try await store.gates(.prod).count, 0, "prod")
    }

    // MARK: - Trails

    static let trailFromEveryID = Check("a trail is found from every id of its decision") { store in
        let decision = try DecisionFixture(seed: "trail")
        let other = try DecisionFixture(seed: "other", gate: "other")
        _ = try await store.write(other.entries + decision.entries)
        let ids = [
            decision.transition.header.messageID, decision.collapse.body.collapseID, decision.collapse.header.messageID,
            decision.request.body.requestID, decision.request.header.messageID, decision.response.header.messageID,
            decision.verification.header.messageID,
        ]
        for id in ids {
            let trail = try unwrap(try await store.trail(of: id), "trail of \(id)")
            try expect(trail.transition, decision.transition, "transition")
            try expect(trail.next, decision.release, "next transition")
            try expect(trail.collapse, decision.collapse, "collapse")
            try expect(trail.request, decision.request, "request")
            try expect(trail.response, decision.response, "response")
            try expect(trail.verifications, [decision.verification], "verifications")
            try expect(trail.environment, .dev, "environment")
        }
        let release = try unwrap(try await store.trail(of: decision.release.header.messageID), "trail of the release")
        try expect(release.transition, decision.release, "release")
        try expect(release.collapse, nil, "collapse of a release")
    }

    static let trailOfUnknownID = Check("an unknown id has no trail, and a trail may have gaps") { store in
        let decision = try DecisionFixture(seed: "gaps")
        try expect(try await store.trail(of: decision.transition.header.messageID) == nil, true, "unknown id")
        _ = try await store.write([decision.entries[4]])
        let trail = try unwrap(try await store.trail(of: decision.request.body.requestID), "trail of a lone response")
        try expect(trail.response, decision.response, "response")
        try expect(trail.request, nil, "request")
        try expect(trail.transition, nil, "transition")
    }

    static let exactContent = Check("what is opaque comes back byte for byte") { store in
        let content =
            #"{"b":1,"a" :1e2, "nul":"\u0000", "half":"\ud83d", "big":1e400000, "a":[ ],"text":"tab\tquote\"\\"}"#
        let decision = try DecisionFixture(seed: "exact", content: content)
        let report = try await store.write(decision.entries)
        try expect(report.setAside, [], "set aside")
        let trail = try unwrap(try await store.trail(of: decision.collapse.body.collapseID), "trail")
        try expect(trail.collapse?.body.witnesses.first?.semanticContent.text, content, "semantic content")
        try expect(trail.request?.body.structuredInput.text, content, "structured input")
        try expect(trail.response?.body.result.text, content, "result")
        try expect(trail.response?.body.decision, decision.response.body.decision, "decision")
    }

    // MARK: - Training

    static let training = Check("training examples carry signals, result, outcome and label") { store in
        let decision = try DecisionFixture(seed: "training", outcome: .failed)
        _ = try await store.write(decision.entries)
        let claimed = try await store.trainingPage(TrainingQuery(environment: .dev)).examples
        try expect(claimed.compactMap(\.outcome), [], "outcomes that no thalamus has accepted")
        _ = try await store.write([decision.accepted()])
        try expect(try await store.write([decision.accepted()]).known, 1, "known the second time")
        try expect(try await store.counts().accepted, 1, "accepted outcomes")
        let examples = try await store.trainingPage(TrainingQuery(environment: .dev)).examples
        try expect(examples.count, 3, "examples")
        let opening = try unwrap(examples.first { $0.id == decision.transition.header.messageID }, "opening")
        try expect([opening.result, opening.outcome, opening.label], ["opened", "failed", "failed"], "opening")
        try expect(opening.signals.array?.count, 2, "signals")
        let correlation = try unwrap(examples.first { $0.kind == .correlation }, "correlation")
        try expect([correlation.result, correlation.label], ["opened", "failed"], "correlation")
        try expect(correlation.correlationMatrix?[0]?[1]?.double, 1, "matrix")
        try expect(correlation.garden, .virtual, "garden")
        let labelled = try await store.trainingPage(TrainingQuery(environment: .dev, labelledOnly: true)).examples
        try expect(labelled.count, 2, "labelled examples")
        try expect(Set(examples.map(\.region)), ["math"], "regions")
        for (pattern, number) in [("math", 3), ("*", 3), (">", 3), ("math.>", 0), ("plant", 0)] {
            let query = TrainingQuery(environment: .dev, region: try SubjectPattern(pattern))
            try expect(try await store.trainingPage(query).examples.count, number, "examples of \(pattern)")
        }
    }

    static let answers = Check("answers are given with the accepted outcome of their opening, the last of several") {
        store in
        let decision = try DecisionFixture(seed: "answers", outcome: .failed)
        let query = TrainingQuery(environment: .dev)
        _ = try await store.write(decision.entries)
        try expect(try await store.answerPage(query).examples, [], "answers without an accepted outcome")
        _ = try await store.write([decision.accepted()])
        let answer = try unwrap(try await store.answerPage(query).examples.first, "answer")
        try expect(answer.request, decision.request, "request")
        try expect(answer.response, decision.response, "response")
        try expect(answer.opening, decision.transition.header.messageID, "opening")
        try expect([answer.gateID.text, answer.region.text], ["math", "math"], "gate and region")
        try expect(answer.result, .failed, "result")
        _ = try await store.write([decision.accepted(.confirmed, place: 2)])
        try expect(try await store.answerPage(query).examples.map(\.result), [.confirmed], "the last outcome")
        _ = try await store.write([decision.later(.outcome, .failed, after: 60_000, weight: 0.1)])
        try expect(try await store.answerPage(query).examples.map(\.result), [.confirmed], "the opinion of a mind")
        let labels = try await store.trainingPage(TrainingQuery(environment: .dev)).examples.compactMap(\.outcome)
        try expect(Set(labels), ["confirmed"], "labels beside the opinion of a mind")
        var merged = try DecisionFixture(seed: "merged")
        merged.response.body.outcome = .merged
        _ = try await store.write(merged.entries + [merged.accepted()])
        try expect(try await store.answerPage(query).examples.count, 1, "answers")
        let staging = TrainingQuery(environment: .staging)
        try expect(try await store.answerPage(staging).examples.count, 0, "answers of another environment")
    }

    static let answerPages = Check("an export has every answer once, in order, whatever the page") { store in
        for number in 0..<7 {
            let at = DecisionFixture.time.advanced(milliseconds: Double(number / 3) * 1_000)
            let decision = try DecisionFixture(seed: "answer \(number)", at: at)
            _ = try await store.write(decision.entries + [decision.accepted()])
        }
        for size in [1, 3, 100] {
            let found = Collected()
            let query = TrainingQuery(environment: .dev, limit: size)
            let count = try await store.exportAnswers(query) {
                if case .success(let answer) = $0 { found.answers.append(answer) }
                return true
            }
            try expect(count.examples, 7, "count with pages of \(size)")
            try expect(Set(found.answers.map(\.request.body.requestID)).count, 7, "answers with pages of \(size)")
            try expect(found.answers.map(\.askedAt), found.answers.map(\.askedAt).sorted(), "order")
        }
        let second = DecisionFixture.time.advanced(milliseconds: 1_000)
        let some = TrainingQuery(
            environment: .dev, since: second, until: second.advanced(milliseconds: 1), region: try SubjectPattern("*"))
        try expect(try await store.answerPage(some).examples.count, 3, "answers since until before until")
    }

    static let trainingPages = Check("an export has every example once, oldest first, whatever the page") { store in
        var expected: [MessageID] = []
        for number in 0..<25 {
            let at = DecisionFixture.time.advanced(milliseconds: Double(number / 5) * 1_000)
            let decision = try DecisionFixture(seed: "page \(number)", at: at)
            expected.append(decision.transition.header.messageID)
            _ = try await store.write([decision.opening])
        }
        for size in [1, 4, 25, 100] {
            let found = Collected()
            let count = try await store.exportTraining(TrainingQuery(environment: .dev, limit: size)) {
                found.add($0)
                return true
            }
            try expect([count.examples, count.unreadable], [25, 0], "count with pages of \(size)")
            try expect(found.examples.map(\.windowEnd), found.examples.map(\.windowEnd).sorted(), "order")
            try expect(Set(found.examples.map(\.id)), Set(expected), "examples with pages of \(size)")
        }
        let few = Collected()
        let taken = try await store.exportTraining(TrainingQuery(environment: .dev, limit: 4)) {
            few.add($0)
            return few.examples.count < 6
        }
        try expect([few.examples.count, taken.examples], [6, 6], "an export whose reader takes no more")
        let since = DecisionFixture.time.advanced(milliseconds: 1_000)
        let until = DecisionFixture.time.advanced(milliseconds: 3_000)
        let some = try await store.trainingPage(TrainingQuery(environment: .dev, since: since, until: until)).examples
        try expect(some.count, 10, "examples from since until before until")
    }

    // MARK: - Lifeforce

    static let lifeforce = Check("days hold what was spent and earned in regions, a redelivery counts once") { store in
        var decision = try DecisionFixture(seed: "lifeforce")
        let record = DecisionRecord(eventType: "math_question", region: "math")
        decision.response.body.result = .raw(record.bytes)
        let spendings = [
            RegionSpending(region: try Region("math"), cells: 1.5, nerves: 2),
            RegionSpending(region: try Region("other.place"), organs: 0.25),
        ]
        let entries = decision.entries + [decision.accepted(lifeforce: 10), decision.spent(spendings)]
        _ = try await store.write(entries)
        try expect(try await store.write(entries).stored, 0, "stored the second time")
        let next = try DecisionFixture(seed: "next", at: DecisionFixture.time.advanced(milliseconds: 86_400_000))
        _ = try await store.write([next.spent([RegionSpending(region: try Region("math"), cells: 3)])] + entries)
        let days = try await store.lifeforce(LifeforceQuery(environment: .dev, since: "2026-02-01"))
        try expect(days.map(\.day), ["2026-02-14", "2026-02-14", "2026-02-15"], "days")
        try expect(days.map(\.region), ["math", "other.place", "math"], "regions")
        let math = days[0]
        try expect([math.cells, math.nerves, math.minds, math.organs, math.earned], [1.5, 2, 2.5, 0, 10], "math")
        try expect([math.spent, math.net], [6, 4], "spent and net")
        try expect([days[1].organs, days[1].net, days[2].cells], [0.25, -0.25, 3], "others")
        let some = LifeforceQuery(environment: .dev, since: "2026-02-15")
        try expect(try await store.lifeforce(some).count, 1, "days since the fifteenth")
        let other = LifeforceQuery(environment: .dev, since: "2026-02-01", region: try SubjectPattern("other.>"))
        try expect(try await store.lifeforce(other).map(\.region), ["other.place"], "days of a pattern")
        let staging = LifeforceQuery(environment: .staging, since: "2026-02-01")
        try expect(try await store.lifeforce(staging).count, 0, "days of another environment")
    }

    static let lifeforceTakenBack = Check(
        "of several outcomes of one opening the last earns, the earlier are taken back"
    ) { store in
        let decision = try DecisionFixture(seed: "taken back")
        func earned() async throws -> [Double] {
            try await store.lifeforce(LifeforceQuery(environment: .dev, since: "2026-02-01")).map(\.earned)
        }
        _ = try await store.write([decision.accepted(.confirmed, place: 1, lifeforce: 10)])
        try expect(try await earned(), [10], "the first")
        _ = try await store.write([decision.accepted(.failed, place: 2, lifeforce: -2)])
        try expect(try await earned(), [-2], "the second instead")
        let both = [
            decision.accepted(.confirmed, place: 3, lifeforce: 7), decision.accepted(.failed, place: 4, lifeforce: -3),
        ]
        _ = try await store.write(both)
        try expect(try await earned(), [-3], "two in one batch")
        _ = try await store.write(both.reversed())
        try expect(try await earned(), [-3], "again")
    }

    static let lifeforceInAnyOrder = Check("outcomes earn the same in whatever order they are stored") { store in
        for (number, order) in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].enumerated() {
            let day = DecisionFixture.time.advanced(milliseconds: Double(number) * 10 * 86_400_000)
            let decision = try DecisionFixture(seed: "order \(number)", at: day)
            func later(_ kind: OutcomeKind, _ result: VerificationResult, days: Double) -> MemoryEntry {
                var entry = decision.later(kind, result, after: days * 86_400_000)
                if case .accepted(let message, _) = entry.row { entry.row = .accepted(message, lifeforce: 4) }
                return entry
            }
            let messages = [
                decision.accepted(.confirmed, lifeforce: 10), later(.withdrawal, .confirmed, days: 1),
                later(.outcome, .partial, days: 2),
            ]
            for place in order { _ = try await store.write([messages[place]]) }
            let query = LifeforceQuery(environment: .dev, since: day.utcDay)
            let found = try await store.lifeforce(query).map(\.earned)
            try expect(found, [10, -10, 4], "the days of the order \(order)")
        }
    }

    private final class Collected {
        private(set) var examples: [TrainingExample] = []
        var answers: [AnsweredRequest] = []
        func add(_ row: TrainingPage.Row) { if case .success(let example) = row { examples.append(example) } }
    }
}
