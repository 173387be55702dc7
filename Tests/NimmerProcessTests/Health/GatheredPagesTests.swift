import Glibc
import NimmerBus
import NimmerWave
import Testing

@testable import NimmerProcess

/// The pages of several processes under one address.
@Suite struct GatheredPagesTests {
    @Test func samplesOfOneNameStandTogetherAndNameTheirProcess() {
        let first =
            "# HELP a_total What.\n# TYPE a_total counter\na_total 1\na_total{x=\"y z\"} 2\n# TYPE b gauge\nb{} 3\n"
        let second = "# HELP a_total What.\n# TYPE a_total counter\na_total 4\n"
        #expect(
            GatheredPages.merged([("one", first), ("two", second)]) == """
                # HELP a_total What.
                # TYPE a_total counter
                a_total{process="one"} 1
                a_total{process="one",x="y z"} 2
                a_total{process="two"} 4
                # TYPE b gauge
                b{process="one"} 3

                """)
    }

    @Test func oneThatDoesNotAnswerIsNotReady() throws {
        let there = try HTTPListener(HTTPAddress("127.0.0.1:0")) { request in
            HTTPAnswer(200, request.path == "/metrics" ? "up 1" : "ready")
        }
        there.start()
        defer { there.stop() }
        let pages = try GatheredPages("127.0.0.1:0", ports: ["there": there.port, "gone": 1])
        defer { pages.stop() }
        let ready = try HealthQuestion.page("/readyz", at: HTTPAddress("127.0.0.1:\(pages.port)"), limit: 60_000)
        #expect(ready.status == 503 && ready.line == "gone: no answer")
        let metrics = try HealthQuestion.page("/metrics", at: HTTPAddress("127.0.0.1:\(pages.port)"), limit: 60_000)
        #expect(
            metrics.status == 200 && String(decoding: metrics.body, as: UTF8.self).contains("up{process=\"there\"} 1"))
    }

    /// Five that take connections and do not answer would take longer than the question waits, one after the other.
    @Test func thoseThatDoNotAnswerAreWaitedForTogether() throws {
        let there = try HTTPListener(HTTPAddress("127.0.0.1:0")) { _ in HTTPAnswer(200, "up 1") }
        there.start()
        defer { there.stop() }
        // A listener that was not started takes connections into its queue.
        let silent = try (0..<5).map { _ in try HTTPListener(HTTPAddress("127.0.0.1:0")) { _ in HTTPAnswer(200, "") } }
        var ports = ["there": there.port]
        for (index, listener) in silent.enumerated() { ports["silent\(index)"] = listener.port }
        let pages = try GatheredPages("127.0.0.1:0", ports: ports)
        defer { pages.stop() }
        let ready = try HealthQuestion.page("/readyz", at: HTTPAddress("127.0.0.1:\(pages.port)"), limit: 60_000)
        #expect(ready.status == 503)
        #expect(ready.line == (0..<5).map { "silent\($0): no answer" }.joined(separator: "; "))
    }
}

/// A server that is another environment's.
@Suite struct ServerOfEnvironmentTests {
    private func server(_ name: String) -> ServerIdentity {
        ServerIdentity(name: name, id: "", version: "2.10.0", url: "nats://x:1", maximumPayload: 1, features: [])
    }

    @Test func itIsRefusedByName() {
        let reason = server("nimmer-dev").refusal(of: .staging)
        #expect(reason?.contains("nimmer-dev at nats://x:1 is that of dev, and NIMMERVERSE_ENV is staging") == true)
        #expect(server("nimmer-prod-2").refusal(of: .dev) != nil)
    }

    @Test func itsOwnAndOneWithoutAnEnvironmentAreNot() {
        for name in ["nimmer-dev", "nimmer-dev-0", "nats-0", "nimmer-development", "nimmerverse", ""] {
            #expect(server(name).refusal(of: .dev) == nil, "\(name)")
        }
        #expect(server("nats-0").refusal(of: .prod) == nil)
    }
}
