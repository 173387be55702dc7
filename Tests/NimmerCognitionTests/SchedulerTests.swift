import NimmerCognition
import NimmerSystem
import NimmerWave
import Testing

@Suite("The scheduler")
struct SchedulerTests {
    private let now = Sample.now
    private func later(_ milliseconds: Double) -> Timestamp { now.advanced(milliseconds: milliseconds) }

    @Test("without a mind the deterministic boundary answers at once, always the same")
    func noMind() throws {
        let request = Sample.request("a")
        var first = Scheduler(Sample.bridge([])), second = Scheduler(Sample.bridge([]))
        let actions = first.arrive(request, at: now)
        #expect(actions == second.arrive(request, at: now))
        let response = try #require(actions.first?.response)
        #expect(response.decision == "inspect" && response.boundary == .deterministic && response.outcome == .answered)
        #expect(response.downstreamCommands.isEmpty && response.mind == nil)
        #expect(response.result["why"]?.string == "no mind is configured")
        #expect(response.result["inputs"]?["region"]?.string == "plant")
        #expect(first.held == 0)
    }

    @Test("a valid answer is the decision, with what it cost")
    func valid() throws {
        var scheduler = Scheduler(Sample.bridge([Sample.mind { $0.lfPerThousandTokens = 2 }]))
        let request = Sample.request("a")
        let ask = try #require(scheduler.arrive(request, at: now).first?.ask)
        #expect(ask.mind == 0 && ask.repair.isEmpty && ask.deadline == later(15_000))
        let actions = scheduler.finished(request.requestID, Sample.valid("wait"), at: later(500))
        let response = try #require(actions.first?.response)
        #expect(response.decision == "wait" && response.boundary == .model && response.mind?.model == "m")
        #expect(response.lifeforceSpent == 0.2 && response.processingTimeMilliseconds == 500)
        #expect(response.result["asked"]?[0]?["verdict"]?.string == "valid")
        #expect(scheduler.finished(request.requestID, Sample.valid(), at: later(600)).isEmpty, "answered once")
        let account = try #require(scheduler.accounts(at: later(600)).first)
        #expect(account.asked == 1 && account.answered == 1 && account.refused == 0 && account.failed == 0)
        #expect(account.isAvailable && account.spent == Budget.Cost(lifeforce: 0.2, tokens: 100))
    }

    @Test("an invalid answer is asked for once more with its problems, then the next mind, then the rule; all is kept")
    func repair() throws {
        var scheduler = Scheduler(Sample.bridge([Sample.mind("small"), Sample.mind("large")]))
        let id = Sample.request("a").requestID
        _ = scheduler.arrive(Sample.request("a"), at: now)
        let repair = try #require(scheduler.finished(id, Sample.invalid, at: later(100)).first?.ask)
        #expect(repair.mind == 0 && repair.repair.first?.contains("action must be") == true)
        let next = try #require(scheduler.finished(id, Sample.invalid, at: later(200)).first?.ask)
        #expect(next.mind == 1 && next.repair.isEmpty)
        #expect(scheduler.finished(id, Sample.invalid, at: later(300)).first?.ask?.mind == 1)
        let response = try #require(scheduler.finished(id, Sample.invalid, at: later(400)).first?.response)
        #expect(response.boundary == .deterministic && response.decision == "inspect")
        #expect(response.downstreamCommands.isEmpty)
        let asked = try #require(response.result["asked"]?.array)
        #expect(asked.map { $0["verdict"]?.string } == ["invalid", "invalid", "invalid", "invalid"])
        #expect(asked[0]["refused"]?.string == "nonsense")
        #expect(response.result["why"]?.string == "no mind gave a valid answer")
    }

    @Test("what a mind was asked already is not given back for lack of room: it would be asked again")
    func askedStays() throws {
        var scheduler = Scheduler(Sample.bridge([Sample.mind("small"), Sample.mind("large")]) { $0.queue = 2 })
        var out = scheduler.arrive(Sample.request("a", region: "a"), at: now)
        out += scheduler.arrive(Sample.request("b", region: "b"), at: now)
        let first = try #require(out.first?.ask)
        // It waits for the second mind, which is busy, behind all others.
        out = scheduler.finished(first.request.requestID, Sample.failed(), at: later(1))
        for number in 0..<20 {
            out += scheduler.arrive(
                Sample.request("more\(number)", region: "r\(number)", confidence: 0.99), at: later(2))
        }
        let back = out.compactMap { if case .giveBack(let id) = $0 { id } else { nil } }
        #expect(!back.isEmpty && !back.contains(first.request.requestID))
    }

