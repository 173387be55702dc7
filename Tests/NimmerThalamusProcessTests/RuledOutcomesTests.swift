import NimmerBus
import NimmerWave
import ProcessBench
import Testing

/// Rules of the system file on a bus within this process (trust.md, Who verifies).
@Suite("A thalamus with rules", .timeLimit(.minutes(5))) struct RuledOutcomesTests {
    private static let rules = """
        verify:
          hall: {within: 10m, confirmed: {cell: bell, above: 0.8}, failed: {cell: bell, below: -0.8}}
        """

    @Test func aRuleGivesAnOpeningItsOutcome() async throws {
        let desk = try await Desk(on: InMemoryBus(), more: Self.rules)
        try await desk.run {
            let opening = try await desk.agree()
            try desk.emit("bell", 0.5)
            try desk.emit("bell", 0.9)
            let accepted = try await desk.next()
            #expect(accepted.opening == opening.header.messageID && accepted.result == .confirmed)
            #expect(accepted.sender == "thalamus" && accepted.verification == .ruled(accepted.opening, in: .dev))
        }
    }

    @Test func anOpeningWaitsForItsRuleAcrossARestart() async throws {
        let bus = InMemoryBus()
        let first = try await Desk(on: bus, more: Self.rules)
        var opening = MessageID.named("none")
        try await first.run { opening = try await first.agree().header.messageID }
        let second = try await Desk(on: bus, more: Self.rules)
        try await second.run {
            try second.emit("bell", 0.9, polarity: -1)
            let accepted = try await second.next()
            #expect(accepted.opening == opening && accepted.result == .failed)
        }
        let third = try await Desk(on: bus, more: Self.rules)
        try await third.run {
            // It is decided: the rule does not look again.
            try third.emit("bell", 0.9)
            try await third.report(opening, .confirmed)
            #expect(try await third.refusal().field == "body.original_signal_id")
        }
        #expect(try await bus.stream(SystemStreams.outcomes(.dev)).messages == 1)
    }

    @Test func aRuleCorrectsAMindsOpinion() async throws {
        func desk(on bus: InMemoryBus) async throws -> Desk {
            try await Desk(on: bus, thalamus: "mind_outcome_weight: 0.25", more: Self.rules)
        }
        let first = try await desk(on: InMemoryBus())
        try await first.run {
            let opening = try await first.agree().header.messageID
            try await first.report(opening, .failed, by: "cognition-bridge", source: "mind:small")
            #expect(try await first.next().isOpinion)
            try first.emit("bell", 0.9)
            let corrected = try await first.next()
            #expect(corrected.effect == .replacement && corrected.result == .confirmed)
        }
        // Across a restart, too.
        let bus = InMemoryBus()
        let second = try await desk(on: bus)
        var opening = MessageID.named("none")
        try await second.run {
            opening = try await second.agree().header.messageID
            try await second.report(opening, .failed, by: "cognition-bridge", source: "mind:small")
            #expect(try await second.next().isOpinion)
        }
        let third = try await desk(on: bus)
        try await third.run {
            try third.emit("bell", 0.9)
            let corrected = try await third.next()
            #expect(corrected.opening == opening && corrected.effect == .replacement)
        }
    }

    @Test func whatIsHeardBeforeAnOpeningIsStoredCounts() async throws {
        let bus = InMemoryBus()
        let desk = try await Desk(on: bus, more: Self.rules)
        try await desk.run {
            try await bus.deleteStream(SystemStreams.transitions(.dev))
            for cell in ["door", "window"] { try desk.emit(cell, 0.97, region: "hall") }
            try desk.emit("bell", 0.9)
            // Answered behind these waves: the opening waits in the outbox.
            _ = try await desk.bench.ask("gates")
            _ = try await SystemStreams.ensure(on: bus, environment: .dev, keepingWaves: false, mayChange: true)
            let accepted = try await desk.next()
            #expect(accepted.result == .confirmed && accepted.sender == "thalamus")
        }
    }
}
