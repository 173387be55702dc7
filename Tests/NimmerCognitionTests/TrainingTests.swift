import NimmerCognition
import NimmerSystem
import NimmerWave
import Testing

@Suite("Training data of the boundary")
struct TrainingTests {
    private func envelope(_ name: String, region: String = "plant", at moment: Timestamp = Sample.now) -> Envelope<
        CognitiveRequest
    > {
        Envelope(
            id: .named("message \(name)"), at: moment, from: Source(entityID: "bridge", entityType: .boundary),
            Sample.request(name, region: region, at: moment))
    }

    private func response(
        _ name: String, _ action: String, commands: [DownstreamCommand] = [],
        _ change: (inout CognitiveResponse, inout DecisionRecord) -> Void = { _, _ in }
    ) -> CognitiveResponse {
        var record = DecisionRecord(eventType: "pump_anomaly", region: "plant", reason: "it leaks", confidence: 0.75)
        var response = CognitiveResponse(
            requestID: .named(name), decision: action, result: [:], downstreamCommands: commands,
            mind: Mind(model: "m", server: "http://127.0.0.1:1"), boundary: .model, lifeforceSpent: 1,
            processingTimeMilliseconds: 5, outcome: .answered)
        change(&response, &record)
        response.result = .raw(record.bytes)
        return response
    }

    private func conversation(
        _ name: String, _ action: String, _ result: VerificationResult, region: String = "plant",
        isFalseAlarm: Bool = false
    ) throws -> TrainingConversation {
        try TrainingConversation(
            envelope(name, region: region), response(name, action) { $1.isFalseAlarm = isFalseAlarm },
            region: try Region(region), result: result)
    }

    @Test("a conversation has the texts and the schema that the boundary sends, and an answer that it accepts")
    func texts() throws {
        let made = try conversation("a", "inspect", .confirmed)
        let contract = DecisionContract(Sample.request("a"), catalogue: CommandCatalogue())
        let prompt = Prompt(Sample.request("a"), contract: contract, maximumBytes: 8_192, at: Sample.now)
        #expect(made.system == prompt.system && made.user == prompt.user && made.schema == contract.schema)
        #expect(
            made.answer
                == #"{"reason":"it leaks","action":"inspect","confidence":0.75,"unsure":false,"false_alarm":false}"#)
        guard case .valid = contract.check(Array(made.answer.utf8)) else { Issue.record("refused"); return }
        let line = made.json
        #expect(line["messages"]?.array?.map { $0["role"]?.string } == ["system", "user", "assistant"])
        #expect(try JSON(parsing: line["schema"]?.string ?? "").text == contract.schema.text)
        #expect(line["outcome"]?.string == "confirmed")
    }

    @Test("commands that the system file allows are part of the answer, others are not")
    func commands() throws {
        let allowed = BridgeSettings.Allowed(target: "valve", command: "close", payload: [])
        let catalogue = CommandCatalogue(allow: [allowed])
        let orders = [
            DownstreamCommand(target: "valve", command: "close", payload: [:]),
            DownstreamCommand(target: "pump", command: "stop", payload: [:]),
        ]
        let made = try TrainingConversation(
            envelope("a"), response("a", "inspect", commands: orders), region: try Region("plant"), result: .confirmed,
            about: "A pump.", catalogue: catalogue)
        #expect(made.answer.hasSuffix(#""commands":[{"target":"valve","command":"close","payload":{}}]}"#))
        #expect(made.system.contains("About this system: A pump."))
    }

    @Test("reality judges an answer: a false alarm is right where the opening failed")
    func judgement() throws {
        #expect(try conversation("a", "inspect", .confirmed).judgement == .good)
        #expect(try conversation("a", "inspect", .failed).judgement == .bad)
        let right = try conversation("a", "inspect", .failed, isFalseAlarm: true)
        #expect(right.judgement == .good && right.isFalseAlarm)
        #expect(right.answer.hasSuffix(#""unsure":false,"false_alarm":true}"#))
        #expect(try conversation("a", "inspect", .confirmed, isFalseAlarm: true).judgement == .bad)
        #expect(TrainingConversation.judgement(isFalseAlarm: true, .partial) == nil)
    }

