import NimmerBus
import NimmerThalamus
import NimmerWave
import ProcessBench
import Synchronization
import Testing

@testable import NimmerThalamusProcess

/// Trust after a restart, or beside another thalamus, is what it was (trust.md, Replay and restart).
@Suite("A thalamus that continues", .timeLimit(.minutes(5))) struct ContinuingTests {
    private static func ok(_ accepted: AcceptedOutcome) -> [Double]? { accepted.origins?.map(\.confirmed) }

    @Test("no outcome counts again, however many its gate had, and also behind a reset")
    func manyOutcomes() async throws {
        let bus = InMemoryBus()
        let past = try await Past(on: bus)
        let count = Int(SystemStreams.outcomesPerGate) + 6
        for number in 0..<count {
            try await past.open(number)
            let verification = try await past.verify(number)
            try await past.store(
                past.accepted(number, verification, leaving: min(8, Double(number + 1)), newest: number))
        }
        for origin in ["door", "window"] {
            let desk = try await Desk(on: bus)
            try await desk.run {
                #expect(try await desk.bench.ask("reset", ["region": "hall", "origin": .string(origin)]).status == .ok)
                let accepted = try await desk.next()
                #expect(accepted.effect == .reset, "an outcome of \(accepted.opening) counted again")
                #expect(Self.ok(accepted) == (origin == "door" ? [8] : []))
                #expect(accepted.verification == .named("verification \(count - 1)"))
                #expect(accepted.undecided == [] && accepted.newest == Past.id(count - 1))
            }
        }
    }

    @Test("an outcome that was refused stays refused, and openings that went await nothing again")
    func refused() async throws {
        let bus = InMemoryBus()
        let past = try await Past(on: bus)
        for number in 0...64 { try await past.open(number) }
        let first = try await Desk(on: bus)
        try await first.run {
            try await first.report(Past.id(0), .failed)
            #expect(try await first.refusal().reason.contains("last 64 openings"))
            try await first.report(Past.id(1), .confirmed)
            let accepted = try await first.next()
            #expect(Self.ok(accepted) == [1, 1] && accepted.undecided?.count == 63)
            try await first.report(Past.id(0), .failed)
            #expect(try await first.refusal().reason.contains("last 64 openings"))
        }
        let second = try await Desk(on: bus)
        try await second.run {
            try await second.report(Past.id(1), .partial, .withdrawal)
            let back = try await second.next()
            #expect(back.opening == Past.id(1) && back.origins == [], "\(back.opening)")
            #expect(back.undecided?.count == 64 && back.undecided?.last == Past.id(1))
        }
        let third = try await Desk(on: bus)
        try await third.run {
            let why = try await third.bench.ask("explain", ["gate": "hall"]).result.resolved
            #expect(why["awaited_outcomes"]?.double == 64, "\(why)")
            try await third.report(Past.id(1), .failed)
            let accepted = try await third.next()
            #expect(accepted.opening == Past.id(1) && accepted.origins?.map(\.failed) == [1, 1])
            #expect(accepted.undecided?.contains(Past.id(0)) == false && accepted.newest == Past.id(64))
        }
    }

    @Test("an opening that was not stored before a restart awaits its outcome")
    func waitingOpening() async throws {
        let bus = InMemoryBus()
        let past = try await Past(on: bus)
        try await past.open(0)
        let desk = try await Desk(on: bus)
        var waiting = past.transition(1)
        waiting.follows = .named("closing 0")
        try await desk.run(waiting: [waiting]) {
            let opening = try await desk.nextOpening()
            #expect(opening.header.messageID == Past.id(1))
            try await desk.report(Past.id(1), .confirmed)
            let accepted = try await desk.next()
            #expect(Self.ok(accepted) == [1, 1] && accepted.undecided == [Past.id(0)])
        }
    }

    @Test("an accepted outcome that waits since before another thalamus stored more takes nothing back")
    func staleSum() async throws {
        let bus = InMemoryBus()
        let past = try await Past(on: bus)
        var verifications: [(id: MessageID, sequence: UInt64)] = []
        for number in 0...1 {
            try await past.open(number)
            verifications.append(try await past.verify(number))
        }
        let stale = past.accepted(0, verifications[0], leaving: 1, undecided: [1], newest: 1)
        try await past.store(stale)
        try await past.store(past.accepted(1, verifications[1], leaving: 2, newest: 1))
        let desk = try await Desk(on: bus)
        try await desk.run(waiting: [stale]) {
            #expect(try await desk.bench.ask("reset", ["region": "hall", "origin": "door"]).status == .ok)
            let accepted = try await desk.next()
            #expect(accepted.effect == .reset && Self.ok(accepted) == [2])
        }
    }

    @Test("what was judged is not judged again after a restore whose decisions are older than its accepted outcomes")
    func restored() async throws {
        let bus = InMemoryBus()
        let past = try await Past(on: bus)
        try await past.open(0)
        let confirmed = try await past.verify(0)
        let back = try await past.verify(0, takesBack: true)
        let later = (id: MessageID.named("later"), sequence: back.sequence + 1)
        try await past.store(past.accepted(0, confirmed, leaving: 1, newest: 0))
        try await past.store(past.accepted(0, back, leaving: 0, undecided: [0], newest: 0, takesBack: true))
        try await past.store(past.accepted(0, later, leaving: 1, newest: 0))
        let desk = try await Desk(on: bus)
        try await desk.run {
            #expect(try await desk.bench.ask("reset", ["region": "hall", "origin": "door"]).status == .ok)
            let accepted = try await desk.next()
            #expect(accepted.effect == .reset && Self.ok(accepted) == [1], "\(accepted.effect)")
        }
    }

    @Test("beside another thalamus no outcome is lost, and what that one decided is decided")
    func anotherAccepts() async throws {
        let bus = InMemoryBus()
        let past = try await Past(on: bus)
        for number in 0...1 { try await past.open(number) }
        let desk = try await Desk(on: bus)
        try await desk.run {
            let elsewhere = (id: MessageID.named("elsewhere"), sequence: UInt64(0))
            try await past.store(past.accepted(0, elsewhere, leaving: 1, undecided: [1], newest: 1))
            #expect(try await desk.next().verification == elsewhere.id)
            try await desk.report(Past.id(1), .confirmed)
            // The first attempt, which the stream has refused, is heard as well.
            #expect(Self.ok(try await desk.next()) == [1, 1])
            let accepted = try await desk.next()
            #expect(Self.ok(accepted) == [2, 2] && accepted.undecided == [])
            try await desk.report(Past.id(0), .failed)
            #expect(try await desk.refusal().field == "body.original_signal_id")
        }
        #expect(try await bus.stream(SystemStreams.outcomes(.dev)).messages == 2)
    }

    @Test("openings that were given up for another thalamus's await nothing, and that one's do")
    func anotherOpens() async throws {
        let bus = InMemoryBus()
        let past = try await Past(on: bus)
        try await past.open(0)
        let desk = try await Desk(on: bus)
        try await desk.run { thalamus in
            try await past.open(1)
            try await past.open(2)
            for cell in ["door", "window"] { try desk.emit(cell, 0.97, region: "hall") }
            // Its own opening makes two; it is given up, and both of the other's are taken up.
            while thalamus.thalamus.withLock({ $0.awaitedOutcomes }) != 3 { await Task.yield() }
            try await desk.report(Past.id(2), .confirmed)
            let accepted = try await desk.next()
            #expect(Self.ok(accepted) == [1, 1] && accepted.undecided == [Past.id(0), Past.id(1)])
        }
    }
}
