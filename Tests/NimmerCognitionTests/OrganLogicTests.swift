import NimmerCognition
import NimmerWave
import Testing

/// IDLE → LOAD → PROCESS → REPORT → IDLE, warm for a while, then unloaded.
@Suite struct OrganLogicTests {
    static func at(_ milliseconds: Double) -> SteadyTime { SteadyTime(milliseconds: 1_000_000 + milliseconds) }

    static func job(_ name: String, until milliseconds: Double = 60_000) -> OrganJob {
        OrganJob(id: .named(name), work: .embed([name]), deadline: at(milliseconds))
    }

    static func organ(queue: Int = 4) -> OrganLogic {
        OrganLogic(warmMilliseconds: 10_000, loadMilliseconds: 5_000, maximumQueue: queue)
    }

    @Test func oneRequestGoesAllTheWayAndTheModelStaysWarm() {
        var organ = Self.organ()
        #expect(organ.receive(Self.job("a"), at: Self.at(0)) == [.load(by: Self.at(5_000))])
        #expect(organ.state == .load)
        #expect(organ.loaded(at: Self.at(900)) == [.process(Self.job("a"))])
        #expect(organ.state == .process && organ.isLoaded)
        #expect(organ.processed(at: Self.at(1_200)) == [.report(Self.job("a"))])
        #expect(organ.state == .report)
        #expect(organ.reported(at: Self.at(1_201)) == [])
        #expect(organ.state == .idle && organ.isLoaded && organ.current == nil)
        #expect(organ.next == Self.at(11_201))
        #expect(organ.receive(Self.job("b"), at: Self.at(2_000)) == [.process(Self.job("b"))])
        #expect(organ.counters.taken == 2 && organ.counters.processed == 1 && organ.counters.loads == 1)
    }

    @Test func theModelIsUnloadedWhenItHasNotBeenAskedForAWhile() {
        var organ = Self.organ()
        _ = organ.receive(Self.job("a"), at: Self.at(0))
        _ = organ.loaded(at: Self.at(0))
        _ = organ.processed(at: Self.at(100))
        _ = organ.reported(at: Self.at(100))
        #expect(organ.tick(at: Self.at(10_099)) == [])
        #expect(organ.tick(at: Self.at(10_100)) == [.unload])
        #expect(organ.state == .unload)
        // What comes meanwhile waits, and loads it again.
        #expect(organ.receive(Self.job("b"), at: Self.at(10_150)) == [])
        #expect(organ.unloaded(at: Self.at(10_200)) == [.load(by: Self.at(15_200))])
        #expect(!organ.isLoaded)
    }

    @Test func aFullQueueAndALateRequestAreRefusedWithTheReason() {
        var organ = Self.organ(queue: 1)
        _ = organ.receive(Self.job("a"), at: Self.at(0))
        _ = organ.loaded(at: Self.at(0))
        #expect(organ.receive(Self.job("b", until: 500), at: Self.at(1)) == [])
        let full = organ.receive(Self.job("c"), at: Self.at(2))
        #expect(full == [.refuse(Self.job("c"), "1 requests wait already, which is all that may")])
        #expect(organ.next == Self.at(500))
        #expect(
            organ.tick(at: Self.at(500)) == [
                .refuse(Self.job("b", until: 500), "its time was over while it waited")
            ])
        #expect(
            organ.receive(Self.job("d", until: 400), at: Self.at(600)) == [
                .refuse(Self.job("d", until: 400), "its time was over when it came")
            ])
        #expect(organ.counters.refused == 3 && organ.counters.taken == 4)
    }

    @Test func whoWaitsForAModelThatCannotBeLoadedIsTold() {
        var organ = Self.organ()
        _ = organ.receive(Self.job("a"), at: Self.at(0))
        _ = organ.receive(Self.job("b"), at: Self.at(1))
        let actions = organ.loadFailed("no such file", at: Self.at(2))
        #expect(actions == [.refuse(Self.job("a"), "no such file"), .refuse(Self.job("b"), "no such file")])
        #expect(organ.state == .idle && !organ.isLoaded && organ.queue.isEmpty)
        // The next request tries again.
        #expect(organ.receive(Self.job("c"), at: Self.at(3)) == [.load(by: Self.at(5_003))])
    }

    @Test func theCardIsGivenBackAfterTheRequestAtWork() {
        var organ = Self.organ()
        _ = organ.receive(Self.job("a"), at: Self.at(0))
        _ = organ.receive(Self.job("b"), at: Self.at(0))
        #expect(organ.release(at: Self.at(1)) == [], "nothing is loaded that could be given back")
        _ = organ.loaded(at: Self.at(2))
        #expect(organ.release(at: Self.at(3)) == [])
        _ = organ.processed(at: Self.at(4))
        #expect(organ.reported(at: Self.at(5)) == [.unload])
        #expect(organ.queue == [Self.job("b")], "the rest waits its turn")
        #expect(organ.unloaded(at: Self.at(6)) == [.load(by: Self.at(5_006))])
        // Idle, it goes at once.
        _ = organ.loaded(at: Self.at(7))
        _ = organ.processed(at: Self.at(8))
        _ = organ.reported(at: Self.at(9))
        #expect(organ.release(at: Self.at(10)) == [.unload])
        #expect(organ.release(at: Self.at(11)) == [])
    }

    @Test func aServerThatDiedIsLoadedAnew() {
        var organ = Self.organ()
        _ = organ.receive(Self.job("a"), at: Self.at(0))
        _ = organ.receive(Self.job("b"), at: Self.at(0))
        _ = organ.loaded(at: Self.at(1))
        #expect(organ.processed(isBroken: true, at: Self.at(2)) == [.report(Self.job("a"))])
        #expect(organ.reported(at: Self.at(3)) == [.unload])
        #expect(organ.unloaded(at: Self.at(4)) == [.load(by: Self.at(5_004))])
    }

    /// Whatever happens in whatever order, each request ends exactly once and the queue stays within its bound.
    @Test(arguments: 0..<200) func everyRequestEndsExactlyOnce(seed: UInt64) {
        var numbers = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        func random(_ bound: UInt64) -> UInt64 {
            numbers ^= numbers << 13
            numbers ^= numbers >> 7
            numbers ^= numbers << 17
            return numbers % bound
        }
        var organ = Self.organ(queue: 3)
        var ended: [MessageID: Int] = [:]
        var asked = 0
        var now = 0.0
        var pending: [OrganLogic.Action] = []
        func note(_ actions: [OrganLogic.Action]) {
            for action in actions {
                switch action {
                case .refuse(let job, _): ended[job.id, default: 0] += 1
                case .report(let job):
                    ended[job.id, default: 0] += 1
                    pending.append(action)
                default: pending.append(action)
                }
            }
        }
        func settle() {
            guard !pending.isEmpty else { return }
            switch pending.removeFirst() {
            case .load:
                note(random(4) == 0 ? organ.loadFailed("no", at: Self.at(now)) : organ.loaded(at: Self.at(now)))
            case .process: note(organ.processed(isBroken: random(5) == 0, at: Self.at(now)))
            case .report: note(organ.reported(at: Self.at(now)))
            case .unload: note(organ.unloaded(at: Self.at(now)))
            case .refuse: break
            }
        }
        for _ in 0..<120 {
            now += Double(random(3_000))
            switch random(6) {
            case 0, 1:
                asked += 1
                note(organ.receive(Self.job("\(asked)", until: now + Double(random(9_000))), at: Self.at(now)))
            case 2: note(organ.tick(at: Self.at(now)))
            case 3: note(organ.release(at: Self.at(now)))
            default: settle()
            }
            #expect(organ.queue.count <= 3 && pending.count <= 1)
        }
        while !pending.isEmpty { settle() }
        #expect(ended.count == asked && ended.values.allSatisfy { $0 == 1 })
    }
}

