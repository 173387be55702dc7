import NimmerBus
import NimmerWave
import ProcessBench
import Testing

/// Outcomes that are given and taken back on a bus within this process (trust.md, Taking back).
@Suite("A thalamus whose outcomes are taken back", .timeLimit(.minutes(5))) struct TakingBackTests {
    private static func ok(_ accepted: AcceptedOutcome) -> [Double]? { accepted.origins?.map(\.confirmed) }

    @Test func anOutcomeIsTakenBackAndGivenTheOtherWay() async throws {
        let desk = try await Desk(on: InMemoryBus())
        try await desk.run {
            let opening = try await desk.agree().header.messageID
            let confirmed = try await desk.report(opening, .confirmed)
            let first = try await desk.next()
            #expect(Self.ok(first) == [1, 1] && first.verification == confirmed && first.effect == .outcome)
            try await desk.report(opening, .partial, .withdrawal)
            let back = try await desk.next()
            #expect(back.origins == [] && back.effect == .withdrawal && back.result == .confirmed)
            try await desk.report(opening, .failed)
            let other = try await desk.next()
            #expect(other.origins?.map(\.failed) == [1, 1] && Self.ok(other) == [0, 0])
            let why = try await desk.bench.ask("explain", ["gate": "hall"]).result.resolved
            #expect(why["awaited_outcomes"]?.double == 0, "\(why)")
        }
    }

    @Test func anotherThalamusContinuesAsTheFirst() async throws {
        let bus = InMemoryBus()
        let first = try await Desk(on: bus)
        var opening = MessageID.named("none")
        try await first.run {
            opening = try await first.agree().header.messageID
            try await first.report(opening, .confirmed)
            _ = try await first.next()
            try await first.report(opening, .failed)
            _ = try await first.refusal()
            try await first.report(opening, .partial, .withdrawal)
            _ = try await first.next()
        }
        // While none runs: the withdrawal of nothing is refused, what follows counts.
        try await first.report(opening, .partial, .withdrawal)
        try await first.report(opening, .confirmed)
        let second = try await Desk(on: bus)
        try await second.run {
            let accepted = try await second.next()
            #expect(Self.ok(accepted) == [1, 1], "neither the first nor the refused one counts again")
            #expect(try await second.refusal().field == "body.original_signal_id")
            try await second.report(opening, .partial, .withdrawal)
            #expect(try await second.next().origins == [])
        }
        let third = try await Desk(on: bus)
        try await third.run {
            let why = try await third.bench.ask("explain", ["gate": "hall"]).result.resolved
            #expect(why["awaited_outcomes"]?.double == 1, "\(why)")
            try await third.report(opening, .failed)
            #expect(try await third.next().origins?.map(\.failed) == [1, 1])
        }
        #expect(try await bus.stream(SystemStreams.outcomes(.dev)).messages == 5)
    }

    @Test func forgedOutcomesAreRefusedAndChangeNothing() async throws {
        let desk = try await Desk(on: InMemoryBus())
        try await desk.run {
            let opening = try await desk.agree().header.messageID
            func refused(_ why: String, _ forge: () async throws -> Void) async throws {
                try await forge()
                let reject = try await desk.refusal()
                #expect(reject.service.text == "thalamus", "\(why): \(reject.reason)")
            }
            try await refused("unknown") { try await desk.report(.named("no"), .confirmed) }
            try await refused("another gate's") { try await desk.report(opening, .confirmed, gate: "attic") }
            try await refused("nothing to take back") { try await desk.report(opening, .partial, .withdrawal) }
            try await refused("a withdrawal that is an outcome") {
                try await desk.report(opening, .confirmed, .withdrawal)
            }
            try await refused("what only the thalamus does") { try await desk.report(opening, .partial, .reset) }
            try await refused("what only the thalamus does") { try await desk.report(opening, .failed, .replacement) }
            try await refused("a cell without a grant") { try await desk.report(opening, .confirmed, by: "door") }
            try await desk.report(opening, .confirmed)
            #expect(Self.ok(try await desk.next()) == [1, 1])
            try await refused("a second one") { try await desk.report(opening, .failed) }
            try await refused("a cell takes another's back") {
                try await desk.report(opening, .partial, .withdrawal, by: "door")
            }
            // A nerve to which the system file grants it takes back its own outcomes only.
            try await refused("another's") { try await desk.report(opening, .partial, .withdrawal, by: "watcher") }
            try await desk.report(opening, .partial, .withdrawal)
            #expect(try await desk.next().origins == [])
            try await desk.report(opening, .failed, by: "watcher")
            #expect(try await desk.next().sender == "watcher")
            try await desk.report(opening, .partial, .withdrawal, by: "watcher")
            #expect(try await desk.next().effect == .withdrawal)
            try await desk.report(opening, .confirmed)
            #expect(Self.ok(try await desk.next()) == [1, 1])
            // A storm leaves what one of each would.
            for _ in 0..<40 {
                try await desk.report(opening, .partial, .withdrawal)
                #expect(try await desk.next().origins == [])
                try await desk.report(opening, .confirmed)
                #expect(Self.ok(try await desk.next()) == [1, 1])
            }
        }
    }

    @Test func aWitnessDoesNotJudgeItsOwnWord() async throws {
        let desk = try await Desk(on: InMemoryBus())
        try await desk.run {
            // A nerve to which the system file grants it, and which asserts in the region itself.
            try desk.emit("watcher", 0.97, region: "hall")
            let opening = try await desk.agree().header.messageID
            try await desk.report(opening, .confirmed, by: "watcher")
            let reject = try await desk.refusal()
            #expect(reject.field == "subject" && reject.reason.contains("judges its own word"), "\(reject.reason)")
            try await desk.report(opening, .failed)
            let accepted = try await desk.next()
            #expect(accepted.sender == "operator" && accepted.witnesses.contains { $0.text == "watcher" })
        }
    }

    @Test func whatWasRefusedWithoutAGrantIsNotLearnedAfterARestart() async throws {
        let bus = InMemoryBus()
        let first = try await Desk(on: bus, trust: "declared")
        try await first.run {
            let opening = try await first.agree().header.messageID
            try await first.report(opening, .failed, by: "door")
            #expect(try await first.refusal().field == "subject")
            try await first.report(opening, .confirmed)
            #expect(try await first.next().sender == "operator")
        }
        let second = try await Desk(on: bus, trust: "declared")
        try await second.run {
            let reject = try await second.refusal()
            #expect(reject.field == "subject")
        }
        #expect(try await bus.stream(SystemStreams.outcomes(.dev)).messages == 1)
    }

    @Test func aMindsOpinionCountsAsMuchAsConfiguredUntilAnyOtherComes() async throws {
        let silent = try await Desk(on: InMemoryBus())
        try await silent.run {
            let opening = try await silent.agree().header.messageID
            try await silent.report(opening, .failed, by: "cognition-bridge", source: "mind:small")
            try await silent.report(opening, .confirmed)
            let accepted = try await silent.next()
            #expect(accepted.effect == .outcome && Self.ok(accepted) == [1, 1], "it decided nothing")
        }
        let desk = try await Desk(on: InMemoryBus(), thalamus: "mind_outcome_weight: 0.25")
        try await desk.run {
            let opening = try await desk.agree().header.messageID
            try await desk.report(opening, .failed, by: "cognition-bridge", source: "mind:small")
            let opinion = try await desk.next()
            #expect(opinion.origins?.map(\.failed) == [0.25, 0.25] && opinion.weight == 0.25)
            try await desk.report(opening, .failed, by: "cognition-bridge", source: "mind:large")
            #expect(try await desk.refusal().reason.contains("the first counts"))
            try await desk.report(opening, .confirmed)
            let outcome = try await desk.next()
            #expect(outcome.effect == .replacement && Self.ok(outcome) == [1, 1])
            #expect(outcome.origins?.map(\.failed) == [0, 0] && outcome.weight == nil)
        }
    }

    @Test func aResetIsForPeopleAndOutlivesTheThalamus() async throws {
        let bus = InMemoryBus()
        let desk = try await Desk(on: bus)
        var opening = MessageID.named("none")
        try await desk.run {
            opening = try await desk.agree().header.messageID
            try await desk.report(opening, .confirmed)
            _ = try await desk.next()
            let forged = Subject.request(.dev, cell: try Token("thalamus")).from(try Token("door"))
            let denied = try await desk.bench.ask(Self.order(["region": "hall"]), on: forged)
            #expect(denied.status == .refused && denied.error?.contains("person") == true, "\(denied)")
            #expect(try await desk.bench.ask("reset", ["region": "attic"]).status == .refused)
            #expect(try await desk.bench.ask("reset", ["region": "hall", "origin": "nose"]).status == .refused)
            #expect(try await desk.bench.ask("reset", ["region": "hall", "origin": "door"]).status == .ok)
            let reset = try await desk.next()
            #expect(reset.effect == .reset && reset.witnesses.map(\.text) == ["door"])
            #expect(reset.origins?.map(\.origin.text) == ["window"])
        }
        let next = try await Desk(on: bus)
        try await next.run {
            // What was forgotten stays so when the outcome itself is taken back.
            try await next.report(opening, .partial, .withdrawal)
            #expect(try await next.next().origins == [])
            #expect(try await next.bench.ask("reset", ["region": "hall"]).status == .refused)
        }
    }

    @Test func aResetThatAnotherThalamusPassedOnIsOfWhoAsked() async throws {
        let bus = InMemoryBus()
        let first = try await Desk(on: bus)
        try await first.run {
            let opening = try await first.agree().header.messageID
            try await first.report(opening, .confirmed)
            _ = try await first.next()
        }
        let sharing = try await Desk(on: bus, thalamus: "partitions: 1, regions: {hall: [\"hall.>\"]}")
        try await sharing.run {
            let asked = Subject.request(.dev, cell: try Token("thalamus")).from(try Token("anna"))
            let passedOn = Subject.shard(.dev, part: 0, carrying: asked)
            let answer = try await sharing.bench.ask(Self.order(["region": "hall"]), on: passedOn)
            #expect(answer.status == .ok, "\(answer)")
            #expect(try await sharing.next().sender == "anna")
        }
    }

    private static func order(_ payload: JSON) -> Envelope<Command> {
        Envelope(
            id: .v7(), at: .now(), from: ProcessBench.sender,
            Command(command: "reset", payload: payload, deadlineMilliseconds: 60_000))
    }
}
