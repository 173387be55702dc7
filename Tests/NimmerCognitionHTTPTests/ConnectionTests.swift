import Glibc
import MindServers
import NimmerCognition
import NimmerCognitionHTTP
import NimmerSystem
import NimmerWave
import Testing

extension Minds {
    /// The connections of the real client: what goes over them, and when they are closed.
    @Suite("A mind's connections", .timeLimit(.minutes(5))) struct ConnectionTests {
        private static func code(_ mind: HTTPMind, _ question: MindQuestion = TransportFaultTests.question) async
            -> MindError.Code?
        {
            do throws(MindError) {
                _ = try await mind.ask(question, deadline: .now + .seconds(60))
                return nil
            } catch { return error.code }
        }

        @Test func nothingIsSentThatWasNotAskedFor() async throws {
            try await FaultServer.run { server in
                server.answer { _ in ServedProtocol.openai.stream("{}") }
                let mind = try TransportFaultTests.mind(server.url, .openai)
                // Beyond a megabyte libcurl would ask first whether it may send.
                let words = String(repeating: "long words ", count: 120_000)
                let question = MindQuestion(
                    requestID: .named("q"), system: "", user: words, schema: nil, maximumTokens: 64)
                #expect(await Self.code(mind, question) == nil)
                let request = try #require(server.requests.first)
                #expect(
                    request.headers.keys.sorted() == [
                        "authorization", "content-length", "content-type", "host", "user-agent", "x-client-request-id",
                    ])
                #expect(request.headers["user-agent"] == "nimmerverse")
                #expect(request.headers["host"] == String(server.url.dropFirst("http://".count)))
                #expect(request.body.count > words.utf8.count)
                await mind.close()
            }
        }

        @Test func theEnvironmentsProxiesAreNotAsked() async {
            await #expect(processExitsWith: .success) {
                for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"] {
                    setenv(name, "http://127.0.0.1:1", 1)
                }
                try await FaultServer.run { server in
                    server.answer { _ in ServedProtocol.openai.stream("{}") }
                    let mind = try TransportFaultTests.mind(server.url, .openai)
                    let code = await Self.code(mind)
                    guard code == nil, server.requests.count == 1 else {
                        print("asked \(server.requests.count) times: \(code.map { "\($0)" } ?? "no error")")
                        exit(1)
                    }
                }
            }
        }

        @Test func noProxyOfTheEnvironmentTakesNoConfiguredOneAway() async {
            await #expect(processExitsWith: .success) {
                setenv("no_proxy", "*", 1)
                try await FaultServer.run { proxy in
                    proxy.answer { _ in Reply.page("403 Forbidden", "no") }
                    var settings = MindSettings(name: "m", kind: .openai, url: "http://mind.invalid", model: "m")
                    settings.proxy = proxy.url
                    _ = await Self.code(try HTTPMind(settings, variables: [:]))
                    guard proxy.requests.map(\.line) == ["CONNECT mind.invalid:80 HTTP/1.1"] else { exit(1) }
                }
            }
        }

        @Test func closingWithdrawsWhatIsUnderWayAndWhatComesLater() async throws {
            try await FaultServer.run { server in
                server.answer { TransportFault.silentWithin.steps(.openai, $0, elsewhere: "") }
                let mind = try TransportFaultTests.mind(server.url, .openai)
                let other = try TransportFaultTests.mind(server.url, .openai)
                async let code = Self.code(mind)
                async let stays = Self.code(other)
                while server.requests.count < 2 { try await Task.sleep(for: .milliseconds(1)) }
                await mind.close()
                #expect(await code == .cancelled)
                for _ in 0..<20 { #expect(await Self.code(mind) == .cancelled) }
                #expect(server.requests.count == 2)
                while server.abandoned == 0 { try await Task.sleep(for: .milliseconds(1)) }
                #expect(server.abandoned == 1)
                await other.close()
                #expect(await stays == .cancelled)
            }
        }

        @Test func nothingLeavesForATaskThatWasCancelledBefore() async throws {
            try await FaultServer.run { server in
                server.answer { _ in ServedProtocol.openai.stream("{}") }
                let mind = try TransportFaultTests.mind(server.url, .openai)
                for _ in 0..<20 {
                    let code = await Task {
                        withUnsafeCurrentTask { $0?.cancel() }
                        return await Self.code(mind)
                    }.value
                    #expect(code == .cancelled)
                }
                #expect(await Self.code(mind) == nil)
                #expect(server.requests.count == 1)
                await mind.close()
            }
        }

        @Test func eachQuestionHasAConnectionOfItsOwn() async throws {
            try await FaultServer.run { server in
                // Every answer is whole, and the server keeps its connection open until the client closes it.
                server.answer { _ in ServedProtocol.openai.stream("{}") + [.hang] }
                let mind = try TransportFaultTests.mind(server.url, .openai)
                for count in 1...3 {
                    #expect(await Self.code(mind) == nil)
                    while server.abandoned < count { try await Task.sleep(for: .milliseconds(1)) }
                }
                await mind.close()
            }
        }

        @Test func manyQuestionsAtOnceAreAnsweredEach() async throws {
            try await FaultServer.run { server in
                server.answer { request in
                    let body = try? JSON(parsing: request.body)
                    return ServedProtocol.openai.stream(body?["messages"]?[1]?["content"]?.string ?? "")
                }
                let mind = try TransportFaultTests.mind(server.url, .openai)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<50 {
                        group.addTask {
                            let words = String(repeating: "\(number) ", count: 100)
                            let question = MindQuestion(
                                requestID: .named("\(number)"), system: "", user: words, schema: nil,
                                maximumTokens: 64)
                            let answer = try await mind.ask(question, deadline: .now + .seconds(60))
                            #expect(String(decoding: answer.text, as: UTF8.self) == words)
                        }
                    }
                    try await group.waitForAll()
                }
                await mind.close()
            }
        }

        @Test func aServerThatNeverAgreesOnTLSIsNoTLSServer() async throws {
            try await FaultServer.run { server in
                let mind = try TransportFaultTests.mind("https://127.0.0.1:\(server.port)", .openai)
                #expect(await Self.code(mind) == .tls)
                await mind.close()
            }
        }

        @Test func aNameThatDoesNotExistIsUnreachable() async throws {
            let mind = try TransportFaultTests.mind("http://mind.invalid:8080", .openai)
            #expect(await Self.code(mind) == .unreachable)
            await mind.close()
        }
    }
}
