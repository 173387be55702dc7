import NimmerCognition
import NimmerWave
import Testing

@Suite struct BridgeLogicTests {
    static let now = Timestamp(milliseconds: 1_771_093_800_000)

    static func request(_ name: String, expiresIn milliseconds: Double = 1000) throws -> CognitiveRequest {
        CognitiveRequest(
            requestID: .named(name), collapseID: .named("c-\(name)"), eventType: "pump_anomaly",
            domain: try Token("plant"),
            confidence: 0.8, structuredInput: ["region": "plant"],
            suggestedActions: [
                SuggestedAction(action: "wait", confidence: 0.2), SuggestedAction(action: "inspect", confidence: 0.7),
            ], processingBudgetLF: 5, responseTimeoutMilliseconds: 1000,
            expiresAt: now.advanced(milliseconds: milliseconds))
    }

    @Test func aLivingRequestIsAskedAndARepeatedOneIsNot() throws {
        var logic = BridgeLogic()
        let request = try Self.request("a")
        #expect(logic.receive(request, at: Self.now) == .ask(request))
        logic.remember(request.requestID, isNew: true)
        #expect(logic.receive(request, at: Self.now) == .acknowledge(request.requestID))
        #expect(logic.counters.taken == 2 && logic.counters.answered == 1 && logic.counters.repeated == 1)
    }

    @Test func anAnswerFoundInTheStreamAtTheStartIsNotAskedAgain() throws {
        var logic = BridgeLogic()
        let request = try Self.request("a")
        logic.remember(request.requestID, isNew: false)
        #expect(logic.receive(request, at: Self.now) == .acknowledge(request.requestID))
        #expect(logic.counters.answered == 0)
    }

    @Test func anExpiredRequestIsAnsweredExpired() throws {
        var logic = BridgeLogic()
        let request = try Self.request("a", expiresIn: 0)
        guard case .answer(let response) = logic.receive(request, at: Self.now) else {
            Issue.record("an expired request is answered")
            return
        }
        #expect(response.outcome == .expired && response.requestID == request.requestID)
    }

    @Test func memoryIsBoundedAndForgetsTheOldest() throws {
        var logic = BridgeLogic()
        for index in 0...BridgeLogic.memory { logic.remember(.named("\(index)"), isNew: true) }
        let oldest = try Self.request("0"), newest = try Self.request("\(BridgeLogic.memory)")
        #expect(logic.receive(oldest, at: Self.now) == .ask(oldest))
        #expect(logic.receive(newest, at: Self.now) == .acknowledge(newest.requestID))
    }

    @Test func theBoundaryDecidesForTheMostAptActionAndCommandsNothing() async throws {
        let request = try Self.request("a")
        let first = try await DeterministicBoundary().answer(request) { Self.now }
        let second = try await DeterministicBoundary().answer(request) { Self.now }
        #expect(first == second)
        #expect(first.decision == "inspect" && first.boundary == .deterministic && first.downstreamCommands.isEmpty)
        #expect(first.result["event_type"]?.string == "pump_anomaly")
        #expect(first.result["inputs"]?["region"]?.string == "plant")
    }
}
