import Logging
import NimmerBus
import NimmerInspection
import NimmerMemoryPostgres
import NimmerOutput
import NimmerPage
import NimmerPlatform
import NimmerProcess
import NimmerScope
import NimmerScopeSession
import NimmerWave

/// Serves the page of a live system: hears it as the oscilloscope does, and asks it what pages ask.
struct LiveSession {
    private let process: ServiceProcess
    private let settings: PageSettings
    private let scope: ScopeSettings
    /// File of the password of PostgreSQL's reader.
    private let passwordFile: String?

    /// Time of the streams that is shown from the start, in milliseconds: as long as a buffer reaches back.
    private static let past = 1_800_000.0

    init(_ process: ServiceProcess, _ settings: PageSettings, passwordFile: String?) throws(PageError) {
        try settings.validate()
        self.process = process
        self.settings = settings
        self.passwordFile = passwordFile
        var scope = ScopeSettings(environment: process.environment)
        scope.limits.waveBytes = 8 << 20
        self.scope = scope
    }

    /// Lives until the process is asked to stop.
    func run() async throws {
        let environment = process.environment
        let bus = process.bus
        let model = try PageModel(
            scope,
            source: [
                "kind": .string("live"), "name": .string(bus.status.server?.name ?? ""), "motion": .string("playing"),
            ])
        let ignored = TailFilter.unasked(environment, asks: true)
        let source = LiveSource(bus, environment, model.mailbox)
        defer { source.stop() }
        model.mailbox.hold()
        let patterns = [SubjectPattern.everything(environment)]
        try await source.listen(patterns, ignoring: ignored)
        source.reportConnection()
        source.followGates(every: .seconds(5))
        let store = store
        let health = PageHealth(model, bus: bus, store: store)
        let decisions = PageDecisions(model, bus: bus, store: store)
        let history = History(model, scope, bus: bus, store: store)
        let listener = try PageListener(settings)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [process] in await process.untilStopped() }
            group.addTask {
                let past = PastSource(
                    bus: bus, environment: environment, patterns: patterns, ignored: ignored,
                    timeout: .seconds(5))
                let since = Timestamp.now().advanced(milliseconds: -Self.past)
                do { try await past.read(since: since, into: model.mailbox) } catch {
                    process.logger.warning("The past cannot be read", metadata: ["why": "\(error)"])
                    model.mailbox.release(except: [])
                }
                try await Task.sleep(for: .seconds(1 << 30))
            }
            group.addTask { try await model.run(lost: { source.lost }) }
            group.addTask {
                while true {
                    await health.look()
                    try await Task.sleep(for: .seconds(5))
                }
            }
            group.addTask {
                while true {
                    try await Task.sleep(for: .seconds(1))
                    model.append("health", health.frame(rate: model.countWaves()))
                    await decisions.learnNext()
                }
            }
            group.addTask { [process, settings] in
                try await listener.run(
                    model: model, decisions: decisions, history: history,
                    onFault: { process.logger.warning("Sessions cannot be kept", metadata: ["why": "\($0)"]) }
                ) { server, address in
                    process.health.started()
                    process.logger.info("Serving the page", metadata: ["address": "\(address)"])
                    process.answers.report { Self.statistics(server) }
                    process.metrics.collect { page in
                        page.gauge("nimmer_web_tabs", "Open tabs.", Double(model.tabs))
                        page.counter(
                            "nimmer_web_requests_total", "Requests of browsers.", UInt64(server.counts.answered))
                        page.counter(
                            "nimmer_web_refused_total", "Requests that were refused.", UInt64(server.counts.refused))
                        page.counter(
                            "nimmer_web_refused_connections_total",
                            "Connections that were too many, too slow or not TLS.",
                            UInt64(listener.refusedConnections))
                        page.counter(
                            "nimmer_web_lost_total", "Messages that found no place: too slow.", UInt64(model.lost))
                    }
                    Announcement.print(server, settings, address)
                }
            }
            defer { group.cancelAll() }
            do { try await group.next() } catch {
                await listener.stop()
                throw error
            }
        }
        await listener.stop()
        await store?.close()
    }

    private static func statistics(_ server: PageServer) -> ServiceResponder.Statistics {
        var statistics = ServiceResponder.Statistics()
        statistics.data = [
            "tabs": .number(Double(server.model.tabs)), "requests": .number(Double(server.counts.answered)),
            "refused": .number(Double(server.counts.refused)), "lost": .number(Double(server.model.lost)),
        ]
        return statistics
    }

    /// Long-term memory, where a variable names it.
    private var store: PostgresStore? {
        let variables = ProcessVariable.current()
        guard variables["NIMMERVERSE_POSTGRES_URL"]?.isEmpty == false else { return nil }
        return PostgresStore(
            DatabaseSettings(
                flag: nil, variables: variables, file: nil, passwordFlag: passwordFile, passwordFile: nil,
                environment: process.environment, applicationName: "nimmer-web"))
    }
}
