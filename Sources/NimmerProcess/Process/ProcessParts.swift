import Logging
import NimmerBus
import NimmerSystem
import NimmerWave
import ServiceLifecycle
import Synchronization

/// Result of the body of a process.
final class Outcome: Sendable {
    private let state = Mutex<ProcessFailure?>(nil)

    var failure: ProcessFailure? { state.withLock { $0 } }

    func fail(_ error: any Error) {
        guard !(error is CancellationError) else { return }
        state.withLock { $0 = $0 ?? ProcessFailure(error) }
    }
}

/// The body of a process as a service of its group.
struct ProcessBody: Service {
    let process: ServiceProcess
    let run: @Sendable (ServiceProcess) async throws -> Void
    let outcome: Outcome

    func run() async throws {
        do { try await run(process) } catch { outcome.fail(error) }
    }
}

/// Makes the process small once it has started.
struct StartPageRelease: Service {
    func run() async throws {
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
        StartPages.release()
        try? await gracefulShutdown()
    }
}

/// Ends the process at a server that is another environment's, which shows when there is a connection.
struct EnvironmentWatch: Service {
    let bus: any Bus
    let environment: Environment
    let outcome: Outcome

    func run() async throws {
        let events = bus.events()
        if refuses(bus.status.server) { return }
        for await event in events.cancelOnGracefulShutdown() {
            switch event {
            case .connected(let server), .reconnected(let server): if refuses(server) { return }
            default: continue
            }
        }
        try? await gracefulShutdown()
    }

    private func refuses(_ server: ServerIdentity?) -> Bool {
        guard let reason = server?.refusal(of: environment) else { return false }
        outcome.fail(ProcessFailure(.usage, reason))
        return true
    }
}

/// Logs once what happens to the connection (architecture.md, Degrade visibly).
struct ConnectionLog: Service {
    let bus: any Bus
    let url: String
    let logger: Logger

    func run() async throws {
        let events = bus.events()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await logFirstFailure() }
            for await event in events.cancelOnGracefulShutdown() { log(event) }
            group.cancelAll()
        }
        try? await gracefulShutdown()
    }

    /// Logs a first attempt that failed before there was a listener to the events.
    private func logFirstFailure() async {
        do { try await Task.sleep(for: .seconds(1)) } catch { return }
        let status = bus.status
        guard !status.isConnected, status.server == nil else { return }
        logger.warning(
            "No connection yet, retrying",
            metadata: ["server": "\(url)", "reason": "\(status.trouble?.description ?? "no answer so far")"])
    }

    private func log(_ event: BusEvent) {
        switch event {
        case .connected(let server):
            logger.debug("Connected", metadata: ["server": "\(server.url)", "version": "\(server.version)"])
        case .reconnected(let server):
            logger.info("Connected again", metadata: ["server": "\(server.url)", "version": "\(server.version)"])
        case .disconnected(let error):
            logger.warning("Lost the server, retrying", metadata: ["reason": "\(error?.message ?? "")"])
        case .connectFailed(let error):
            logger.warning("No connection yet, retrying", metadata: ["reason": "\(error)"])
        case .slowConsumer(let pattern, let lost):
            logger.warning("Too slow, messages were lost", metadata: ["pattern": "\(pattern)", "lost": "\(lost)"])
        case .failed(let error): logger.warning("The server reported an error", metadata: ["reason": "\(error)"])
        case .serverLeaving: logger.info("The server announced that it leaves")
        case .closed: logger.debug("The connection is closed")
        }
    }
}

extension Configuration {
    /// Source of its messages.
    func source(role: Role, kind: EntityType?, instance: UInt16) -> Source {
        let digits = String(instance, radix: 16)
        let id = "\(name)-\(String(repeating: "0", count: 4 - digits.count))\(digits)"
        let own: EntityType =
            switch role {
            case .cell: .cell
            case .nerve: .nerve
            case .service: .service
            }
        let isVirtual = declared.common.organism.map { settings[$0.garden] } == .virtual
        return Source(
            entityID: id, entityType: kind ?? own, garden: isVirtual ? .virtual : .real, tier: role == .cell ? 1 : 2)
    }

    /// Description for `$SRV.INFO`.
    func description(role: Role, source: Source) -> ServiceResponder.Description {
        var metadata = [
            "environment": environment.rawValue, "role": role.rawValue, "entity_type": source.entityType.rawValue,
            "entity_id": source.entityID, "kind": manifest.name, "domain": manifest.domain, "protocol": Wire.version,
        ]
        var endpoints: [ServiceResponder.Endpoint] = []
        if let organism = declared.common.organism {
            metadata["domain"] = settings[organism.domain]
            metadata["region"] = settings[organism.region] ?? metadata["domain"]
            for (action, cost) in manifest.costs { metadata["cost_" + action] = plain(cost) }
        }
        if !manifest.commands.isEmpty {
            var declared = Dictionary(manifest.commands.map { ($0.name, $0.help) }) { first, _ in first }
            for (command, fields) in manifest.payloads {
                declared["payload:" + command] = FieldKind.strictSchema(of: fields).text
            }
            endpoints += ServiceResponder.Endpoint.shared(
                name: "request", subject: Subject.request(environment, cell: name).text, queueGroup: name.text,
                metadata: declared)
        }
        return ServiceResponder.Description(
            name: name.text, id: source.entityID, version: manifest.version, summary: manifest.summary,
            metadata: metadata, endpoints: endpoints, started: .now())
    }

    /// Labels of `nimmer_build_info`.
    func build(role: Role, revision: String) -> KeyValuePairs<String, String> {
        [
            "name": name.text, "kind": manifest.name, "version": manifest.version, "role": role.rawValue,
            "environment": environment.rawValue, "revision": revision,
        ]
    }

    /// Output of `--manifest`, for `nimmer check`: its identity, and what it needs of the system file under its name.
    func manifest(role: Role, _ facts: ManifestFacts) -> JSON {
        func list(_ tokens: [Token]) -> JSON { .array(tokens.map { .string($0.text) }) }
        let needs: JSON = [
            "origins": .array(origins.map { .string($0.text) }), "hears": list(facts.hears), "asks": list(facts.asks),
        ]
        let commands = facts.commands ?? manifest.commands.map(\.name)
        return [
            "kind": .string(manifest.name), "version": .string(manifest.version), "role": .string(role.rawValue),
            "summary": .string(manifest.summary), "domain": .string(names.domain),
            "settings": .array(declared.all.map { .string($0.key) }),
            "region": .string(names.region ?? names.domain), "commands": .array(commands.map { .string($0) }),
            "origins": .array(manifest.origins.map { .string($0) }), "name": .string(name.text), "needs": needs,
        ]
    }

    /// Output of `--check`: every setting, its value and where it came from.
    func report(role: Role) -> String {
        var text = "\(name): the settings are good\n"
        text += "  environment: \(environment.rawValue)\n  nats: \(bus.shownURL.visible())\n"
        if let system { text += "  system: \(system.name.visible()) (\(system.file.visible()))\n" }
        for setting in declared.all {
            let value = ShownAddress.redacting(settings.value(setting.key)?.text ?? "-").visible()
            text += "  \(setting.key): \(value) (\(settings.layer(setting.key).rawValue))\n"
        }
        return text
    }
}
