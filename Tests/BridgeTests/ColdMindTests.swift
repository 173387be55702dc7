import MindServers
import NimmerBus
import NimmerWave
import Synchronization
import Testing

/// Servers that answer, but not at once or not at length: models that load for minutes, and models that think until their tokens are out.
@Suite("Cold and thinking minds", .serialized, .timeLimit(.minutes(5))) struct ColdMindTests {
    private static func request(_ name: String) throws -> CognitiveRequest {
        CognitiveRequest(
            requestID: .named(name), collapseID: .named("collapse-\(name)"), eventType: "question",
            domain: try Token("question"), confidence: 1, structuredInput: ["question": .string(name)],
            suggestedActions: [
                SuggestedAction(action: "observe", confidence: 0.8),
                SuggestedAction(action: "slow_down", confidence: 0.4),
            ], processingBudgetLF: 1000, responseTimeoutMilliseconds: 30_000,
            expiresAt: .now().advanced(milliseconds: 60_000))
    }

    private static func system(_ url: String, _ served: ServedProtocol, _ more: String) -> String {
        "bridge:\n  minds: [{name: m, kind: \(served.rawValue), url: \"\(url)\", model: m, \(more)}]\n"
    }

    fileprivate static let valid = #"{"reason": "calm", "action": "observe", "confidence": 0.9, "unsure": false}"#

    private static func verdicts(_ response: CognitiveResponse) -> [String] {
        (response.result["asked"]?.array ?? []).compactMap { $0["verdict"]?.string }
    }

    /// A server that loads its model for the first question, as ollama does: not at all when that question is given up. The test
    /// decides when it has.
    private final class LoadingServer: Sendable {
        private let loaded = Mutex(false)

        private var isLoaded: Bool { loaded.withLock { $0 } }

        func finish() { loaded.withLock { $0 = true } }

        func steps(_ request: FaultServer.Request) -> [FaultServer.Step] {
            let model = #"{"models": [{"name": "m:latest", "model": "m:latest"}]}"#
            if request.line.contains("/api/version") { return Reply.page("200 OK", #"{"version": "0.12.0"}"#) }
            if request.line.contains("/api/tags") { return Reply.page("200 OK", model) }
            if request.line.contains("/api/ps") { return Reply.page("200 OK", isLoaded ? model : #"{"models": []}"#) }
            if isLoaded { return ServedProtocol.ollama.stream(ColdMindTests.valid) }
            return [.until { self.isLoaded }] + ServedProtocol.ollama.stream(ColdMindTests.valid)
        }
    }

    @Test(
        "a model that loads for longer than a question may take gets loaded, is not asked meanwhile, and answers at once afterwards"
    )
    func loads() async throws {
        let loading = LoadingServer()
        try await FaultServer.run(script: { loading.steps($0) }) { server in
            let more = "timeout_ms: 2000, breaker: {failures: 2, pause_ms: 600000}"
            try await Bridge.run(bridge: Self.system(server.url, .ollama, more)) { bridge in
                let first = try await bridge.decide(Self.request("first"))
                #expect(first.boundary == .deterministic && Self.verdicts(first) == ["timeout"])
                #expect(first.result.text.contains("load_timeout_ms"))
                // Once the server has been asked what it has loaded, further questions wait.
                let looked = ContinuousClock.now + .seconds(120)
                while !server.requests.contains(where: { $0.line.contains("/api/ps") }), ContinuousClock.now < looked {
                    await Task.yield()
                }
                let second = try await bridge.decide(Self.request("second"))
                #expect(second.boundary == .deterministic && Self.verdicts(second) == ["timeout"])
                #expect(server.questions == 1, "the second question waits, and does not disturb the load")
                loading.finish()
                var number = 0
                let end = ContinuousClock.now + .seconds(120)
                while try await bridge.decide(Self.request("later \(number)")).boundary != .model {
                    try #require(ContinuousClock.now < end, "the model never got loaded")
                    number += 1
                }
                #expect(server.abandoned == 0, "no load was aborted")
                #expect(server.questions == 2)
            }
        }
    }

    /// Answer of a model that thinks until its tokens are out.
    private static func thinking(_ served: ServedProtocol) -> [FaultServer.Step] {
        let thought = quoted("the disk is busy and the load is high, so ")
        let piece =
            served == .openai
            ? served.event(#"{"choices":[{"index":0,"delta":{"reasoning_content":\#(thought)},"finish_reason":null}]}"#)
            : served.event(
                #"{"model":"m","message":{"role":"assistant","content":"","thinking":\#(thought)},"done":false}"#)
        return [Reply.head(type: served.streamType)] + Array(repeating: Reply.chunk(piece), count: 20)
            + [Reply.chunk(served.end(finish: "length")), Reply.lastChunk]
    }

    private static func tokens(_ request: FaultServer.Request) -> Int {
        let body = try? JSON(parsing: request.body)
        return body?["max_tokens"]?.int ?? body?["options"]?["num_predict"]?.int ?? 0
    }

    @Test(
        "a model that thought until its tokens were out is named, and asked once more with four times as many",
        arguments: ServedProtocol.allCases)
    func moreTokens(_ served: ServedProtocol) async throws {
        try await FaultServer.run(script: { request in
            guard request.line.hasPrefix("POST ") else { return Reply.page("200 OK", "{}") }
            return Self.tokens(request) < 1000 ? Self.thinking(served) : served.stream(Self.valid)
        }) { server in
            try await Bridge.run(bridge: Self.system(server.url, served, "timeout_ms: 20000")) { bridge in
                let response = try await bridge.decide(Self.request("thinks"))
                #expect(response.boundary == .model && Self.verdicts(response) == ["cut_off", "valid"])
                #expect(response.result.text.contains("512 tokens (max_tokens)"))
                let questions = server.requests.filter { $0.line.hasPrefix("POST ") }
                #expect(questions.map(Self.tokens) == [512, 2048])
            }
        }
    }

    @Test(
        "a model whose tokens never suffice is asked twice, and the rule answers", arguments: ServedProtocol.allCases)
    func neverEnough(_ served: ServedProtocol) async throws {
        try await FaultServer.run(script: { request in
            guard request.line.hasPrefix("POST ") else { return Reply.page("200 OK", "{}") }
            return served.stream(#"{"reason": "I think that"#, finish: "length")
        }) { server in
            try await Bridge.run(bridge: Self.system(server.url, served, "timeout_ms: 20000")) { bridge in
                let response = try await bridge.decide(Self.request("half"))
                #expect(response.boundary == .deterministic && Self.verdicts(response) == ["cut_off", "cut_off"])
                #expect(server.questions == 2)
            }
        }
    }
}
