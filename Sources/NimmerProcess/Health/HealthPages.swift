import CoreMetrics
import NimmerBus
import NimmerWave
import ServiceLifecycle

/// Pages of a process when NIMMERVERSE_HTTP_PORT is set: `/healthz`, `/readyz` and `/metrics`.
struct HealthPages: Sendable {
    let health: Health
    let metrics: MetricsRegistry

    func answer(_ request: HTTPRequest) -> HTTPAnswer {
        switch request.path {
        case "/healthz":
            let trouble = health.stuck(at: .now)
            return HTTPAnswer(trouble == nil ? 200 : 503, trouble.map { "stuck: \($0)" } ?? "alive")
        case "/readyz":
            let troubles = health.troubles
            return troubles.isEmpty
                ? HTTPAnswer(200, "ready") : HTTPAnswer(503, "not ready: " + troubles.joined(separator: "; "))
        case "/metrics":
            return HTTPAnswer(200, metrics.page.bytes, type: "text/plain; version=0.0.4; charset=utf-8")
        default:
            return HTTPAnswer(404, "there are /healthz, /readyz and /metrics")
        }
    }

    /// Opens the port and answers.
    ///
    /// - Parameter build: the labels of `nimmer_build_info`.
    /// - Throws: `ProcessFailure` when the variable or its port cannot be used.
    static func serve(
        _ text: String, health: Health, metrics: MetricsRegistry, build: KeyValuePairs<String, String>
    ) throws(ProcessFailure) -> HTTPListener {
        let pages = HealthPages(health: health, metrics: metrics)
        let listener = try HTTPListener(try HTTPAddress(text)) { pages.answer($0) }
        metrics.collect { [weak listener] page in
            page.gauge("nimmer_build_info", "What runs here.", 1, build)
            page.gauge("nimmer_ready", "Whether work that comes now is done.", health.troubles.isEmpty ? 1 : 0)
            ProcessMetrics.collect(into: &page)
            guard let counters = listener?.counters else { return }
            for (status, count) in counters.answers.sorted(by: { $0.key < $1.key }) {
                page.counter(
                    "nimmer_http_answers_total", "Requests to these pages by status; 0: left without an answer.",
                    count, ["status": "\(status)"])
            }
            page.counter("nimmer_http_evicted_total", "Connections closed to make room.", counters.evicted)
        }
        listener.start()
        return listener
    }
}

/// Shows that the tasks of the process get their turn.
struct HealthPulse: Service {
    let health: Health

    func run() async throws {
        await withGracefulShutdownHandler {
            while !Task.isShuttingDownGracefully, !Task.isCancelled {
                health.turn(at: .now)
                try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(5)) }
            }
        } onGracefulShutdown: {
            health.stopping()
        }
    }
}
