import CoreMetrics
import Glibc
import Logging
import NimmerBus
import NimmerPlatform
import NimmerSystem
import NimmerWave
import ServiceLifecycle
import UnixSignals

/// A process of the system: environment, settings, logs, bus, `$SRV` answers, stop and exit status, the same for all.
///
/// Cells and nerves are started by their protocol's `main`; thalamus, cognition-bridge and hippocampus use this directly:
///
/// ```swift
/// @main enum Main {
///     static func main() async {
///         await ServiceProcess.main(manifest, Options.self, on: NATS.connector, reading: YAML.reader) { process, settings in
///             let thalamus = try Thalamus(process.system?.thalamus ?? ThalamusSettings())
///             …
///             await process.untilStopped()
///         }
///     }
/// }
/// ```
public struct ServiceProcess: Sendable {
    /// Its name on the bus.
    public let name: Token
    /// Manifest of the process.
    public let manifest: Manifest
    /// Cell, nerve or service.
    public let role: Role
    /// Environment in which it runs.
    public let environment: Environment
    /// The system file, where there is one.
    public let system: SystemFile?
    /// Source of its messages; the id is the name and four digits of this instance.
    public let source: Source
    /// Its logger: constant messages, values in metadata, quiet at info.
    public let logger: Logger
    /// The bus; connected, or (setting `connect`) still trying.
    public let bus: any Bus
    /// Time spent on its requests, and the last error.
    package let requestTimes = RequestTimes()
    /// Answers PING, INFO and STATS for it; set the source of the numbers: `process.answers.report { … }`.
    public let answers: ServiceResponder
    /// Asks on subjects that several identities publish to.
    public let requests: SharedRequests
    /// Indicates whether it is alive and ready; a service calls ``Health/started()`` once it listens.
    public let health: Health
    /// Metrics of the process: `process.metrics.collect { page in … }`, or the instruments of swift-metrics.
    public let metrics: MetricsRegistry
    /// Everything that it was started with.
    public let configuration: Configuration
    /// Opens further connections; nil for a process in miniature.
    private let connector: BusConnector?

    /// Returns when the process was asked to stop (SIGTERM, SIGINT) or its task was cancelled.
    public func untilStopped() async {
        try? await gracefulShutdown()
    }

