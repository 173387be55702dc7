import NimmerWave
import Testing

@testable import NimmerCognition

/// The rule by which the boundary chooses without a mind.
@Suite struct DeterministicBoundaryTests {
    private func decided(_ actions: [(String, Double)]) throws -> String {
        let id = MessageID.v7()
        let request = CognitiveRequest(
            requestID: id, collapseID: id, eventType: "x", domain: try Token("d"), confidence: 0.9,
            structuredInput: [:],
            suggestedActions: actions.map { SuggestedAction(action: $0.0, confidence: $0.1) }, processingBudgetLF: 1,
            responseTimeoutMilliseconds: 1, expiresAt: .now())
        var record = DecisionRecord()
        return DeterministicBoundary.decide(request, &record)
    }

    @Test func ofEquallyAptActionsTheFirstListedIsTaken() throws {
        #expect(try decided([("stop", 0.5), ("observe", 0.5), ("zoom", 0.5), ("ask", 0.5)]) == "stop")
    }

    @Test func aMoreAptActionIsTakenWhereverItStands() throws {
        #expect(try decided([("stop", 0.5), ("observe", 0.7), ("ask", 0.7)]) == "observe")
    }

    @Test func withoutActionsItObserves() throws { #expect(try decided([]) == "observe") }
}
