import Glibc
import MindServers
import NimmerCognition
import NimmerCognitionHTTP
import NimmerPlatform
import NimmerServers
import NimmerSystem
import NimmerWave
import Testing

extension Minds {
    /// TLS with an authority of one's own, keys from files, and a proxy between.
    @Suite("A mind far away", .timeLimit(.minutes(5))) struct SecurityTests {
        /// The folder with certificates, a client's besides, and the file of a mind's key.
        private static func withCertificates(_ body: (String) async throws -> Void) async throws {
            try await CertificateFolder.with(
                """
                make client -out client.csr
                openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out client.pem
                openssl ec -in client.key -aes128 -passout pass:secret -out encrypted.key
                sed 's/^M/?/' ca.pem >broken.pem
                cp token mind.key
                """, body)
        }

        @Test func onlyTheNamedAuthorityIsBelieved() async throws {
            try await Self.withCertificates { folder in
                let files = (chain: folder + "/server.pem", key: folder + "/server.key")
                try await FaultServer.run(certificate: files) { server in
                    server.answer { _ in ServedProtocol.openai.stream("{}") }
                    for (authority, expected) in [("ca", nil), ("stranger", MindError.Code.tls), (nil, .tls)] {
                        var settings = MindSettings(name: "m", kind: .openai, url: server.url, model: "m")
                        settings.tlsCA = authority.map { "\(folder)/\($0).pem" }
                        settings.keyFile = folder + "/mind.key"
                        let mind = try HTTPMind(settings, variables: [:])
                        var code: MindError.Code?
                        do throws(MindError) {
                            _ = try await mind.ask(TransportFaultTests.question, deadline: .now + .seconds(60))
                        } catch { code = error.code }
                        #expect(code == expected, "\(authority ?? "the machine's authorities")")
                        await mind.close()
                    }
                    #expect(server.requests.count == 1)
                    #expect(server.requests.first?.headers["authorization"] == "Bearer sk-of-a-file")
                }
            }
        }

        @Test func aServerMayAskForACertificate() async throws {
            try await Self.withCertificates { folder in
                let files = (chain: folder + "/server.pem", key: folder + "/server.key")
                try await FaultServer.run(certificate: files, clients: folder + "/ca.pem") { server in
                    server.answer { _ in ServedProtocol.openai.stream("{}") }
                    for (name, expected) in [("client", nil), ("stranger", MindError.Code.tls), (nil, .tls)] {
                        var settings = MindSettings(name: "m", kind: .openai, url: server.url, model: "m")
                        settings.tlsCA = folder + "/ca.pem"
                        settings.tlsCertificate = name.map { "\(folder)/\($0).pem" }
                        settings.tlsKey = name.map { "\(folder)/\($0).key" }
                        let mind = try HTTPMind(settings, variables: [:])
                        var code: MindError.Code?
                        do throws(MindError) {
                            _ = try await mind.ask(TransportFaultTests.question, deadline: .now + .seconds(60))
                        } catch { code = error.code }
                        #expect(code == expected, "\(name ?? "no certificate")")
                        await mind.close()
                    }
                    #expect(server.requests.count == 1)
                }
            }
        }

        @Test func filesThatAreNoCertificatesAreReportedAtOnce() async throws {
            var settings = MindSettings(name: "m", kind: .openai, url: "https://127.0.0.1:1", model: "m")
            settings.tlsCA = "/etc/hostname"
            #expect { try HTTPMind(settings, variables: [:]) } throws: {
                ($0 as? MindError)?.code == .misconfigured && "\($0)".contains("/etc/hostname")
            }
            try await Self.withCertificates { folder in
                for (certificate, key, named) in [
                    ("client.pem", "encrypted.key", "encrypted.key"), ("client.key", "client.key", "client.key"),
                    ("client.pem", "client.pem", "client.pem"), ("broken.pem", "client.key", "broken.pem"),
                    ("client.pem", "nowhere", "nowhere"), ("client.pem", nil, "go together"),
                ] {
                    settings.tlsCA = folder + "/ca.pem"
                    settings.tlsCertificate = "\(folder)/\(certificate)"
                    settings.tlsKey = key.map { "\(folder)/\($0)" }
                    #expect("\(certificate) and \(key ?? "no key")") {
                        try HTTPMind(settings, variables: [:])
                    } throws: {
                        ($0 as? MindError)?.code == .misconfigured && "\($0)".contains(named)
                    }
                }
            }
        }

        @Test func aProxyIsAskedInstead() async throws {
            try await FaultServer.run { proxy in
                proxy.answer { request in
                    request.line.hasPrefix("CONNECT")
                        ? [.send("HTTP/1.1 200 OK\r\n\r\n")]
                        : ServedProtocol.openai.stream("{\"through\":\"the proxy\"}")
                }
                var settings = MindSettings(name: "m", kind: .openai, url: "http://mind.invalid:8080", model: "m")
                settings.proxy = proxy.url
                let mind = try HTTPMind(settings, variables: [:])
                let answer = try await mind.ask(TransportFaultTests.question, deadline: .now + .seconds(60))
                #expect(String(decoding: answer.text, as: UTF8.self) == "{\"through\":\"the proxy\"}")
                #expect(
                    proxy.requests.map(\.line) == [
                        "CONNECT mind.invalid:8080 HTTP/1.1", "POST /v1/chat/completions HTTP/1.1",
                    ])
                await mind.close()
            }
        }

        @Test func anEncryptedQuestionGoesThroughAProxyUnread() async throws {
            try await FaultServer.run { proxy in
                proxy.answer { _ in Reply.page("403 Forbidden", "no") }
                var settings = MindSettings(name: "m", kind: .openai, url: "https://mind.invalid", model: "m")
                settings.proxy = proxy.url
                settings.keyVariable = "KEY"
                let mind = try HTTPMind(settings, variables: ["KEY": "sk-secret"])
                await #expect {
                    try await mind.ask(TransportFaultTests.question, deadline: .now + .seconds(60))
                } throws: { ($0 as? MindError)?.code == .unreachable }
                #expect(proxy.requests.map(\.line) == ["CONNECT mind.invalid:443 HTTP/1.1"])
                #expect(proxy.requests.first?.headers["authorization"] == nil)
                await mind.close()
            }
        }

        @Test func ollamaReportsWhatItHasAndWhatIsInMemory() async throws {
            try await FaultServer.run { server in
                server.answer { request in
                    let path = request.line.split(separator: " ").dropFirst().first ?? ""
                    switch path {
                    case "/api/version": return Reply.page("200 OK", #"{"version":"0.21.0"}"#)
                    case "/api/tags": return Reply.page("200 OK", #"{"models":[{"name":"a:latest"},{"name":"b:1b"}]}"#)
                    case "/api/ps": return Reply.page("200 OK", #"{"models":[{"name":"b:1b"}]}"#)
                    default: return Reply.page("404 Not Found", "{}")
                    }
                }
                for (model, has, isLoaded) in [("a", true, false), ("b:1b", true, true), ("b", false, false)] {
                    let mind = try HTTPMind(
                        MindSettings(name: "m", kind: .ollama, url: server.url, model: model), variables: [:])
                    let state = await mind.state()
                    #expect(state.isReachable && state.hasModel == has && state.isLoaded == isLoaded, "\(model)")
                    #expect(state.version == "ollama/0.21.0")
                    #expect(state.trouble.isEmpty == has)
                    await mind.close()
                }
            }
        }
    }
}