    @Test("the same action is worth comparing where one answer calls the opening a false alarm and the other does not")
    func falseAlarmPairs() throws {
        var pairs = PreferencePairs()
        #expect(pairs.take(try conversation("a", "inspect", .failed)) == nil)
        let pair = try #require(pairs.take(try conversation("b", "inspect", .failed, isFalseAlarm: true)))
        #expect(pair.chosen.request == .named("b") && pair.rejected.request == .named("a"))
        #expect(pairs.take(try conversation("c", "inspect", .confirmed, isFalseAlarm: true))?.chosen == nil)
    }

    @Test("what no mind decided for certain is no example")
    func unusable() throws {
        let plant = try Region("plant")
        func reason(_ response: CognitiveResponse, _ result: VerificationResult = .confirmed) throws
            -> TrainingConversation.Unusable?
        {
            do throws(TrainingConversation.Unusable) {
                _ = try TrainingConversation(envelope("a"), response, region: plant, result: result)
                return nil
            } catch { return error }
        }
        #expect(try reason(response("a", "inspect") { response, _ in response.boundary = .deterministic }) == .byRule)
        #expect(try reason(response("a", "inspect") { _, record in record.isReflex = true }) == .byRule)
        #expect(try reason(response("a", "inspect") { _, record in record.isUnsure = true }) == .unsure)
        #expect(try reason(response("a", "inspect") { _, record in record.reason = nil }) == .unsure)
        #expect(try reason(response("a", "inspect"), .partial) == .partial)
        guard case .refused(let problem) = try reason(response("a", "dance")) else { Issue.record("accepted"); return }
        #expect(problem.contains("action"))
    }

    @Test(
        "a pair is an answer that reality bears out against the newest contradicted one of its kind, with another action"
    )
    func pairs() throws {
        var pairs = PreferencePairs()
        #expect(pairs.take(try conversation("a", "inspect", .failed)) == nil)
        #expect(pairs.take(try conversation("b", "inspect", .confirmed)) == nil, "the same action teaches nothing")
        #expect(
            pairs.take(try conversation("c", "wait", .confirmed, region: "cellar")) == nil, "another kind of request")
        let first = try #require(pairs.take(try conversation("d", "wait", .confirmed)))
        #expect(first.chosen.request == .named("d") && first.rejected.request == .named("a"))
        let second = try #require(pairs.take(try conversation("e", "observe", .failed)))
        #expect(second.chosen.request == .named("d") && second.rejected.request == .named("e"), "the newest")
        let third = try #require(pairs.take(try conversation("f", "inspect", .confirmed)))
        #expect(third.rejected.request == .named("e"))
        let line = first.json
        #expect(line["prompt"]?.array?.map { $0["role"]?.string } == ["system", "user"])
        #expect(line["chosen"]?[0]?["content"]?.string == first.chosen.answer)
        #expect(line["rejected"]?[0]?["content"]?.string == first.rejected.answer)
    }

    @Test("the same conversations make the same pairs, of one kind each, and memory is bounded", arguments: 0..<8)
    func random(seed: Int) throws {
        var state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let actions = ["wait", "inspect", "observe"]
        let all = try (0..<200).map { number in
            try conversation(
                "\(seed) \(number)", actions[next(3)], next(2) == 0 ? .confirmed : .failed, region: "plant\(next(4))")
        }
        var (one, other) = (PreferencePairs(), PreferencePairs())
        for conversation in all {
            let pair = one.take(conversation)
            #expect(pair == other.take(conversation))
            guard let pair else { continue }
            #expect(pair.chosen.judgement == .good && pair.rejected.judgement == .bad)
            #expect(pair.chosen.kind == pair.rejected.kind && pair.chosen.action != pair.rejected.action)
            #expect([pair.chosen, pair.rejected].contains(conversation))
        }
    }
}
