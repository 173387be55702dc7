import NimmerWave
import Testing

/// What stands in requests and responses where any value may (protocol.md, CognitiveRequest, CognitiveResponse).
@Suite struct RequestInputTests {
    private func opening(reflex: Bool = true) throws -> GateTransition {
        let samples = try SampleMessages.all()
        let bytes = try #require(samples.first { $0.name == "GateTransition-full" }?.bytes)
        var body = try Envelope<GateTransition>(decoding: bytes).body
        body.escalation?.isReflex = reflex
        return body
    }

    @Test func theInputOfAnOpeningReadsBackAsWrittenContentsByteForByte() throws {
        let request = try #require(try opening().escalated)
        #expect(
            request.structuredInput.text
                == #"{"region":"math.sums","gate":"math--sums","opened_at":"2026-02-14T18:30:00.123Z","confidence":0.8,"#
                + #""witnesses":[{"source":"math-7f9c","origin":"math","confidence":0.6,"age_ms":0,"content":"#
                + #"{"operation":"addition","operands":[15, 27.0],"note":"a\"é"}}],"reflex":true}"#)
        let input = try #require(request.input.escalation)
        #expect(input.isReflex && input.witnesses?.count == 1 && request.region == input.region)
        #expect(input.bytes == request.structuredInput.bytes)
        #expect(try opening(reflex: false).escalated?.structuredInput["reflex"] == nil)
    }

    @Test func keysOfOthersAreKept() throws {
        let input = try #require(RequestInput(["region": "a.b", "note": "x", "merged": 2]).escalation)
        #expect(input.others == ["note": "x"] && input.merged == 2 && input.witnesses == nil)
        #expect(input.json == ["region": "a.b", "merged": 2, "note": "x"])
    }

    @Test(arguments: [
        #"{"question":"is it warm?"}"#, "{}", #"{"region":5}"#, #"{"region":"Not A Region","witnesses":[]}"#,
        #"{"region":"a","witnesses":[{"source":"s","confidence":7}]}"#, #"{"region":"a","region":"b"}"#,
    ])
    func anotherFormIsTakenAsItIs(_ text: String) throws {
        let json = try JSON(parsing: text)
        #expect(RequestInput(json) == .other(json))
        var request = try #require(try opening().escalated)
        request.structuredInput = .raw(Array(text.utf8))
        #expect(request.region == Region(request.domain))
        let bytes = Envelope(
            id: request.requestID, at: request.expiresAt, from: Source(entityID: "x", entityType: .service), request
        ).encoded()
        #expect(try Envelope<CognitiveRequest>(decoding: bytes).body.structuredInput.text == text)
    }

    @Test func aRecordReadsBackAsWritten() throws {
        let record = DecisionRecord(
            eventType: "e", region: "a.b",
            asked: [AskedMind(mind: "small", verdict: "invalid", lifeforce: 0.5, tokens: 7, problems: ["no JSON"])],
            merged: 1, commands: .dryRun, confidence: 0.5, mergedInto: .named("x"), others: ["more": [1]])
        let text =
            #"{"event_type":"e","region":"a.b","asked":[{"mind":"small","verdict":"invalid","ms":0,"lf":0.5,"tokens":7,"#
            + #""problems":["no JSON"]}],"merged":1,"commands":"dry-run","confidence":0.5,"merged_into":"#
            + #""\#(MessageID.named("x"))","more":[1]}"#
        #expect(String(decoding: record.bytes, as: UTF8.self) == text)
        let response = CognitiveResponse(
            requestID: .named("r"), decision: "d", result: .raw(record.bytes), outcome: .answered)
        #expect(response.record == record)
        for other: JSON in [.null, 5, ["commands": "perhaps"], [1]] {
            #expect(
                CognitiveResponse(requestID: .named("r"), decision: "d", result: other, outcome: .answered).record
                    == nil)
        }
    }

    /// The names that ids are made of are part of the protocol: ids of one version are those of the next.
    @Test func idsAreThoseOfTheirNames() throws {
        let (id, space) = (MessageID.named("a"), MessageID.named("b"))
        let transition = try opening()
        let name = "dev/transition/math--sums/1771093800123000000/stable/open"
        #expect(MessageID.transition(transition, in: .dev) == .named(name))
        #expect(MessageID.transition(transition, in: .dev, space: space) == .named(name, in: space))
        #expect(MessageID.reported(id, by: try Token("math"), in: .prod) == .named("prod/reported/math/\(id)"))
        #expect(MessageID.collapse(of: id) == .named("collapse/\(id)"))
        #expect(MessageID.request(of: id) == .named("request/\(id)"))
        #expect(MessageID.informed(id) == .named("told/\(id)"))
        #expect(MessageID.question(id) == .named("question/\(id)"))
        #expect(MessageID.answer("act", to: id, space: space) == .named("act/\(id)", in: space))
        #expect(MessageID.aside(7, of: "DEV-X", by: "s") == .named("aside/s/DEV-X/7"))
        #expect(MessageID.repeated(id, number: 7) == .named("replay/\(id)/7"))
        #expect(
            MessageID.replayed(by: try Token("math"), at: Timestamp(nanoseconds: 5), count: 3)
                == .named("replay/math/5/3"))
        #expect(MessageID.rejected([0x0a, 0xff]) == .named("rejected:0aff"))
        #expect(MessageID.contradiction([0x61], on: "s") == .named("contradicts/s/a"))
    }
}
