@testable import HTTPCell
@testable import NimmerCell
import MindServers
@testable import NimmerHTTP
import NimmerProcess
import NimmerSensing
import NimmerTesting
import NimmerWave
import NimmerWeb
import Testing

/// The real client, whose answers all took the same time, however busy the machine is.
struct SteadyClient: WebClient {
    private let client: CurlClient

    init(_ settings: WebClientSettings) { client = CurlClient(settings) }

    func checkFiles() throws(Refusal) { try client.checkFiles() }

    func send(_ request: WebRequest) async throws(WebFailure) -> WebAnswer {
        var answer = try await client.send(request)
        answer.latency = 2
        return answer
    }
}

/// The http cell against a real server that answers well, badly, or not.
@Suite("http: a server that is watched", .timeLimit(.minutes(5)))
struct HTTPCellTests {
    typealias Bench = CellBench<HTTPProbe<CurlClient>>

    /// A cell that asks a server, with the client of the product; `SteadyClient` is for what depends on the number alone. It waits for
    /// answers as long as a busy machine takes, unless a test changes that.
    static func bench<Client: WebClient>(
        _ url: String, _ changes: [String: SettingValue] = [:], by client: Client.Type = CurlClient.self
    ) throws -> CellBench<HTTPProbe<Client>> {
        let settings: [String: SettingValue] = ["url": .text(url), "timeout_ms": .whole(120_000)]
        var bench = try CellBench<HTTPProbe<Client>>(settings.merging(changes) { $1 })
        bench.start()
        return bench
    }

    /// The content of the one wave that a look at a server gives; nil for silence.
    static func look(
        _ changes: [String: SettingValue] = [:], path: String = "/", _ script: @escaping FaultServer.Script
    ) async throws -> (wave: WaveSignal?, states: [String]) {
        try await FaultServer.run(script: script) { server in
            var bench = try bench(server.url + path, changes)
            await bench.work()
            #expect(bench.waves.count <= 1)
            return (bench.waves.last, bench.states)
        }
    }

    @Test func anAnswerIsLearnedAndSilent() async throws {
        try await FaultServer.run(script: { _ in Reply.page("200 OK", "{}") }) { server in
            var bench = try Self.bench(server.url + "/health?deep=1")
            for _ in 0..<3 {
                await bench.work()
                bench.advance(milliseconds: 10_000)
            }
            #expect(bench.waves.isEmpty && bench.states.isEmpty)
            #expect(server.requests.count == 3)
            #expect(server.requests.first?.line == "GET /health?deep=1 HTTP/1.1")
            #expect(server.requests.first?.headers["authorization"] == nil)
        }
    }

    @Test(
        arguments: [
            ("500 Internal Server Error", "status", 500), ("302 Found", "status", 302),
            ("404 Not Found", "status", 404),
        ])
    func anUnexpectedStatusIsCertain(line: String, reason: String, status: Int) async throws {
        let seen = try await Self.look { _ in Reply.page(line, headers: "Location: /login\r\n", "{}") }
        let wave = try #require(seen.wave)
        #expect(wave.confidence == 1)
        #expect(seen.states == ["DOWN"])
        #expect(wave.semanticContent["of"]?.string == "answer")
        #expect(wave.semanticContent["reason"]?.string == reason)
        #expect(wave.semanticContent["status"]?.int == status)
    }

    @Test func statusesCanBeExpected() async throws {
        let seen = try await Self.look(["expected": .list(["200", "401"])]) { _ in Reply.page("401 Unauthorized", "") }
        #expect(seen.wave == nil)
    }

    @Test func aServerThatIsNotThereIsDownUntilItIs() async throws {
        // Nobody listens on port 1.
        let port = 1
        var bench = try Self.bench("http://127.0.0.1:\(port)/", ["failures": .whole(2)])
        await bench.work()
        #expect(bench.states.isEmpty)
        #expect(bench.waves.map(\.confidence) == [0.5])
        bench.advance(milliseconds: 10_000)
        await bench.work()
        #expect(bench.states == ["DOWN"])
        #expect(bench.waves.last?.confidence == 1)
        #expect(bench.waves.last?.semanticContent["reason"]?.string == "unreachable")
        #expect(bench.waves.last?.semanticContent["failures"]?.int == 2)
        #expect(bench.waves.last?.semanticContent["detail"]?.string == "127.0.0.1:\(port): connection refused")
        // The same cell by a recorded reading.
        bench.read(12)
        #expect(bench.states.last == "LEARNING")
    }

