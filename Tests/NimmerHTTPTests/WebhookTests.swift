import MindServers
import NimmerCell
import NimmerHTTP
import NimmerTesting
import NimmerWave
import Testing

@testable import WebhookCell

/// The webhook cell against a real server that takes posts, refuses them, or does not answer.
@Suite("webhook: commands that are posted", .timeLimit(.minutes(5)))
struct WebhookTests {
    private typealias Bench = CellBench<Webhook<CurlClient>>

    private static func table(_ rows: (String, String)...) -> SettingValue {
        .table(rows.map { SettingValue.TableRow(name: $0.0, values: [$0.1]) })
    }

    private static func bench(_ url: String, _ changes: [String: SettingValue] = [:]) throws -> Bench {
        var changes = changes
        changes["timeout_ms"] = changes["timeout_ms"] ?? .whole(120_000)
        changes["post"] = changes["post"] ?? table(("notify", url + "/hooks/notify?from=nimmer"))
        var bench = try Bench(changes)
        bench.start()
        return bench
    }

    @Test func aCommandIsPostedWithItsPayload() async throws {
        try await CertificateFolder.with { folder in
            try await FaultServer.run(script: { _ in Reply.page("201 Created", "{}") }) { server in
                var bench = try Self.bench(server.url, ["token_file": .text("\(folder)/token")])
                let result = await bench.result(of: "notify", ["text": "The pump is dry"])
                #expect(result.status == .ok)
                #expect(result.result["status"]?.int == 201)
                let request = try #require(server.requests.first)
                #expect(request.line == "POST /hooks/notify?from=nimmer HTTP/1.1")
                #expect(request.headers["content-type"] == "application/json")
                #expect(request.headers["authorization"] == "Bearer sk-of-a-file")
                #expect(request.bodyText == #"{"command":"notify","payload":{"text":"The pump is dry"}}"#)
                #expect(bench.states == ["COMMANDED", "DONE"])
                #expect(bench.waves.map(\.confidence) == [0.3, 0.3])
                #expect(bench.cell.knownCommands == ["notify"])
            }
        }
    }

    @Test func aTemplateIsFilledAndNothingEscapesFromIt() async throws {
        try await FaultServer.run(script: { _ in Reply.page("200 OK", "{}") }) { server in
            let template = #"{"title": "From {who}: {{x}", "level": "{level}", "tags": ["a", "{tag}"]}"#
            var bench = try Self.bench(server.url, ["body": Self.table(("notify", template))])
            let evil = "x\"}\r\nX-Evil: 1\r\n\r\nPOST /other HTTP/1.1 {level}"
            let result = await bench.result(
                of: "notify", ["who": .string(evil), "level": 3, "tag": ["k": 1], "x": "y", "url": "http://other/"])
            #expect(result.status == .ok)
            #expect(server.requests.count == 1)
            let request = try #require(server.requests.first)
            #expect(request.line == "POST /hooks/notify?from=nimmer HTTP/1.1")
            #expect(request.headers["x-evil"] == nil)
            let body = try JSON(parsing: request.body)
            #expect(body["title"]?.string == "From \(evil): {y")
            #expect(body["level"]?.int == 3)
            #expect(body["tags"]?[1]?["k"]?.int == 1)
            #expect(Array(body.object ?? [:]).count == 3)
            let missing = await bench.result(of: "notify", ["who": "me", "x": 1, "tag": 1])
            #expect(missing.status == .refused)
            #expect(missing.error == "payload.level is missing")
            let nested = await bench.result(of: "notify", ["who": [1], "x": 1, "level": 1, "tag": 1])
            #expect(nested.status == .refused && nested.error?.contains("payload.who") == true)
            #expect(server.requests.count == 1)
        }
    }

    @Test func whatIsNotConfiguredIsRefused() async throws {
        try await FaultServer.run(script: { _ in Reply.page("200 OK", "{}") }) { server in
            var bench = try Self.bench(server.url)
            let refused = await bench.result(of: "open", ["url": "http://other/"])
            #expect(refused.status == .refused)
            #expect(refused.error == "'open' is not configured; this webhook knows notify")
            let large = await bench.result(of: "notify", ["text": .string(String(repeating: "x", count: 60_000))])
            #expect(large.status == .ok)
            #expect(server.requests.count == 1)
        }
    }

