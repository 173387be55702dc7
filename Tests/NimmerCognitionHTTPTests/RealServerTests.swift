import MindServers
import NimmerCognition
import NimmerCognitionHTTP
import NimmerServers
import NimmerSystem
import NimmerWave
import Testing

extension Minds {
    /// The real server of llama.cpp with a real, small model.
    @Suite("A real model", .serialized, .timeLimit(.minutes(15))) struct RealServerTests {
        static let schema: JSON = [
            "type": "object", "additionalProperties": false, "required": ["decision", "confidence"],
            "properties": [
                "decision": ["enum": ["wait", "inspect_pump", "lower_load"]],
                "confidence": ["type": "number", "minimum": 0, "maximum": 1],
            ],
        ]

        static func question(_ words: String, schema: JSON? = schema, tokens: Int = 64) -> MindQuestion {
            MindQuestion(
                requestID: .named(words), system: "You watch a pump. You answer in JSON.", user: words, schema: schema,
                maximumTokens: tokens)
        }

        static func mind(_ server: ModelServer) throws -> HTTPMind {
            try HTTPMind(
                MindSettings(name: "small", kind: .openai, url: server.url, model: "SmolLM2-135M-Instruct.Q4_1"),
                variables: [:])
        }

        @Test(.enabled(SmallModel.note, SmallModel.isThere))
        func answersUnderASchemaAndStopsWhenNobodyWaits() async throws {
            try await SmallModel.run { server in
                let mind = try Self.mind(server)
                let state = await mind.state()
                #expect(state.isReachable && state.hasModel == true && state.isLoaded == true && state.trouble.isEmpty)
                #expect(state.version == "llama.cpp")

                let answer = try await mind.ask(Self.question("The flow is low."), deadline: .now + .seconds(240))
                #expect(answer.finish == .stop)
                #expect(answer.model == "SmolLM2-135M-Instruct.Q4_1")
                #expect((answer.promptTokens ?? 0) > 10 && (answer.completionTokens ?? 0) > 3)
                #expect((answer.tokensPerSecond ?? 0) > 0)
                #expect(answer.firstTokenMilliseconds.map { $0 > 0 && $0 <= answer.milliseconds } == true)
                let json = try JSON(parsing: answer.text)
                #expect(["wait", "inspect_pump", "lower_load"].contains(json["decision"]?.string ?? ""))

                let short = try await mind.ask(
                    Self.question("Tell a story.", schema: nil, tokens: 16), deadline: .now + .seconds(240))
                #expect(short.finish == .length && short.completionTokens == 16)

                // The schema language that the server cannot compile is its own refusal, not free text.
                await #expect {
                    try await mind.ask(
                        Self.question("x", schema: ["type": "nonsense"]), deadline: .now + .seconds(240))
                } throws: { ($0 as? MindError)?.code == .rejected }

                // A question far too long for its context.
                await #expect {
                    try await mind.ask(
                        Self.question(String(repeating: "word ", count: 6_000)), deadline: .now + .seconds(240))
                } throws: { ($0 as? MindError)?.code == .rejected && "\($0)".contains("exceed_context_size_error") }

                // One slot: were the abandoned question still being answered (some 2,000 tokens), the next would wait for it.
                await #expect {
                    try await mind.ask(
                        Self.question("Count to a thousand in words.", schema: Self.endless, tokens: 3_000),
                        deadline: .now + .seconds(2))
                } throws: { ($0 as? MindError)?.code == .timeout }
                let next = try await mind.ask(Self.question("The flow is low."), deadline: .now + .seconds(20))
                #expect(next.finish == .stop)
                await mind.close()
            }
        }

        /// A schema that the model cannot end before its tokens are over.
        static let endless: JSON = ["type": "array", "minItems": 2_000, "items": ["type": "integer"]]

        @Test(.enabled(SmallModel.note, SmallModel.isThere))
        func aServerThatDiesIsUnreachable() async throws {
            try await SmallModel.run { server in
                let mind = try Self.mind(server)
                let asking = Task { () async -> MindError.Code? in
                    do throws(MindError) {
                        _ = try await mind.ask(
                            Self.question("Count.", schema: Self.endless, tokens: 3_000), deadline: .now + .seconds(240)
                        )
                        return nil
                    } catch { return error.code }
                }
                try await Task.sleep(for: .milliseconds(300))
                await server.kill()
                let code = await asking.value
                #expect(code == .truncated || code == .unreachable)
                #expect(await mind.state().isReachable == false)
                await mind.close()
            }
        }
    }
}
