import Glibc
import NimmerWave
import Synchronization
import Testing

@testable import NimmerProcess

@Suite("HTTP for probes")
struct HTTPTests {
    private func read(_ text: String) throws(HTTPRequest.Refused) -> HTTPRequest? { try HTTPRequest(Array(text.utf8)) }

    @Test("a head is read once it is complete, and the query is left out")
    func heads() throws {
        let whole = "GET /metrics?name=x HTTP/1.1\r\nHost: a\r\n\r\n"
        for length in 0..<whole.utf8.count {
            #expect(try HTTPRequest(Array(whole.utf8.prefix(length))) == nil, "\(length)")
        }
        let request = try #require(try read(whole))
        #expect(request.method == "GET")
        #expect(request.path == "/metrics")
        #expect(try read("HEAD / HTTP/1.0\n\n")?.method == "HEAD")
    }

    @Test(
        "what is no request is refused with its status",
        arguments: [
            ("GET  /x HTTP/1.1\r\n\r\n", 400), ("get /x HTTP/1.1\r\n\r\n", 400), ("GET x HTTP/1.1\r\n\r\n", 400),
            ("GET /x\r\n\r\n", 400), ("GET /x HTTP/2.0\r\n\r\n", 505), ("GET /x FTP/1.1\r\n\r\n", 400),
            ("GET /\u{7f} HTTP/1.1\r\n\r\n", 400), ("\u{16}\u{03}\u{01}", 400), ("\r\n\r\n", 400),
        ])
    func refusals(text: String, status: Int) {
        do throws(HTTPRequest.Refused) {
            let request = try read(text)
            Issue.record("read as \(String(describing: request))")
        } catch { #expect(error.rawValue == status) }
    }

    @Test("a head that never ends is refused")
    func endless() {
        let head = "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: HTTPRequest.longestHead)
        #expect(throws: HTTPRequest.Refused.tooLarge) { try read(head) }
        #expect(throws: HTTPRequest.Refused.tooLarge) { try read(head + "\r\n\r\n") }
    }

    @Test("any bytes are read or refused, never trapped on")
    func fuzz() {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("GET /x HTTP/1.1\r\n\r\n:?\u{0}".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in alphabet.randomElement(using: &random)!
            }
            _ = try? HTTPRequest(bytes)
        }
    }

    @Test(
        "the variable names a port, or an address and a port",
        arguments: [
            ("9464", nil, 9464), ("127.0.0.1:80", "127.0.0.1", 80), ("[::1]:0", "::1", 0),
        ] as [(String, String?, UInt16)])
    func addresses(text: String, host: String?, port: UInt16) throws {
        let address = try HTTPAddress(text)
        #expect(address.host == host)
        #expect(address.port == port)
    }

    @Test("anything else is refused with what was found", arguments: ["", "x", "70000", ":80", "-1", "1:2:3x", "+80"])
    func wrongAddresses(text: String) {
        do throws(ProcessFailure) {
            let address = try HTTPAddress(text)
            Issue.record("read as \(address)")
        } catch {
            #expect(error.status == .usage)
            #expect(error.message.contains("'\(text)'"))
        }
    }
}

@Suite("The listener for probes")
struct HTTPListenerTests {
    /// Sends bytes, and reads until the other side ends; nil when nobody listens.
    private func exchange(_ port: UInt16, _ text: String) throws -> String {
        let connection = try open(port)
        defer { close(connection) }
        _ = send(connection, text, text.utf8.count, Int32(MSG_NOSIGNAL))
        return rest(of: connection)
    }

    private func open(_ port: UInt16) throws -> Int32 {
        let address = try HTTPAddress("127.0.0.1:\(port)")
        let (connection, trouble) = address.first(passive: false) { family, at, length -> Int32? in
            let connection = socket(family, Int32(SOCK_STREAM.rawValue), 0)
            return connect(connection, at, length) == 0 ? connection : nil
        }
        return try #require(connection, "\(trouble)")
    }

    private func rest(of connection: Int32) -> String {
        var all: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = recv(connection, &chunk, chunk.count, 0), count > 0 { all += chunk[..<count] }
        return String(decoding: all, as: UTF8.self)
    }

    private func listening(
        _ answer: @escaping @Sendable (HTTPRequest) -> HTTPAnswer = { HTTPAnswer(200, "you asked \($0.path)") },
        _ body: (HTTPListener) throws -> Void
    ) throws {
        let listener = try HTTPListener(HTTPAddress("127.0.0.1:0"), answer: answer)
        listener.start()
        defer { listener.stop() }
        try body(listener)
    }