    @Test func aCommandLeavesAtMostOnce() async throws {
        for (script, status) in [
            ([FaultServer.Step.close], "closed the connection"), ([.hang], "in time"),
            (Reply.page("503 Service Unavailable", headers: "Retry-After: 0\r\n", ""), "status 503"),
            (Reply.page("500 Internal Server Error", ""), "status 500"),
            ([.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), .close], "closed the connection"),
        ] {
            try await FaultServer.run(script: { _ in script }) { server in
                // Short for a server that hangs alone: a slow machine answers the others later.
                let limit = status == "in time" ? 400 : 20_000
                var bench = try Self.bench(server.url, ["timeout_ms": .whole(limit), "retries": .whole(5)])
                let result = await bench.result(of: "notify")
                #expect(result.status == .error)
                #expect(result.error?.contains(status) == true, "\(result.error ?? "")")
                #expect(server.requests.count == 1)
                #expect(bench.states == ["COMMANDED", "FAILED"])
                #expect(bench.waves.last?.confidence == 0.9)
            }
        }
    }

    @Test func onlyAPostThatCannotHaveArrivedIsTriedAgain() async throws {
        let port = 1
        var bench = try Self.bench("http://127.0.0.1:\(port)", ["retries": .whole(2)])
        let began = ContinuousClock.now
        let result = await bench.result(of: "notify")
        // Pauses of 100 and 200 ms.
        #expect(ContinuousClock.now - began >= .milliseconds(300))
        #expect(result.error == "notify: 127.0.0.1:\(port): connection refused; nothing was sent")
    }

    @Test func aRedirectIsNotFollowed() async throws {
        try await FaultServer.run(script: { _ in Reply.page("200 OK", "{}") }) { other in
            let target = other.url
            try await FaultServer.run(script: { _ in
                Reply.page("307 Temporary Redirect", headers: "Location: \(target)/\r\n", "")
            }) { server in
                var bench = try Self.bench(server.url)
                let result = await bench.result(of: "notify")
                #expect(result.error == "notify: status 307 (a redirect, which is not followed); expected 2xx")
                #expect(other.requests.isEmpty)
            }
        }
    }

    @Test func noMoreThanAFewAtOnce() async throws {
        var bench = try Self.bench("http://127.0.0.1:9", ["parallel": .whole(1)])
        guard case .later(let work, _) = bench.ask("notify") else {
            Issue.record("expected work that takes time")
            return
        }
        guard case .refused(let reason) = bench.ask("notify") else {
            Issue.record("expected a refusal")
            return
        }
        #expect(reason == "busy with notify; at most 1 at once")
        bench.finish(work, .failure(CancellationError()))
        #expect(bench.states == ["COMMANDED", "FAILED"])
        guard case .later = bench.ask("notify") else {
            Issue.record("expected work that takes time")
            return
        }
    }

    @Test func onlyTheNamedAuthorityIsBelieved() async throws {
        try await CertificateFolder.with { folder in
            let files = (chain: folder + "/server.pem", key: folder + "/server.key")
            try await FaultServer.run(certificate: files, script: { _ in Reply.page("200 OK", "{}") }) { server in
                var bench = try Self.bench(server.url)
                #expect(
                    await bench.result(of: "notify").error?.contains(
                        "is signed by no authority of this machine, or of tls_ca; nothing was sent") == true)
                bench = try Self.bench(server.url, ["tls_ca": .text("\(folder)/ca.pem")])
                #expect(await bench.result(of: "notify").status == .ok)
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func aWrongSettingIsRefusedByItsName() throws {
        func field(_ changes: [String: SettingValue]) -> String? {
            do {
                let bench = try Bench(changes)
                try bench.cell.checkSource()
                return nil
            } catch { return (error as? Refusal)?.field ?? "\(error)" }
        }
        let post = ["post": Self.table(("a", "http://x.lan/"))]
        #expect(field(post) == nil)
        #expect(field([:]) == "post")
        #expect(field(["post": Self.table(("a", "x.lan/{path}"))]) == "post.a")
        #expect(field(post.merging(["body": Self.table(("b", "{}"))]) { $1 }) == "body.b")
        #expect(field(post.merging(["body": Self.table(("a", "text {x}"))]) { $1 }) == "body.a")
        #expect(field(post.merging(["token_file": .text("/nowhere")]) { $1 }) == "token_file")
        #expect(
            field(["post": Self.table(("a", "http://x.lan/"), ("b", "https://x.lan/")), "token_file": .text("/x")])
                == "token_file")
        #expect(field(post.merging(["expected": .list(["ok"])]) { $1 }) == "expected")
    }
}