    @Test func aSlowServerHoldsUpNoPulseAndIsNotAskedTwiceAtOnce() async throws {
        try await FaultServer.run(script: { _ in [.wait(.milliseconds(400))] + Reply.page("200 OK", "{}") }) { server in
            var bench = try Self.bench(server.url, ["interval_ms": .whole(10)])
            bench.advance(milliseconds: 1000)
            #expect(server.requests.isEmpty && bench.begunWork == 1)
            await bench.work()
            #expect(server.requests.count == 1)
            bench.advance(milliseconds: 10)
            await bench.work()
            #expect(server.requests.count == 2)
        }
    }

    @Test func redirectsAreFollowedAsFarAsTheSettingLets() async throws {
        let follow: [String: SettingValue] = ["redirects": .whole(3), "path": .text("load")]
        let well = try await Self.look(follow) { request in
            request.line.contains(" /there ")
                ? Reply.page("200 OK", #"{"load": 1}"#)
                : Reply.page("302 Found", headers: "Location: ./there#part\r\n", "")
        }
        #expect(well.wave == nil)
        let loop = try await Self.look(follow) { _ in Reply.page("302 Found", headers: "Location: /\r\n", "") }
        #expect(loop.wave?.semanticContent["reason"]?.string == "redirect")
        #expect(loop.wave?.semanticContent["detail"]?.string == "more than 3 redirects")
        let away = try await Self.look(follow) { _ in
            Reply.page("302 Found", headers: "Location: file:///etc/passwd\r\n", "")
        }
        #expect(away.wave?.semanticContent["reason"]?.string == "redirect")
    }

    @Test func theTokenIsNotShownToAnotherServer() async throws {
        try await CertificateFolder.with { folder in
            try await FaultServer.run(script: { _ in Reply.page("200 OK", "{}") }) { other in
                let target = other.url
                try await FaultServer.run(script: { _ in
                    Reply.page("302 Found", headers: "Location: \(target)/x\r\n", "")
                }) { server in
                    var bench = try Self.bench(
                        server.url,
                        [
                            "redirects": .whole(1), "token_file": .text("\(folder)/token"),
                            "token_header": .text("X-Api-Key"),
                        ])
                    await bench.work()
                    #expect(bench.waves.isEmpty)
                    #expect(server.requests.first?.headers["x-api-key"] == "sk-of-a-file")
                    #expect(other.requests.first?.line == "GET /x HTTP/1.1")
                    #expect(other.requests.first?.headers["x-api-key"] == nil)
                }
            }
        }
    }

    @Test func aNumberIsReadOutOfTheAnswer() async throws {
        try await FaultServer.run { server in
            var bench = try Self.bench(
                server.url, ["path": .text("disks.0.used"), "learning_samples": .whole(40), "ignore": .list(["-1"])],
                by: SteadyClient.self)
            for look in 0..<60 {
                // As text with a decimal comma, which devices send; and twice no reading.
                let text = look < 50 ? #""\#(40 + look % 3),5 %""# : #""91,5 %""#
                server.answer { _ in
                    Reply.page("200 OK", #"{"disks": [{"used": \#(look == 30 ? "null" : look == 31 ? "-1" : text)}]}"#)
                }
                await bench.work()
                bench.advance(milliseconds: 10_000)
            }
            #expect(bench.states.last == "SURPRISED")
            let wave = try #require(bench.waves.last)
            #expect(wave.semanticContent["of"]?.string == "value")
            #expect(wave.semanticContent["value"]?.double == 91.5)
            #expect(wave.semanticContent["direction"]?.string == "above")
            #expect(wave.semanticContent["status"]?.int == 200)
            #expect(wave.confidence > 0.9)
            #expect(bench.body.counters.sentinels == 1)
        }
    }

    /// As a sensor learns: missing readings are time that passed.
    @Test func looksWithoutTheNumberAreTimeThatPassed() async throws {
        try await FaultServer.run { server in
            var bench = try Self.bench(
                server.url, ["path": .text("used"), "learning_samples": .whole(60)], by: SteadyClient.self)
            for look in 0..<90 {
                server.answer { _ in
                    Reply.page("200 OK", #"{"used": \#(look % 3 == 0 ? "\(40 + look % 5)" : "null")}"#)
                }
                await bench.work()
                bench.advance(milliseconds: 10_000)
            }
            // 30 numbers in 90 looks: learning took 60 looks, not 60 numbers.
            #expect(bench.states.last == "CALM", "\(bench.states)")
        }
    }

    /// A number that is no longer there is silence, however well the server answers.
    @Test func aNumberThatIsGoneIsStale() async throws {
        try await FaultServer.run { server in
            var bench = try Self.bench(
                server.url, ["path": .text("used"), "learning_samples": .whole(30), "stale_after_ms": .whole(60_000)],
                by: SteadyClient.self)
            for look in 0..<60 {
                server.answer { _ in Reply.page("200 OK", #"{"used": \#(look < 40 ? "\(40 + look % 5)" : "null")}"#) }
                await bench.work()
                if look == 40 { #expect(!bench.body.isStale) }
                bench.advance(milliseconds: 10_000)
            }
            #expect(bench.body.isStale)
        }
    }

    @Test func anAnswerWithoutTheNumberIsCertainlyWrong() async throws {
        func wrong(_ page: String, limit: Int = 1024) async throws -> JSON? {
            let changes: [String: SettingValue] = ["path": .text("load"), "body_limit": .whole(limit)]
            return try await Self.look(changes) { _ in Reply.page("200 OK", page) }.wave?.semanticContent
        }
        #expect(try await wrong("<html>log in</html>")?["detail"]?.string == "expected JSON with a number at load")
        #expect(try await wrong("{}")?["detail"]?.string == "expected a number at load")
        #expect(
            try await wrong(#"{"load": [1]}"#)?["detail"]?.string
                == "found [1] at load; expected a number within ±1e150")
        for found in [#""hello""#, #""1e300""#] {
            #expect(
                try await wrong(#"{"load": \#(found)}"#)?["detail"]?.string
                    == "found \(found) at load; expected a number within ±1e150")
        }
        #expect(
            try await wrong(#"{"load": 1e300}"#)?["detail"]?.string?
                .hasSuffix("at load; expected a number within ±1e150") == true)
        let huge = #"{"load": 1, "more": ""# + String(repeating: "x", count: 100_000) + #""}"#
        #expect(try await wrong(huge)?["detail"]?.string == "its answer is longer than 1024 bytes")
        #expect(try await wrong(huge)?["reason"]?.string == "answer")
        #expect(try await wrong(huge, limit: 1_000_000) == nil)
    }

    @Test func aLatencyThatGrowsIsNoticedAndOneThatShrinksIsNot() throws {
        var bench = try Bench(["learning_samples": .whole(40)])
        bench.start()
        func read(_ latency: Double, _ count: Int) {
            for index in 0..<count {
                bench.read(latency + Double(index % 5))
                bench.advance(milliseconds: 10_000)
            }
        }
        read(20, 60)
        #expect(bench.states == ["CALM"])
        read(5, 10)
        #expect(bench.waves.isEmpty)
        read(20, 60)
        read(180, 8)
        #expect(bench.states.last == "SURPRISED")
        #expect(bench.waves.last?.semanticContent["of"]?.string == "latency_ms")
        bench.read(.infinity)
        #expect(bench.states.last == "DOWN")
        #expect(bench.waves.last?.confidence == 1)
    }

    @Test func whatIsFasterForLongIsNotLearnedAgain() throws {
        var bench = try Bench(["learning_samples": .whole(40)])
        bench.start()
        for index in 0..<200 {
            bench.read((index < 60 ? 20 : 5) + Double(index % 5))
            bench.advance(milliseconds: 10_000)
        }
        #expect(bench.waves.isEmpty)
        #expect(bench.states == ["CALM"])
    }

    @Test func fastAnswersWithinASpellOfVaryingOnesDoNotEndIt() throws {
        var bench = try Bench(["learning_samples": .whole(100)])
        bench.start()
        for index in 0..<160 {
            bench.read(index < 120 ? 20 + Double(index % 3) : [21, 21, 60, 60, 2, 2][index % 6])
            bench.advance(milliseconds: 10_000)
        }
        #expect(bench.states == ["CALM", "SURPRISED"])
        #expect(bench.waves.allSatisfy { $0.semanticContent["value"]?.double ?? 0 > 20 })
        #expect(!bench.waves.isEmpty)
    }

    @Test func ofARecordingItsPaceCounts() throws {
        let changes: [String: SettingValue] = ["interval_ms": .whole(60_000)]
        var body = try CellBody<HTTPProbe<CurlClient>>(Configuration(of: HTTPProbe<CurlClient>.self, changes: changes))
        var moment = Timestamp(milliseconds: 1000)
        #expect(body.startPlayed(at: moment).actions.isEmpty)
        for _ in 0..<20 {
            moment = moment.advanced(milliseconds: 200)
            #expect(body.play(.row([12]), at: moment).waves.isEmpty)
        }
        // It neither asks nor keeps its own pace.
        let down = body.play(.row([.infinity]), at: moment.advanced(milliseconds: 200)).waves
        #expect(down.first?.confidence == 1)
        #expect(down.first?.intervalMilliseconds == 200)
        #expect(body.play(.row([]), at: moment).waves.isEmpty && body.play(.row([.nan]), at: moment).waves.isEmpty)
    }

    @Test func whatItLearnedSurvivesARestart() throws {
        var bench = try Bench(["learning_samples": .whole(40), "url": .text("http://nas.lan/?key=secret")])
        for index in 0..<60 {
            bench.read(20 + Double(index % 5))
            bench.advance(milliseconds: 10_000)
        }
        let kept = try #require(bench.cell.learned)
        var next = try Bench(["learning_samples": .whole(40), "url": .text("http://nas.lan/?key=secret")])
        next.resume(learned: kept)
        #expect(next.cell.latency.detector.samples == bench.cell.latency.detector.samples)
        #expect(next.states == ["CALM"])
        #expect(next.cell.learnsFrom == bench.cell.learnsFrom)
        #expect(!next.cell.learnsFrom.contains("secret"))
    }

    @Test func onlyTheNamedAuthorityIsBelieved() async throws {
        try await CertificateFolder.with { folder in
            let files = (chain: folder + "/server.pem", key: folder + "/server.key")
            try await FaultServer.run(certificate: files, script: { _ in Reply.page("200 OK", "{}") }) { server in
                for (authority, reason) in [("ca", nil), ("stranger", "tls"), (nil, "tls")] {
                    let changes = authority.map { ["tls_ca": SettingValue.text("\(folder)/\($0).pem")] } ?? [:]
                    var bench = try Self.bench(server.url, changes)
                    await bench.work()
                    #expect(bench.waves.last?.semanticContent["reason"]?.string == reason, "\(authority ?? "none")")
                }
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test func aWrongSettingIsRefusedByItsName() async throws {
        func field(_ changes: [String: SettingValue]) -> String? {
            do {
                let bench = try Bench(changes)
                try bench.cell.checkSource()
                return nil
            } catch { return (error as? Refusal)?.field ?? "\(error)" }
        }
        #expect(field([:]) == "url")
        for text in [
            "nas.lan", "ftp://nas.lan/", "http://", "http://nas.lan:0/", "http://nas.lan:x/", "http://u:p@nas.lan/",
            "http://nas.lan/#a", "http://nas lan/", "http://nas.lan/\r\nX: y", "http://[::1/",
        ] {
            #expect(field(["url": .text(text)]) == "url", "\(text)")
        }
        let url = ["url": SettingValue.text("https://[fe80::1]:8443/a?b=c")]
        #expect(field(url) == nil)
        #expect(field(url.merging(["expected": .list([])]) { $1 }) == "expected")
        #expect(field(url.merging(["expected": .list(["200", "2x"])]) { $1 }) == "expected")
        #expect(field(url.merging(["expected": .list(["300-200"])]) { $1 }) == "expected")
        #expect(field(url.merging(["ignore": .list(["x"])]) { $1 }) == "ignore")
        #expect(field(url.merging(["token_header": .text("a b")]) { $1 }) == "token_header")
        #expect(field(url.merging(["token_header": .text("Host")]) { $1 }) == "token_header")
        #expect(field(url.merging(["tls_ca": .text("/nowhere.pem")]) { $1 }) == "tls_ca")
        #expect(field(url.merging(["token_file": .text("/nowhere")]) { $1 }) == "token_file")
        try await CertificateFolder.with("printf 'no certificate' > broken.pem; printf 'two words' > spaced") {
            folder in
            #expect(field(url.merging(["tls_ca": .text("\(folder)/broken.pem")]) { $1 }) == "tls_ca")
            #expect(field(url.merging(["token_file": .text("\(folder)/spaced")]) { $1 }) == "token_file")
        }
    }
}

extension CellBench {
    /// Number of works that it began.
    var begunWork: Int { actions.count { if case .begin = $0 { true } else { false } } }
}

extension CellBench where C: NumberCell {
    /// Hands it a recorded reading.
    mutating func read(_ number: Double) { update { cell, pulse in try cell.read(number, &pulse) } }
}

extension CellBench where C: Learner {
    /// Hands it what an earlier one has learned.
    mutating func resume(learned: [UInt8]) {
        update { cell, pulse in try cell.resume(learned: learned, &pulse) }
    }
}
