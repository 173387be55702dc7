import NimmerMemory
import NimmerWave

/// The contract of ``NimmerMemory/MemoryStore``, as checks that every implementation must pass.
///
/// Each check needs an empty store; a test runs all of them:
///
///     @Test(arguments: StoreConformance.checks)
///     func keepsTheContract(_ check: StoreConformance.Check) async throws {
///         try await check.run(makeStore())
///     }
public enum StoreConformance {
    /// One promise of the contract.
    public struct Check: Sendable, CustomStringConvertible {
        /// The promise in a few words.
        public let description: String
        private let body: @Sendable (any MemoryStore) async throws -> Void

        init(_ description: String, _ body: @escaping @Sendable (any MemoryStore) async throws -> Void) {
            self.description = description
            self.body = body
        }

        /// Throws a ``Violation`` when the store does not keep the promise.
        public func run(_ store: any MemoryStore) async throws {
            try await store.open()
            try await body(store)
            await store.close()
        }
    }

    /// A promise that was not kept.
    public struct Violation: Error, CustomStringConvertible {
        /// Description of what was expected and what was found.
        public let description: String
    }

    /// All promises.
    public static let checks: [Check] = [
        wholeDecision, acts, anyOrder, redelivery, twiceInOneBatch, oneBadRow, onlyBadRows, undecodable, totals,
        takenBack,
        latestState, trailFromEveryID, trailOfUnknownID, exactContent, training, trainingPages, answers,
        answerPages, lifeforce, lifeforceTakenBack, lifeforceInAnyOrder, environments, reopening,
    ]

