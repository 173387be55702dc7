import MindServers
import NimmerWave
import Testing

/// The whole bridge when far more comes than a mind can answer.
@Suite("A burst at the bridge", .serialized, .timeLimit(.minutes(5))) struct BurstTests {
    /// A collapse's question with as much content as a thalamus carries in one.
    private static func request(_ number: Int, in burst: Int, region: Int, expiresIn milliseconds: Double) throws
        -> CognitiveRequest
    {
        let witnesses = (0..<6).map { index -> JSON in
            [
                "source": .string("pump-\(index)"), "confidence": 0.8, "age_ms": 100,
                "content": ["note": .string(String(repeating: "x", count: 4000))],
            ]
        }
        return CognitiveRequest(
            requestID: .named("burst/\(burst)/\(number)"), collapseID: .named("burst-collapse/\(burst)/\(number)"),
            eventType: "pump_anomaly", domain: try Token("flow"), confidence: Double(number % 100) / 100,
            structuredInput: [
                "region": .string("plant.r\(region)"), "opened_at": .string(Timestamp.now().rfc3339), "confidence": 0.8,
                "witnesses": .array(witnesses),
            ], suggestedActions: [SuggestedAction(action: "observe", confidence: 0.8)], processingBudgetLF: 1000,
            responseTimeoutMilliseconds: 30_000, expiresAt: .now().advanced(milliseconds: milliseconds))
    }

    @Test("of 1,000 collapses is merged, bounded in memory, and wholly accounted for; another takes no more memory")
    func thousand() async throws {
        try await FaultServer.run { server in
            server.answer { _ in [.wait(.milliseconds(15))] + ServedProtocol.openai.stream(AnswerFault.valid) }
            let yaml = """
                bridge:
                  commands: dry-run
                  queue: 128
                  minds:
                    - {name: slow, kind: openai, url: "\(server.url)", model: m, timeout_ms: 20000}
                """
            try await Bridge.run(bridge: yaml) { bridge in
                var peaks: [Double] = []
                for burst in 0..<2 {
                    for number in 0..<1000 {
                        // Every tenth has hardly any time left; the hundred regions take turns.
                        try await bridge.send(
                            Self.request(
                                number, in: burst, region: number % 100,
                                expiresIn: number % 10 == 9 ? 300 : 120_000))
                    }
                    let ids = Set((0..<1000).map { MessageID.named("burst/\(burst)/\($0)") })
                    let responses = await bridge.responses(to: ids)
                    let outcomes = Dictionary(grouping: responses, by: \.outcome).mapValues(\.count)
                    #expect(responses.count == 1000 && Set(responses.map(\.requestID)) == ids, "\(outcomes)")
                    #expect((outcomes[.merged] ?? 0) > 0 && (outcomes[.answered] ?? 0) > 0, "\(outcomes)")
                    let named = responses.reduce(0) { $0 + ($1.outcome == .merged ? 0 : $1.result["merged"]?.int ?? 0) }
                    #expect(named == outcomes[.merged], "what was merged stands in the answers that it was merged into")
                    peaks.append(bridge.peakMemory)
                }
                #expect(peaks[0] < 96)
                #expect(peaks[1] < peaks[0] + 32, "memory grows with what has passed: \(peaks)")
            }
        }
    }
}