    @Test("an answer that calls itself unsure goes to the next mind; alone it decides, but commands nothing")
    func unsure() throws {
        let stop = DownstreamCommand(target: "motor", command: "stop")
        var scheduler = Scheduler(Sample.bridge([Sample.mind("small") { $0.sureFrom = 0.5 }, Sample.mind("large")]))
        let id = Sample.request("a").requestID
        _ = scheduler.arrive(Sample.request("a"), at: now)
        let doubting = Sample.valid("wait", confidence: 0.4, commands: [stop])
        #expect(scheduler.finished(id, doubting, at: later(1)).first?.ask?.mind == 1)
        let response = try #require(scheduler.finished(id, Sample.failed(), at: later(2)).first?.response)
        #expect(response.boundary == .model && response.decision == "wait" && response.downstreamCommands.isEmpty)
        #expect(response.result["unsure"]?.bool == true)
    }

    @Test("a failure goes to the next mind, and to the rule when none is left")
    func failure() throws {
        var scheduler = Scheduler(Sample.bridge([Sample.mind("small"), Sample.mind("large")]))
        let id = Sample.request("a").requestID
        _ = scheduler.arrive(Sample.request("a"), at: now)
        #expect(scheduler.finished(id, Sample.failed(.timeout), at: later(1)).first?.ask?.mind == 1)
        let response = try #require(scheduler.finished(id, Sample.failed(.serverError), at: later(2)).first?.response)
        #expect(response.boundary == .deterministic)
        #expect(response.result["asked"]?.array?.map { $0["verdict"]?.string } == ["timeout", "serverError"])
    }

