import Extremes
import NimmerCognition
import NimmerSystem
import NimmerWave
import Testing

/// Requests, answers and records at the edges of what the wire allows, at any time: each is answered or waits, and nothing ends
/// the process.
@Suite struct ExtremeRequestsTests {
    @Test(arguments: UInt64(1)...12) func areScheduledLikeOthers(seed: UInt64) throws {
        var extremes = Extremes(seed)
        let mind = Sample.mind("small") {
            $0.budget.tokensPerDay = seed % 2 == 0 ? .max : nil
            $0.maxConcurrent = 2
        }
        var scheduler = Scheduler(Sample.bridge([mind]) { $0.queue = 8 })
        var asks: [Ask] = []
        for _ in 0..<200 {
            let request = try Envelope<CognitiveRequest>(decoding: extremes.message(CognitiveRequest.self)).body
            let now = extremes.time()
            var actions = scheduler.arrive(request, at: now)
            let prompt = Prompt(
                request, contract: DecisionContract(request, catalogue: CommandCatalogue()), maximumBytes: 4096, at: now
            )
            #expect(prompt.bytes <= 4096)
            let response = try Envelope<CognitiveResponse>(decoding: extremes.message(CognitiveResponse.self)).body
            scheduler.recall(response, at: extremes.time())
            if let ask = asks.popLast() {
                let usage = Usage(
                    promptTokens: .max, completionTokens: .max, promptBytes: 1, answerBytes: 1,
                    milliseconds: extremes.number(), tokensPerSecond: extremes.number())
                let outcome = AskOutcome.answered(.invalid(["no"]), usage, model: "m", refused: "")
                actions += scheduler.finished(ask.request.requestID, outcome, at: extremes.time())
            }
            actions += scheduler.tick(at: extremes.time())
            for action in actions { if case .ask(let ask) = action { asks.append(ask) } }
            if let next = scheduler.nextWake(after: now) { #expect(next.milliseconds(since: now).isFinite) }
            #expect(scheduler.budgets(at: extremes.time())["minds"] != nil)
        }
    }

    @Test(arguments: UInt64(1)...12) func recordsOfActsGoOnToAnEnd(seed: UInt64) throws {
        var extremes = Extremes(seed)
        for _ in 0..<100 {
            let response = try Envelope<CognitiveResponse>(decoding: extremes.message(CognitiveResponse.self)).body
            guard var record = ActRecord(response, at: extremes.time()) else { continue }
            _ = record.decide(approve: true, by: "ada", at: extremes.time())
            for _ in 0..<20 where !record.state.isFinal {
                if case .send = record.next(at: extremes.time()) {
                    record.ended(CommandResult(status: .ok), at: extremes.time())
                }
            }
            #expect(ActRecord(record.json)?.state == record.state)
        }
    }

    @Test func whatWasSpentAddsUpToWhatCanBeSaid() {
        var budget = Budget()
        for _ in 0..<3 { budget.spend(.init(lifeforce: 1e308, tokens: .max - 1), at: Sample.now) }
        #expect(budget.spentThisMinute(at: Sample.now).tokens == .max)
        #expect(budget.spentToday(at: Sample.now).tokens == .max)
        #expect(budget.nextChange(after: .latest).map { $0 > .latest } == true)
        #expect(budget.nextChange(after: Timestamp(nanoseconds: .max)) == nil)
        #expect(budget.nextChange(after: Timestamp(nanoseconds: .min)) != nil)
    }
}

/// Somebody sets the clock on the wall while requests wait.
@Suite struct ScheduledClockTests {
    private static func reading(_ milliseconds: Double, off: Double = 0) -> ClockReading {
        ClockReading(
            wall: Sample.now.advanced(milliseconds: milliseconds + off),
            steady: SteadyTime(milliseconds: 9_000 + milliseconds))
    }

    @Test(arguments: [-3_600_000.0, 86_400_000]) func aWaitingRequestExpiresWhenItWouldHave(jump: Double) throws {
        let mind = Sample.mind("small") { $0.maxConcurrent = 1 }
        var scheduler = Scheduler(Sample.bridge([mind]))
        var now = scheduler.clock.read(Self.reading(0))
        #expect(scheduler.arrive(Sample.request("first", region: "x"), at: now).count == 1)
        #expect(scheduler.arrive(Sample.request("second", region: "y", expiresIn: 30_000), at: now).isEmpty)
        now = scheduler.clock.read(Self.reading(29_000, off: jump))
        #expect(scheduler.tick(at: now).isEmpty)
        let next = try #require(scheduler.nextWake(after: now))
        #expect(next.milliseconds(since: now) <= 1000)
        // A request of the new wall expires by the new wall.
        let wall = Self.reading(29_000, off: jump).wall
        #expect(scheduler.arrive(Sample.request("third", region: "z", expiresIn: 60_000, at: wall), at: now).isEmpty)
        now = scheduler.clock.read(Self.reading(30_001, off: jump))
        let expired = scheduler.tick(at: now)
        guard case .respond(let response, _)? = expired.first, expired.count == 1 else {
            Issue.record("one has expired: \(expired)")
            return
        }
        #expect(response.outcome == .expired && response.requestID == .named("second"))
        let seen = try #require(response.result["seen_at"]?.string)
        #expect(try Timestamp(rfc3339: seen) == Self.reading(30_001, off: jump).wall)
        #expect(response.processingTimeMilliseconds == 30_001)
    }
}
