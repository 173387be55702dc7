import NimmerBus
import NimmerWave
import Testing

@testable import nimmer

/// docs/reference/backup.md, Order.
@Suite struct BackupCutTests {
    private static let source = Source(entityID: "a", entityType: .service, garden: .real, tier: 2)

    private func stored(_ subject: Subject, _ payload: [UInt8], _ sequence: UInt64, at second: Int64) -> StoredMessage {
        StoredMessage(
            message: BusMessage(subject: subject, payload: payload, at: Timestamp(seconds: second, nanoseconds: 0)),
            sequence: sequence)
    }

    private func request(_ id: MessageID, _ sequence: UInt64, at second: Int64) throws -> StoredMessage {
        let request = CognitiveRequest(
            requestID: id, collapseID: id, eventType: "fault", domain: try Token("plant"), confidence: 0.9,
            structuredInput: [:],
            suggestedActions: [], processingBudgetLF: 1, responseTimeoutMilliseconds: 1000,
            expiresAt: Timestamp(seconds: 100, nanoseconds: 0))
        let message = Envelope(id: id, at: Timestamp(seconds: second, nanoseconds: 0), from: Self.source, request)
        return stored(.cognitiveRequest(.dev), message.encoded(), sequence, at: second)
    }

    private func answer(to id: MessageID, at second: Int64) -> StoredMessage {
        stored(.cognitiveResponse(.dev), Array(#"{"body":{"request_id":"\#(id.text)"}}"#.utf8), 1, at: second)
    }

    @Test func laterAnswersAreCopiedOnlyWithTheirQuestions() throws {
        let bridge = [DurablePosition(name: "bridge", filter: nil, position: 1)]
        let gate = GateID(region: try Region("plant"))
        var cut = BackupCut([BackupContents.Stream(name: "DEV-ESCALATIONS", durables: bridge)], .dev)
        func takes(_ stored: StoredMessage, of stream: String) -> Bool { cut.takes(stored, of: stream) }
        let (old, open, later) = (MessageID.named("old"), MessageID.named("open"), MessageID.named("later"))
        #expect(takes(stored(.transition(.dev, gate: gate), [], 5, at: 20), of: "DEV-TRANSITIONS"))
        #expect(takes(try request(old, 1, at: 10), of: "DEV-ESCALATIONS"))
        #expect(takes(try request(open, 2, at: 19), of: "DEV-ESCALATIONS"))
        #expect(takes(answer(to: old, at: 11), of: "DEV-DECISIONS"))
        // Until the last transition everything belongs there; behind it, what answers a question of the copy.
        #expect(takes(answer(to: later, at: 20), of: "DEV-DECISIONS"))
        #expect(takes(answer(to: open, at: 21), of: "DEV-DECISIONS"))
        #expect(!takes(answer(to: later, at: 21), of: "DEV-DECISIONS"))
        for (id, isTaken) in [(open, true), (later, false)] {
            let act = Array(#"{"body":{"request_id":"\#(id.text)"}}"#.utf8)
            #expect(takes(stored(.act(.dev), act, 2, at: 22), of: "DEV-DECISIONS") == isTaken)
            let record = stored(try Subject(foreign: "$KV.DEV-ACTS.\(id.text)"), [], 3, at: 23)
            #expect(takes(record, of: "KV_DEV-ACTS") == isTaken)
        }
        // What became of an opening is about none.
        #expect(takes(stored(.feedback(.dev, gate: gate), [], 4, at: 30), of: "DEV-DECISIONS"))
    }
}