    static func expect<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) throws {
        guard found == expected else { throw Violation(description: "\(what): expected \(expected), found \(found)") }
    }

    static func unwrap<Value>(_ found: Value?, _ what: String) throws -> Value {
        guard let found else { throw Violation(description: "\(what): nothing found") }
        return found
    }

    // MARK: - Writing

    static let wholeDecision = Check("a whole decision is remembered in one batch") { store in
        let decision = try DecisionFixture(seed: "whole")
        let report = try await store.write(decision.entries)
        try expect(report, WriteReport(stored: 7, known: 0), "report")
        let counts = try await store.counts()
        try expect(counts.transitions, 2, "transitions")
        try expect(counts.collapses, 1, "collapses")
        try expect(counts.correlations, 1, "correlation events")
        try expect(counts.requests, 1, "requests")
        try expect(counts.responses, 1, "responses")
        try expect(counts.verifications, 1, "verifications")
        try expect(counts.rejected, 0, "rejected")
    }

    static let acts = Check("the outcome of a decision's commands is remembered with it, once") { store in
        let decision = try DecisionFixture(seed: "act")
        _ = try await store.write(decision.entries + [decision.act])
        try expect(try await store.write([decision.act]).known, 1, "known the second time")
        try expect(try await store.counts().acts, 1, "acts")
        let trail = try unwrap(try await store.trail(of: decision.request.body.requestID), "trail")
        let act = try unwrap(trail.act, "act")
        guard case .act(let written) = decision.act.row else { throw Violation(description: "an act is an act") }
        try expect(act.body.outcome, .done, "outcome")
        try expect(
            act.body.commands.map { $0.json.resolved }, written.body.commands.map { $0.json.resolved }, "commands")
        try expect(act.body.word, "ada", "word")
        try expect(trail.story.contains { $0.kind == "act" && $0.text == "done, by the word of ada" }, true, "story")
    }

    static let anyOrder = Check("rows of a decision arrive in any order, in any batches") { store in
        let forwards = try DecisionFixture(seed: "forwards", gate: "forwards", cost: 3)
        let backwards = try DecisionFixture(seed: "backwards", gate: "backwards", cost: 3)
        for entry in forwards.entries + [forwards.accepted()] { _ = try await store.write([entry]) }
        for entry in [backwards.accepted()] + backwards.entries.reversed() { _ = try await store.write([entry]) }
        var gates = try await store.gates(.dev)
        try expect(gates.map(\.gateID), [backwards.gate, forwards.gate], "gates")
        gates[0].gateID = forwards.gate
        try expect(gates[0], gates[1], "totals")
        try expect(gates[0].lifeforceEarned, 3, "lifeforce earned")
    }

    static let redelivery = Check("writing again changes neither rows nor totals") { store in
        let decision = try DecisionFixture(seed: "again")
        _ = try await store.write(decision.entries + [decision.accepted()])
        let before = (try await store.counts(), try await store.gates(.dev))
        try expect(
            try await store.write([decision.accepted()]), WriteReport(stored: 0, known: 1), "report of the outcome")
        try expect(try await store.write(decision.entries), WriteReport(stored: 0, known: 7), "second report")
        let other = try DecisionFixture(seed: "another")
        try expect(
            try await store.write(decision.entries + [other.opening]), WriteReport(stored: 1, known: 7), "third report")
        try expect(try await store.counts().transitions, before.0.transitions + 1, "transitions")
        try expect(try await store.gates(.dev).first?.transitions, 3, "total of transitions")
        try expect(try await store.gates(.dev).first?.confirmed, before.1.first?.confirmed, "total of verifications")
    }

    static let twiceInOneBatch = Check("the same row twice in one batch counts once") { store in
        let decision = try DecisionFixture(seed: "twice")
        let report = try await store.write([decision.opening, decision.opening, decision.opening])
        try expect(report, WriteReport(stored: 1, known: 2), "report")
        try expect(try await store.gates(.dev).first?.transitions, 1, "total of transitions")
    }

    static let oneBadRow = Check("a row that cannot be kept is set aside alone") { store in
        var entries: [MemoryEntry] = []
        for number in 0..<40 { entries.append(try DecisionFixture(seed: "good \(number)").opening) }
        let bad = try DecisionFixture(seed: "bad", source: "nul\0inside").opening
        entries.insert(bad, at: 17)
        let report = try await store.write(entries)
        try expect(report.stored, 40, "stored")
        try expect(report.setAside.map(\.index), [17], "set aside")
        try expect(try await store.counts().transitions, 40, "transitions")
        try expect(try await store.counts().rejected, 1, "rejected")
        try expect(try await store.write(entries).known, 40, "known the second time")
        try expect(try await store.counts().rejected, 1, "rejected after redelivery")
    }

    static let onlyBadRows = Check("a batch of bad rows alone is set aside") { store in
        let entries = try (0..<5).map { try DecisionFixture(seed: "bad \($0)", source: "\0").opening }
        let report = try await store.write(entries)
        try expect(report.setAside.map(\.index), [0, 1, 2, 3, 4], "set aside")
        try expect(try await store.counts().rejected, 5, "rejected")
        try expect(try await store.counts().transitions, 0, "transitions")
    }

    static let undecodable = Check("what could not be decoded is kept with its reason, once") { store in
        let payloads: [[UInt8]] = [
            [], [0xff, 0xfe, 0x00], Array("not \u{0} JSON".utf8), Array(repeating: 0x5b, count: 70_000),
        ]
        let entries = payloads.map { payload -> MemoryEntry in
            do throws(Refusal) {
                return try MemoryEntry(decoding: payload, subject: "dev.nervous.thalamus.collapse", environment: .dev)
            } catch {
                return MemoryEntry(rejecting: payload, subject: "dev.\0\t\n", environment: .dev, because: error)
            }
        }
        try expect(try await store.write(entries), WriteReport(stored: 4, known: 0), "report")
        try expect(try await store.write(entries), WriteReport(stored: 0, known: 4), "second report")
        try expect(try await store.counts().rejected, 4, "rejected")
    }

    static let reopening = Check("a store that was closed opens again") { store in
        let decision = try DecisionFixture(seed: "reopen")
        _ = try await store.write([decision.opening])
        await store.close()
        try expect(try await store.counts().transitions, 1, "transitions")
    }
}