    /// Runs a process until it is stopped, and exits with its status.
    ///
    /// Handles `--help`, `--version`, `--check` and `--manifest`; refuses a wrong environment, wrong flags and wrong settings with one
    /// line on stderr and a status of sysexits.h; on SIGTERM or SIGINT lets the body finish, drains the bus and leaves,
    /// within 10 seconds.
    ///
    /// - Parameters:
    ///   - manifest: who it is.
    ///   - options: what can be set.
    ///   - role: cell, nerve or service; decides the common settings and the source of its messages.
    ///   - kind: the source's type where it is not the role's own (thalamus, boundary).
    ///   - connector: opens the bus, such as `NATS.connector`.
    ///   - reader: reads the system file, such as `YAML.reader`.
    ///   - check: called with the configuration before anything starts; its error refuses the settings.
    ///   - facts: what follows from the settings, for `--manifest`.
    ///   - examine: called for `--check` alone: looks at the servers that the settings name; returns lines of the report.
    ///   - run: the process's life; returns when `untilStopped` did, throws a `ProcessFailure` to leave by itself.
    public static func main<Options: ProcessOptions>(
        _ manifest: Manifest, _ options: Options.Type, role: Role = .service, kind: EntityType? = nil,
        on connector: @escaping BusConnector, reading reader: SystemFileReader,
        check: @Sendable (Configuration, Settings<Options>) throws -> Void = { _, _ in },
        facts: @Sendable (Configuration) throws -> ManifestFacts = { _ in ManifestFacts() },
        examine: @Sendable (Configuration, Settings<Options>) async throws -> [String] = { _, _ in [] },
        run: @escaping @Sendable (ServiceProcess, Settings<Options>) async throws -> Void
    ) async -> Never {
        let arguments = Array(ProcessArguments.all.dropFirst())
        let variables = ProcessVariable.current()
        do {
            let declared = try DeclaredSettings(manifest, options, role: role)
            let launch = try Launch(arguments, settings: declared.all)
            switch launch.action {
            case .help:
                let program = ProcessArguments.all.first?.split(separator: "/").last.map(String.init)
                print(
                    manifest.help(declared, role: role, program: program?.visible() ?? manifest.name), terminator: "")
                ProcessEnd.exit(0)
            case .version:
                print("\(manifest.name) \(manifest.version)")
                ProcessEnd.exit(0)
            case .health:
                let answer = HealthQuestion.ask(variables["NIMMERVERSE_HTTP_PORT"])
                print(answer.line.visible())
                ProcessEnd.exit(answer.isReady ? 0 : 1)
            case .run, .check, .manifest: break
            }
            let configuration = try Configuration(
                manifest, declared, role: role, launch: launch, variables: variables, reading: reader,
                localSystem: LocalSystem.here(variables), isExamined: true)
            let settings = Settings<Options>(configuration.settings)
            try configuration.examine { try check($0, Settings<Options>($0.settings)) }
            if launch.action == .check {
                try configuration.requireSecrets()
                // It is good once what it needs was looked at.
                let lines = try await examine(configuration, settings)
                print(configuration.report(role: role), terminator: "")
                for line in lines { print("  " + line.visible()) }
                ProcessEnd.exit(0)
            }
            if launch.action == .manifest {
                print(try configuration.manifest(role: role, facts(configuration)).text.visibleJSON())
                ProcessEnd.exit(0)
            }
            try configuration.requireSecrets()
            OrphanReaper.start()
            try await live(
                configuration, role: role, kind: kind, connector: connector, variables: variables
            ) { process in try await run(process, settings) }
            ProcessEnd.exit(0)
        } catch {
            let failure = ProcessFailure(error)
            for message in [failure.message] + failure.others {
                let reason = ShownAddress.redacting(message).visible()
                toStandardError(Array("\(manifest.name): \(reason)\n".utf8))
            }
            ProcessEnd.exit(failure.status.rawValue)
        }
    }

