import NimmerTerminal
import NimmerWave
import Testing

@testable import NimmerScope

/// A question's dashed line ends with its answer, in whatever order both come, and with its deadline at the latest.
@Suite("Exchanges") struct ExchangeTests {
    private static let id = MessageID(high: 0x7000, low: 1 << 63 | 1)
    private static let collapse = MessageID(high: 0x7000, low: 1 << 63 | 2)

    private func at(_ milliseconds: Double) -> Timestamp { Scenario.start.advanced(milliseconds: milliseconds) }

    private func take(question milliseconds: Double, expiring: Double = 10_000, _ stage: inout Stage) throws {
        let request = CognitiveRequest(
            requestID: Self.id, collapseID: Self.collapse, eventType: "pump_trouble", domain: try Token("plant"),
            confidence: 0.9, structuredInput: [:],
            suggestedActions: [SuggestedAction(action: "wait", confidence: 0.5)], processingBudgetLF: 5,
            responseTimeoutMilliseconds: 5000, expiresAt: at(expiring))
        let message = Envelope(
            id: Self.id, at: at(0), from: Source(entityID: "thalamus-1", entityType: .thalamus), request)
        _ = stage.scope.reduce(
            .message(
                subject: Subject.cognitiveRequest(.dev).text, payload: message.encoded(), arrival: at(milliseconds)))
    }

    private func take(answer milliseconds: Double, _ stage: inout Stage) throws {
        let response = CognitiveResponse(requestID: Self.id, decision: "wait", outcome: .answered)
        let message = Envelope(
            id: MessageID(high: 0x7000, low: 1 << 63 | 3), at: at(milliseconds),
            from: Source(entityID: "bridge-1", entityType: .boundary), response)
        _ = stage.scope.reduce(
            .message(
                subject: Subject.cognitiveResponse(.dev).text, payload: message.encoded(), arrival: at(milliseconds)))
    }

    /// Start and end of each line in the lane of the bridge, in milliseconds.
    private func lines(_ stage: Stage) -> [[Int64]] {
        stage.scope.buffer.lanes.filter { $0.name == "bridge" }.flatMap { lane in
            lane.exchanges.numbers.map { number in
                let exchange = lane.exchanges[number]
                return [exchange.from, exchange.to].map { ($0 - Scenario.start.nanoseconds) / 1_000_000 }
            }
        }
    }

    @Test func endsWithAnAnswerThatComesAfterIt() throws {
        var stage = Stage([], seconds: 0)
        try take(question: 10, &stage)
        try take(answer: 640, &stage)
        #expect(lines(stage) == [[10, 640]])
    }

    @Test func isOverWhenItsAnswerCameBeforeIt() throws {
        var stage = Stage([], seconds: 0)
        try take(answer: 10, &stage)
        #expect(lines(stage).isEmpty)
        try take(question: 12, &stage)
        #expect(lines(stage) == [[12, 12]])
        #expect(stage.scope.stories.story(of: Self.collapse)?.response == 0, "the decision belongs to its request")
    }

    @Test func endsAtItsDeadlineAtTheLatest() throws {
        var stage = Stage([], seconds: 0)
        try take(question: 10, expiring: 2_000, &stage)
        #expect(lines(stage) == [[10, 2_000]])
        try take(answer: 3_000, &stage)
        #expect(lines(stage) == [[10, 2_000]])
        // A copy that arrives after the deadline is a point.
        var late = Stage([], seconds: 0)
        try take(question: 2_500, expiring: 2_000, &late)
        #expect(lines(late) == [[2_500, 2_500]])
    }
}
