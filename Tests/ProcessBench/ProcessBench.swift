import Logging
import NimmerBus
import NimmerProcess
import NimmerSystem
import NimmerWave

/// A service run within the tests' own process, on a bus in memory.
public struct ProcessBench: Sendable {
    /// The bus, with its streams.
    public let bus: InMemoryBus
    /// The service.
    public let process: ServiceProcess

    /// A service that does not run yet.
    ///
    /// - Parameters:
    ///   - options: what can be set of it; everything has its default.
    ///   - bus: where it runs; streams that are there already are found by it.
    /// - Throws: a `ProcessFailure` when the name is not valid.
    public init<Options: ProcessOptions>(
        _ manifest: Manifest, _ options: Options.Type = NoOptions.self, kind: EntityType, name: String? = nil,
        system: SystemFile? = nil,
        on bus: InMemoryBus = InMemoryBus()
    ) throws(ProcessFailure) {
        let configuration = try Configuration(
            manifest, options, role: .service, environment: .dev, name: name, system: system)
        let quiet = Logger(label: manifest.name) { _ in SwiftLogNoOpLogHandler() }
        self.bus = bus
        process = ServiceProcess(configuration, role: .service, kind: kind, logger: quiet, bus: bus)
    }

    /// Runs the service while the body uses it, then asks it to stop and waits for its end.
    public func run(
        _ service: @escaping @Sendable () async throws -> Void, while body: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service() }
            try await body()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// Asks the service, as soon as it listens.
    ///
    /// - Parameter subject: where it listens; its requests as a service unless given.
    public func ask(
        _ command: String, _ payload: JSON = [:], on subject: Subject? = nil
    ) async throws -> CommandResult {
        try await ask(
            Envelope(id: .v7(), at: .now(), from: Self.sender, Command(command: command, payload: payload)), on: subject
        )
    }

    /// Asks the service by a message that is made already, as soon as it listens.
    public func ask(_ message: Envelope<Command>, on subject: Subject? = nil) async throws -> CommandResult {
        let subject = subject ?? .request(process.environment, cell: process.name)
        while true {
            do {
                let answer = try await bus.request(subject, payload: message.encoded(), timeout: .seconds(50))
                return try Envelope<CommandResult>(decoding: answer.payload).body
            } catch let error as BusError where error.code == .noResponders {
                await Task.yield()
            }
        }
    }

    /// The source of what a bench sends.
    public static let sender = Source(entityID: "bench", entityType: .service)
}