    private static func live(
        _ configuration: Configuration, role: Role, kind: EntityType?, connector: @escaping BusConnector,
        variables: [String: String],
        run: @escaping @Sendable (ServiceProcess) async throws -> Void
    ) async throws {
        signal(SIGPIPE, SIG_IGN)
        let json = variables["NIMMERVERSE_LOG"] == "json"
        let level = Logger.Level(rawValue: configuration.settings[configuration.declared.common.logLevel]) ?? .info
        let logger = Logger(label: configuration.name.text) { label in
            LogOutput(service: label, format: json ? .json : .text, level: level)
        }
        for variable in configuration.unknownVariables {
            logger.warning("Unknown variable", metadata: ["variable": "\(variable)"])
        }
        let (health, metrics) = (Health(), MetricsRegistry())
        MetricsSystem.bootstrap(metrics)
        // Before the bus, so that a probe is answered while there is no server yet.
        let pages = try variables["NIMMERVERSE_HTTP_PORT"].flatMap { $0.isEmpty ? nil : $0 }.map { place in
            try HealthPages.serve(
                place, health: health, metrics: metrics,
                build: configuration.build(role: role, revision: variables["NIMMERVERSE_REVISION"] ?? ""))
        }
        if let pages { logger.info("Serving health and metrics", metadata: ["port": "\(pages.port)"]) }
        defer { pages?.stop() }
        let bus: any Bus
        do throws(BusError) { bus = try await connector(configuration.bus) } catch {
            throw configuration.failure(of: error)
        }
        if let reason = bus.status.server?.refusal(of: configuration.environment) {
            await bus.close()
            throw ProcessFailure(.usage, reason)
        }
        let process = ServiceProcess(
            configuration, role: role, kind: kind, logger: logger, bus: bus, health: health, metrics: metrics,
            connector: connector)
        health.check("nats") {
            let status = bus.status
            return status.isConnected ? nil : status.trouble?.description ?? "no connection yet"
        }
        metrics.collect { page in ProcessMetrics.collect(bus.status, into: &page) }
        metrics.collect { [answers = process.answers] page in
            page.counter(
                "nimmer_services_dropped_total", "Questions on $SRV without an answer: too many.", answers.dropped)
        }
        try await process.answers.start()
        let outcome = Outcome()
        var quiet = logger
        quiet.logLevel = .critical
        var group = ServiceGroupConfiguration(
            services: [
                .init(
                    service: ProcessBody(process: process, run: run, outcome: outcome),
                    successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup),
                .init(
                    service: EnvironmentWatch(bus: bus, environment: configuration.environment, outcome: outcome),
                    successTerminationBehavior: .gracefullyShutdownGroup),
                .init(service: ConnectionLog(bus: bus, url: configuration.bus.shownURL, logger: logger)),
                .init(service: StartPageRelease()),
                .init(service: HealthPulse(health: health)),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet)
        group.maximumGracefulShutdownDuration = .seconds(10)
        group.maximumCancellationDuration = .seconds(5)
        try? await ServiceGroup(configuration: group).run()
        process.answers.stop()
        await bus.drain(timeout: .seconds(5))
        if let failure = outcome.failure { throw failure }
    }

    /// A process in miniature on a bus that is there already, for tests and for tools that run cells within themselves;
    /// ``untilStopped()`` returns when its task is cancelled.
    public init(
        _ configuration: Configuration, role: Role, kind: EntityType? = nil, logger: Logger, bus: any Bus,
        health: Health = Health(), metrics: MetricsRegistry = MetricsRegistry(), connector: BusConnector? = nil
    ) {
        self.connector = connector
        self.health = health
        self.metrics = metrics
        self.configuration = configuration
        name = configuration.name
        manifest = configuration.manifest
        self.role = role
        environment = configuration.environment
        system = configuration.system
        self.logger = logger
        self.bus = bus
        requests = SharedRequests(bus)
        source = configuration.source(role: role, kind: kind, instance: UInt16.random(in: .min ... .max))
        answers = ServiceResponder(configuration.description(role: role, source: source), bus: bus)
    }

    /// Opens another connection to the server, for work that must not hold up the rest; the caller closes it.
    ///
    /// - Parameters:
    ///   - suffix: what the server shows behind the process's name.
    ///   - maximumReadRate: how many bytes a second are read at most; nil: all that comes.
    /// - Returns: the bus; nil where the process was started without a way to open one.
    /// - Throws: a `BusError` when there is no connection at once.
    public func connect(_ suffix: String, maximumReadRate: Int? = nil) async throws(BusError) -> (any Bus)? {
        guard let connector else { return nil }
        var settings = configuration.bus
        settings.name += suffix
        settings.maximumReadRate = maximumReadRate
        settings.waitsForServer = false
        return try await connector(settings)
    }

    /// Sends a command to a cell and waits for its answer, for at most the command's deadline and half a second.
    ///
    /// Never throws: no responder, no answer in time or an unreadable answer is an `error` result with the reason.
    public func ask(_ command: Command, cell: Token) async -> CommandResult {
        let timeout = Duration.milliseconds(command.deadlineMilliseconds.addingSaturated(500))
        do throws(BusError) { return try await ask(command, cell: cell, within: timeout) } catch {
            return CommandResult(status: .error, error: "\(cell): \(error)")
        }
    }

    /// Sends a command to a cell and waits for its answer, for at most the timeout.
    ///
    /// - Returns: the answer; an unreadable one is an `error` result with the reason.
    /// - Throws: a `BusError` without an answer in time.
    package func ask(
        _ command: Command, cell: Token, within timeout: Duration
    ) async throws(BusError) -> CommandResult {
        let message = Envelope(id: .v7(), at: .now(), from: source, command)
        let answer = try await requests.request(
            .request(environment, cell: cell), of: cell, payload: message.encoded(), timeout: timeout)
        do throws(Refusal) { return try Envelope<CommandResult>(answer: answer.payload).body } catch {
            return CommandResult(status: .error, error: "\(cell) answered what cannot be read: \(error)")
        }
    }
}
