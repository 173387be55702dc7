import NimmerBus
import NimmerCognition
import NimmerWave
import Testing

@Suite("An old request asked again")
struct AnswerComparisonTests {
    private let request = Sample.request("a")

    private func response(_ decision: String, confidence: Double) -> CognitiveResponse {
        CognitiveResponse(
            requestID: request.requestID, decision: decision, result: ["confidence": .number(confidence)],
            downstreamCommands: [DownstreamCommand(target: "motor", command: "stop")], outcome: .answered)
    }

    private func decision(_ action: String, confidence: Double) -> Decision {
        Decision(
            action: action, reason: "because", confidence: confidence, isUnsure: false,
            commands: [DownstreamCommand(target: "motor", command: "stop")])
    }

    @Test("only differences are reported, with the old and the new value")
    func differences() {
        let same = AnswerComparison(
            request, then: response("inspect", confidence: 0.5), now: decision("inspect", confidence: 0.5))
        #expect(same.differences.isEmpty)
        let other = AnswerComparison(
            request, then: response("inspect", confidence: 0.5), now: decision("wait", confidence: 0.5))
        #expect(other.differences == [["key": "action", "then": "inspect", "now": "wait"]])
    }

    @Test("nothing that was answered, or nothing that is answered now, differs in all")
    func absence() {
        let unanswered = AnswerComparison(request, then: nil, now: decision("wait", confidence: 0.5))
        #expect(unanswered.differences.compactMap { $0["key"]?.string } == ["action", "commands", "confidence"])
        let json = AnswerComparison(request, then: nil, now: nil).json(asked: [["mind": "m"]], reminders: 2)
        #expect(json["reminders_not_repeated"]?.int == 2)
        #expect(json["then"]?.isNull == true && json["now"]?.isNull == true && json["differences"]?.array == [])
        #expect(json["request_id"]?.string == request.requestID.text && json["asked"]?.array?.count == 1)
    }
}

@Suite("A decision that a person names")
struct NamedDecisionTests {
    private let records: [ActRecord] = ["a", "b"].compactMap {
        ActRecord(
            CognitiveResponse(
                requestID: .named($0), decision: "inspect",
                result: [
                    "commands": "confirm", "commands_until": .string(Sample.now.advanced(milliseconds: 1000).rfc3339),
                ],
                downstreamCommands: [DownstreamCommand(target: "motor", command: "stop")], outcome: .answered),
            at: Sample.now)
    }

    @Test("the beginning of an id is enough where one has it, in small or large letters")
    func beginning() throws {
        try #require(records.count == 2)
        let id = records[0].decision
        #expect(try ActRecord.decision(named: id.text, among: records) == id)
        #expect(try ActRecord.decision(named: id.text.prefix(9).uppercased(), among: records) == id)
    }

    @Test("none, several and nothing are refused, each with its reason")
    func refusals() {
        func reason(_ text: String?, _ records: [ActRecord]) -> String {
            do throws(Refusal) { return try ActRecord.decision(named: text, among: records).text } catch {
                return error.message
            }
        }
        #expect(reason(nil, records) == "payload.id must be a decision's id, or its first characters")
        #expect(reason("", records) == reason(nil, records))
        #expect(reason("zz", records) == "no waiting decision has an id that begins with zz")
        #expect(
            reason(String(records[0].decision.text.prefix(2)), [records[0], records[0]])
                == "2 decisions have ids that begin with \(records[0].decision.text.prefix(2)); use a longer prefix")
    }
}

@Suite("Where requests stand")
struct AskingTests {
    @Test("a transition that carries no question asks nothing, whatever else is in it")
    func transitions() throws {
        let stream = SystemStreams.transitions(.dev)
        let gate = GateID(region: try Region("plant.a"))
        let message = BusMessage(
            subject: .transition(.dev, gate: gate), payload: Array("not even JSON".utf8), at: Sample.now)
        #expect(try Asking.request(in: message, of: stream, .dev) == nil)
        let broken = BusMessage(
            subject: .transition(.dev, gate: gate), payload: Array(#"{"escalation": 1}"#.utf8), at: Sample.now)
        #expect(throws: Refusal.self) { try Asking.request(in: broken, of: stream, .dev) }
    }

    @Test("a request of its own is read as one")
    func requests() throws {
        let request = Sample.request("a")
        let message = BusMessage(
            subject: .cognitiveRequest(.dev),
            payload: Envelope(
                id: .named("m"), at: Sample.now, from: Source(entityID: "thalamus", entityType: .thalamus), request
            ).encoded(), at: Sample.now)
        let found = try Asking.request(in: message, of: SystemStreams.escalations(.dev), .dev)
        #expect(found?.requestID == request.requestID)
    }
}