    @Test("one question at a time for a mind; those of one region that wait are merged into the newest")
    func merging() throws {
        var scheduler = Scheduler(Sample.bridge([Sample.mind()]))
        #expect(scheduler.arrive(Sample.request("a"), at: now).first?.ask != nil)
        #expect(scheduler.arrive(Sample.request("b"), at: later(1)).isEmpty)
        #expect(scheduler.arrive(Sample.request("x", region: "other", confidence: 0.1), at: later(2)).isEmpty)
        #expect(scheduler.arrive(Sample.request("c"), at: later(3)).isEmpty)
        #expect(scheduler.waitingRequests == 2 && scheduler.held == 4)
        let ask = try #require(
            scheduler.finished(Sample.request("a").requestID, Sample.valid(), at: later(4)).compactMap(\.ask).first)
        #expect(ask.request.requestID == .named("c"), "the newest, and the surest first")
        let earlier = try #require(ask.request.structuredInput["earlier"]?.array)
        #expect(earlier.count == 1 && earlier[0]["witnesses"]?[0]?["source"]?.string == "cell-b")
        let actions = scheduler.finished(.named("c"), Sample.valid(), at: later(5))
        guard case .respond(let response, let merged) = try #require(actions.first) else {
            Issue.record("answered")
            return
        }
        #expect(response.requestID == .named("c") && merged == [.named("b")])
        #expect(response.result["merged"]?.int == 1)
        #expect(Scheduler.merged(.named("b"), into: .named("c")).outcome == .merged)
    }

    @Test("a request that is in progress already is not taken twice")
    func redelivered() {
        var scheduler = Scheduler(Sample.bridge([Sample.mind()]))
        for name in ["a", "b", "c"] { _ = scheduler.arrive(Sample.request(name), at: now) }
        for name in ["a", "b", "c"] { #expect(scheduler.arrive(Sample.request(name), at: later(1)).isEmpty) }
        #expect(scheduler.counters.taken == 3 && scheduler.held == 3)
    }

    @Test("what waits is answered expired when its time is over, with what it waited for")
    func expiry() throws {
        var scheduler = Scheduler(Sample.bridge([Sample.mind { $0.budget.tokensPerMinute = 50 }]))
        _ = scheduler.arrive(Sample.request("a"), at: now)
        _ = scheduler.finished(.named("a"), Sample.valid(), at: later(1))
        #expect(scheduler.arrive(Sample.request("b", expiresIn: 30_000), at: later(2)).isEmpty)
        #expect(
            scheduler.budgets(at: later(3))["waiting"]?[0]?["waits_for"]?.string?.contains("tokens a minute") == true)
        #expect(scheduler.tick(at: later(29_000)).isEmpty)
        let response = try #require(scheduler.tick(at: later(30_000)).first?.response)
        #expect(response.outcome == .expired)
        #expect(response.result["waited_for"]?.string == "the budget of small is spent: 100 of 50 tokens a minute")
        let late = scheduler.arrive(Sample.request("c", expiresIn: 0), at: now).first?.response
        #expect(late?.outcome == .expired)
    }

    @Test("over budget the surest goes first once there is room again")
    func budgetOrder() throws {
        var scheduler = Scheduler(
            Sample.bridge([Sample.mind { $0.maxConcurrent = 4 }]) {
                $0.regionBudgets = [.init(region: "plant.>", budget: BudgetSettings(tokensPerMinute: 50))]
            })
        _ = scheduler.arrive(Sample.request("a", region: "plant.a", expiresIn: 300_000), at: now)
        _ = scheduler.finished(.named("a"), Sample.valid(), at: later(1))
        _ = scheduler.arrive(Sample.request("b", region: "plant.b", confidence: 0.5, expiresIn: 300_000), at: later(2))
        _ = scheduler.arrive(Sample.request("c", region: "plant.c", confidence: 0.9, expiresIn: 300_000), at: later(3))
        let other = scheduler.arrive(Sample.request("d", region: "office", confidence: 0.2), at: later(4))
        #expect(other.first?.ask != nil, "the budget of another region does not concern it")
        let wake = try #require(scheduler.nextWake(after: later(5)))
        #expect(scheduler.tick(at: wake.advanced(milliseconds: -1)).isEmpty)
        let asks = scheduler.tick(at: wake).compactMap(\.ask)
        #expect(asks.map(\.request.requestID) == [.named("c"), .named("b")])
    }

    @Test("a request that has spent its own budget is asked of no other mind")
    func requestBudget() throws {
        var scheduler = Scheduler(Sample.bridge([Sample.mind("small"), Sample.mind("large")]))
        _ = scheduler.arrive(Sample.request("a", budget: 0.05), at: now)
        let response = try #require(scheduler.finished(.named("a"), Sample.invalid, at: later(1)).first?.response)
        #expect(
            response.boundary == .deterministic && response.result["why"]?.string == "the request's budget is spent")
    }

    @Test("open breakers let the rule answer; one question goes through to see, and closes them again")
    func breakers() throws {
        var scheduler = Scheduler(
            Sample.bridge([
                Sample.mind {
                    $0.breakerFailures = 2
                    $0.breakerPauseMS = 1000
                }
            ]))
        for (index, name) in ["a", "b"].enumerated() {
            _ = scheduler.arrive(Sample.request(name), at: later(Double(index)))
            _ = scheduler.finished(.named(name), Sample.failed(), at: later(Double(index)))
        }
        #expect(scheduler.availableMinds(at: later(2)).isEmpty)
        let byRule = try #require(scheduler.arrive(Sample.request("c"), at: later(3)).first?.response)
        #expect(byRule.result["why"]?.string == "no mind is available: the circuit breakers are open")
        #expect(scheduler.heartbeats(at: later(3)).first?.state == .open)
        #expect(scheduler.arrive(Sample.request("d"), at: later(1001)).first?.ask != nil)
        #expect(scheduler.heartbeats(at: later(1002)).first?.state == .halfOpen)
        #expect(scheduler.arrive(Sample.request("e"), at: later(1003)).first?.response?.boundary == .deterministic)
        _ = scheduler.finished(.named("d"), Sample.valid(), at: later(1004))
        #expect(scheduler.heartbeats(at: later(1005)).first?.state == .closed)
    }

    @Test("a server that asks to wait is waited for, not given up")
    func retryAfter() throws {
        var scheduler = Scheduler(Sample.bridge([Sample.mind()]))
        _ = scheduler.arrive(Sample.request("a"), at: now)
        _ = scheduler.finished(.named("a"), Sample.failed(.overloaded, retryAfter: 2000), at: later(1))
        #expect(scheduler.arrive(Sample.request("b"), at: later(2)).isEmpty)
        #expect(scheduler.tick(at: later(2001)).first?.ask?.request.requestID == .named("b"))
    }

    @Test("a reflex acts at once, and minds are informed afterwards by a request of its own")
    func reflex() throws {
        let stop = DownstreamCommand(target: "motor", command: "stop")
        var scheduler = Scheduler(
            Sample.bridge([Sample.mind()]) {
                $0.commands = .act
                $0.events = [
                    .init(region: "plant", eventType: "e", reflex: .init(action: "halt", commands: [stop]))
                ]
            })
        #expect(scheduler.arrive(Sample.request("slow"), at: now).first?.ask != nil, "no reflex gate: it is asked")
        let actions = scheduler.arrive(Sample.request("quick", reflex: true), at: later(1))
        let response = try #require(actions.first?.response)
        #expect(response.decision == "halt" && response.downstreamCommands == [stop])
        #expect(response.boundary == .deterministic)
        guard case .inform(let told, after: response.requestID) = try #require(actions.last) else {
            Issue.record("minds are told")
            return
        }
        #expect(told.requestID == .informed(.named("quick")) && told.requestID != response.requestID)
        #expect(told.structuredInput["done_by_reflex"]?["action"]?.string == "halt")
        #expect(scheduler.arrive(told, at: later(2)).isEmpty, "it waits like any other")
    }

    @Test(
        "an input of another form is asked about as it is, on its own",
        arguments: [
            #"{"question":"is it warm?"}"#, #"{"region":5,"witnesses":[],"reflex":true}"#,
            #"{"region":"plant","witnesses":[{"source":"a","confidence":9}],"reflex":true}"#,
        ])
    func otherForms(_ text: String) throws {
        var scheduler = Scheduler(
            Sample.bridge([Sample.mind()]) {
                $0.events = [.init(region: "plant", eventType: "e", reflex: .init(action: "halt", commands: []))]
            })
        var request = Sample.request("a")
        request.structuredInput = .raw(Array(text.utf8))
        let ask = try #require(scheduler.arrive(request, at: now).first?.ask)
        #expect(ask.request.structuredInput.text == text)
        var second = request
        second.requestID = .named("b")
        #expect(scheduler.arrive(second, at: later(1)).isEmpty && scheduler.counters.reflexes == 0)
        var third = request
        third.requestID = .named("c")
        #expect(scheduler.arrive(third, at: later(2)).isEmpty && scheduler.waitingRequests == 2, "they are not merged")
    }

    @Test("what an answer lacked does not make the record unreadable, however long the list of what was expected is")
    func longProblem() throws {
        var scheduler = Scheduler(
            Sample.bridge([Sample.mind("small"), Sample.mind("large")]) {
                $0.commands = .act
                $0.allow = [Sample.stop]
            })
        var request = Sample.request("a")
        request.suggestedActions = (0..<64).map {
            SuggestedAction(action: String(repeating: "x", count: 126) + "\($0)", confidence: 0.5)
        }
        let contract = DecisionContract(request, catalogue: CommandCatalogue())
        let verdict = contract.check(Array(#"{"action":"y","reason":"","confidence":1,"unsure":false}"#.utf8))
        let usage = Usage(promptTokens: 80, completionTokens: 20, milliseconds: 500)
        let wrong = AskOutcome.answered(verdict, usage, model: "m", refused: "nonsense")
        _ = scheduler.arrive(request, at: now)
        _ = scheduler.finished(request.requestID, wrong, at: later(1))
        _ = scheduler.finished(request.requestID, wrong, at: later(2))
        let stop = DownstreamCommand(target: "motor", command: "stop")
        let last = scheduler.finished(request.requestID, Sample.valid(commands: [stop]), at: later(3))
        let response = try #require(last.first?.response)
        let record = try #require(response.record)
        #expect(record.asked.map(\.verdict) == ["invalid", "invalid", "valid"])
        #expect(record.asked[0].problems.first?.hasPrefix("action must be one of") == true)
        #expect(ActRecord(response, at: later(4))?.state == .approved)
    }

    @Test("what was spent before a restart counts")
    func recall() throws {
        var scheduler = Scheduler(Sample.bridge([Sample.mind()]))
        _ = scheduler.arrive(Sample.request("a"), at: now)
        let response = try #require(scheduler.finished(.named("a"), Sample.valid(), at: later(1)).first?.response)
        var next = Scheduler(Sample.bridge([Sample.mind { $0.budget.tokensPerDay = 100 }]))
        next.recall(response, at: now)
        #expect(next.arrive(Sample.request("b", expiresIn: 300_000), at: later(100_000)).isEmpty)
    }
}