@Suite struct OrganRequestTests {
    static func request(_ verb: String, _ payload: JSON) throws(Refusal) -> OrganRequest {
        try OrganRequest(verb, payload, maximumTokens: 64, id: .named("x"))
    }

    @Test func whatIsAskedIsRead() throws {
        #expect(try Self.request("state", [:]) == .state)
        #expect(try Self.request("embed", ["texts": ["a", "b"]]) == .work(.embed(["a", "b"])))
        guard
            case .work(.ask(let question)) = try Self.request(
                "ask", ["prompt": "hi", "schema": ["type": "object"], "max_tokens": 7])
        else {
            Issue.record("a question is work")
            return
        }
        #expect(question.user == "hi" && question.maximumTokens == 7 && question.schema == ["type": "object"])
    }

    @Test(
        arguments: [
            ("dance", [:], "ask, embed, state, release"), ("ask", [:], "payload.prompt"),
            ("ask", ["prompt": "x", "max_tokens": 65], "from 1 to 64"),
            ("ask", ["prompt": "x", "temperature": 3], "0 to 2"),
            ("ask", ["prompt": "x", "schema": ["$ref": "http://evil"]], "$ref"),
            ("ask", ["prompt": "x", "tools": []], "payload.tools"), ("embed", ["texts": []], "1 to 64"),
            ("embed", ["texts": ["a", 7]], "1 to 64"), ("embed", ["texts": "a"], "1 to 64"), ("ask", [1], "an object"),
            ("embed", ["texts": ["a", ""]], "payload.texts[1] must be a text of 1 to 2000 bytes"),
            (
                "embed", ["texts": [.string(String(repeating: "ä", count: 1001))]],
                "payload.texts[0] must be a text of 1 to 2000 bytes"
            ),
            ("embed", ["texts": .array(Array(repeating: "a", count: 65))], "1 to 64"),
        ] as [(String, JSON, String)])
    func whatMakesNoSenseIsRefused(_ verb: String, _ payload: JSON, _ words: String) {
        #expect { try Self.request(verb, payload) } throws: {
            let refusal = $0 as? Refusal
            return "\(refusal?.field ?? "") \(refusal?.message ?? "")".contains(words)
        }
    }

    @Test func anAnswerThatBreaksItsSchemaIsNotPassedOn() throws {
        guard
            case .work(.ask(let question)) = try Self.request(
                "ask",
                [
                    "prompt": "x",
                    "schema": ["type": "object", "properties": ["n": ["type": "integer"]], "required": ["n"]],
                ])
        else { return }
        func result(_ text: String) -> CommandResult {
            CommandResult(answer: MindAnswer(text: Array(text.utf8), model: "m", milliseconds: 5), to: question)
        }
        let good = result(#"{"n": 7}"#)
        #expect(good.status == .ok && good.result["value"] == ["n": 7])
        for text in ["secret words", #"{"n": "7"}"#, "{}", #"{"n": 1, "x": 2}"#] {
            let bad = result(text)
            #expect(bad.status == .error && bad.result["value"] == nil && bad.result["text"] == nil)
            #expect(bad.error?.contains("breaks its schema") == true)
            #expect(bad.error?.contains("secret words") == false)
        }
    }
}