    @Test("answers GET with and HEAD without a body, refuses the rest, and counts all by status")
    func answers() throws {
        try listening { listener in
            let got = try exchange(listener.port, "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(got.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(got.contains("Content-Length: 13\r\n"))
            #expect(got.hasSuffix("\r\n\r\nyou asked /a\n"))
            let head = try exchange(listener.port, "HEAD /a HTTP/1.1\r\n\r\n")
            #expect(head.contains("Content-Length: 13\r\n") && head.hasSuffix("\r\n\r\n"))
            #expect(try exchange(listener.port, "POST /a HTTP/1.1\r\n\r\n").contains(" 405 "))
            #expect(try exchange(listener.port, "hello\r\n\r\n").contains(" 400 "))
            #expect(try exchange(listener.port, "GET / HTTP/3\r\n\r\n").contains(" 505 "))
            let long = "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 10_000) + "\r\n\r\n"
            #expect(try exchange(listener.port, long).contains(" 431 "))
            #expect(listener.counters.answers == [200: 2, 405: 1, 400: 1, 505: 1, 431: 1])
        }
    }

    @Test("a page larger than the socket's buffer arrives whole")
    func large() throws {
        let body = [UInt8](repeating: 0x78, count: 8_000_000)
        try listening({ _ in HTTPAnswer(200, body) }) { listener in
            let got = try exchange(listener.port, "GET / HTTP/1.1\r\n\r\n")
            #expect(got.utf8.count > body.count)
        }
    }

    @Test("clients that connect and send nothing cannot keep others out")
    func crowd() throws {
        try listening { listener in
            let silent = try (0..<(HTTPListener.room * 3)).map { _ in try open(listener.port) }
            defer { silent.forEach { close($0) } }
            #expect(try exchange(listener.port, "GET /a HTTP/1.1\r\n\r\n").contains(" 200 "))
            #expect(listener.counters.evicted >= UInt64(HTTPListener.room * 2))
        }
    }

    @Test("a port that is taken is named, with what to change")
    func taken() throws {
        try listening { listener in
            do throws(ProcessFailure) {
                _ = try HTTPListener(HTTPAddress("127.0.0.1:\(listener.port)")) { _ in HTTPAnswer(200, "") }
                Issue.record("two listen on one port")
            } catch {
                #expect(error.status == .unavailable)
                #expect(error.message.contains("NIMMERVERSE_HTTP_PORT"))
                #expect(error.message.contains("127.0.0.1:\(listener.port)"))
            }
        }
    }

    @Test("everywhere means both kinds of address, and --health finds it")
    func everywhere() throws {
        let health = Health()
        let pages = HealthPages(health: health, metrics: MetricsRegistry())
        let listener = try HTTPListener(HTTPAddress("0")) { pages.answer($0) }
        listener.start()
        defer { listener.stop() }
        #expect(HealthQuestion.ask("\(listener.port)") == ("not ready: starting", false))
        health.started()
        #expect(HealthQuestion.ask("\(listener.port)") == ("ready", true))
        #expect(
            try exchange(listener.port, "GET /metrics HTTP/1.1\r\n\r\n").contains("nimmer_metrics_over_limit_total"))
        #expect(try exchange(listener.port, "GET /other HTTP/1.1\r\n\r\n").contains(" 404 "))
    }

    @Test("without an answer --health prints the reason")
    func unanswered() throws {
        #expect(!HealthQuestion.ask(nil).isReady)
        #expect(HealthQuestion.ask(nil).line.contains("NIMMERVERSE_HTTP_PORT"))
        #expect(HealthQuestion.ask("words").line.contains("'words'"))
        var port: UInt16 = 0
        try listening { port = $0.port }
        let nobody = HealthQuestion.ask("127.0.0.1:1")
        #expect(!nobody.isReady && nobody.line.contains("no answer on 127.0.0.1:1"))
        #expect(HealthQuestion.parse(Array("SSH-2.0\r\n".utf8)) == nil)
        #expect(port > 0)
    }
}

@Suite("Health")
struct HealthTests {
    @Test("ready once it started and nothing is missing; never while it stops")
    func readiness() {
        let health = Health()
        let trouble = Mutex<String?>("no connection")
        health.check("nats") { trouble.withLock { $0 } }
        #expect(health.troubles == ["nats: no connection"])
        trouble.withLock { $0 = nil }
        #expect(health.troubles == ["starting"])
        health.started()
        #expect(health.troubles.isEmpty)
        trouble.withLock { $0 = "lost" }
        #expect(health.troubles == ["nats: lost"])
        health.stopping()
        #expect(health.troubles == ["stopping"])
    }

    @Test("alive as long as tasks get their turn")
    func liveness() {
        let start = ContinuousClock.now
        let health = Health(at: start)
        #expect(health.stuck(at: start.advanced(by: Health.stallTimeout)) == nil)
        #expect(health.stuck(at: start.advanced(by: .seconds(31))) == "no task got its turn for 31 s")
        health.turn(at: start.advanced(by: .seconds(20)))
        #expect(health.stuck(at: start.advanced(by: .seconds(31))) == nil)
    }
}
