import MindServers
import NimmerCognition
import NimmerCognitionHTTP
import NimmerSystem
import NimmerWave
import Testing

extension Minds {
    /// A server that misbehaves in every way that ``TransportFault`` knows, against the real client.
    @Suite("A server that fails", .timeLimit(.minutes(5))) struct TransportFaultTests {
        static let key = "sk-very-secret-0123456789"

        static func mind(_ url: String, _ served: ServedProtocol, key: Bool = true) throws -> HTTPMind {
            var settings = MindSettings(
                name: "m", kind: served == .openai ? .openai : .ollama, url: url, model: "m")
            if key { settings.keyVariable = "MIND_KEY" }
            return try HTTPMind(settings, variables: ["MIND_KEY": Self.key])
        }

        static let question = MindQuestion(
            requestID: .named("q"), system: "You answer in JSON.", user: "secret-of-the-prompt",
            schema: ["type": "object"], maximumTokens: 64)

        /// What the client makes of each fault.
        static func expected(_ fault: TransportFault) -> MindError.Code {
            switch fault {
            case .internalError, .errorWithin: .serverError
            case .overloaded, .tooManyRequests: .overloaded
            case .wrongKey: .unauthorized
            case .unknownModel, .schemaRefused: .rejected
            case .redirect, .temporaryRedirect: .redirected
            case .silent, .silentWithin, .slow: .timeout
            case .closed: .unreachable
            case .brokenOff, .endsEarly, .shortBody: .truncated
            case .hugeText, .hugeLine, .endless: .tooLarge
            case .chatter: .timeout
            case .emptyStatus, .hugeHeader, .webPage, .noType, .proseAsJSON, .proseAsStream, .compressed, .noHTTP,
                .badUTF8,
                .deepJSON, .wrongShape, .contentIsNumber:
                .malformed
            }
        }

        @Test(arguments: TransportFault.allCases, ServedProtocol.allCases)
        func endsAsSpecified(_ fault: TransportFault, _ served: ServedProtocol) async throws {
            try await FaultServer.run { elsewhere in
                try await FaultServer.run { server in
                    server.answer { fault.steps(served, $0, elsewhere: elsewhere.url + "/") }
                    let mind = try Self.mind(server.url, served)
                    let code = Self.expected(fault)
                    let timeout: Duration = code == .timeout ? .milliseconds(400) : .seconds(60)
                    // On a busy machine a question may not even reach the server in a short time.
                    var asked = 0
                    while asked == 0 || server.requests.isEmpty && asked < 20 {
                        asked += 1
                        let began = ContinuousClock.now
                        do throws(MindError) {
                            let answer = try await mind.ask(Self.question, deadline: began + timeout)
                            Issue.record("\(fault) gave an answer: \(String(decoding: answer.text, as: UTF8.self))")
                        } catch {
                            #expect(error.code == code, "\(error)")
                            #expect(!error.message.contains("very-secret"), "\(error)")
                            #expect(!error.message.contains("secret-of-the-prompt"), "\(error)")
                            #expect(error.message.utf8.count < 300 && !error.message.contains("\n"), "\(error)")
                            if fault == .tooManyRequests { #expect(error.retryAfterMilliseconds == 7_000) }
                        }
                        // Far beyond the deadline, so that a busy machine does not fail it.
                        #expect(ContinuousClock.now - began < timeout + .seconds(60))
                    }
                    #expect(elsewhere.requests.isEmpty, "a redirect was followed")
                    #expect((1...asked).contains(server.requests.count), "asked \(server.requests.count) times")
                    await mind.close()
                }
            }
        }

        @Test(arguments: ServedProtocol.allCases) func aServerThatAnswersWellIsHeard(_ served: ServedProtocol)
            async throws
        {
            let text = #"{"decision":"wait — 5 µs","reason":"a \"quoted\" word"}"#
            try await FaultServer.run { server in
                let mind = try Self.mind(server.url, served)
                for steps in [
                    served.stream(text), Reply.page(type: "application/json; charset=utf-8", served.whole(text)),
                    served.stream(text, finish: "length"), served.stream(text, finish: "tool\u{7}calls"),
                ] {
                    server.answer { _ in steps }
                    let answer = try await mind.ask(Self.question, deadline: .now + .seconds(60))
                    #expect(String(decoding: answer.text, as: UTF8.self) == text)
                    #expect(answer.model == "m" && answer.promptTokens == 11 && answer.completionTokens == 7)
                    #expect(answer.milliseconds > 0)
                }
                let request = try #require(server.requests.first)
                #expect(request.headers["authorization"] == "Bearer \(Self.key)")
                let body = try JSON(parsing: request.body)
                #expect(body["messages"]?[1]?["content"]?.string == "secret-of-the-prompt")
                switch served {
                case .openai:
                    #expect(request.line == "POST /v1/chat/completions HTTP/1.1")
                    #expect(body["response_format"]?["json_schema"]?["schema"] == ["type": "object"])
                case .ollama:
                    #expect(request.line == "POST /api/chat HTTP/1.1")
                    #expect(body["format"] == ["type": "object"] && body["think"] == nil)
                    #expect(body["options"]?["num_ctx"]?.int == 6_144)
                }
                await mind.close()
            }
        }

        @Test(arguments: ServedProtocol.allCases) func theFinishReasonIsRecorded(_ served: ServedProtocol) async throws
        {
            try await FaultServer.run { server in
                let mind = try Self.mind(server.url, served)
                for (word, finish) in [
                    ("stop", MindAnswer.Finish.stop), ("length", .length), ("content_filter", .other("content_filter")),
                    ("a b\n", .other("unknown")),
                ] {
                    server.answer { _ in served.stream("{}", finish: word) }
                    #expect(try await mind.ask(Self.question, deadline: .now + .seconds(60)).finish == finish)
                }
                await mind.close()
            }
        }

        @Test func aWithdrawnQuestionClosesItsConnection() async throws {
            try await FaultServer.run { server in
                server.answer { TransportFault.slow.steps(.openai, $0, elsewhere: "") }
                let mind = try Self.mind(server.url, .openai)
                let asking = Task { () async -> MindError.Code? in
                    do throws(MindError) {
                        _ = try await mind.ask(Self.question, deadline: .now + .seconds(60))
                        return nil
                    } catch { return error.code }
                }
                while server.requests.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
                asking.cancel()
                #expect(await asking.value == .cancelled)
                while server.abandoned == 0 { try await Task.sleep(for: .milliseconds(1)) }
                await mind.close()
            }
        }

        @Test func anAbsentServerIsReportedAtOnce() async throws {
            let mind = try Self.mind("http://127.0.0.1:1", .openai)
            await #expect { try await mind.ask(Self.question, deadline: .now + .seconds(60)) } throws: {
                ($0 as? MindError)?.code == .unreachable && "\($0)".contains("connection refused")
            }
            #expect(await mind.state().isReachable == false)
            await mind.close()
        }

        @Test func aKeyThatCannotBeReadIsReportedBeforeAnythingIsAsked() throws {
            var settings = MindSettings(name: "m", kind: .openai, url: "http://127.0.0.1:1", model: "m")
            settings.keyVariable = "NOT_SET"
            #expect { try HTTPMind(settings, variables: [:]) } throws: {
                ($0 as? MindError)?.code == .misconfigured && "\($0)".contains("NOT_SET")
            }
            #expect { try HTTPMind(settings, variables: ["NOT_SET": "two words\r\nX-Evil: 1"]) } throws: {
                ($0 as? MindError)?.code == .misconfigured && !"\($0)".contains("Evil")
            }
            settings.keyVariable = nil
            settings.keyFile = "/nowhere/key"
            #expect { try HTTPMind(settings, variables: [:]) } throws: { "\($0)".contains("/nowhere/key") }
        }
    }
}
