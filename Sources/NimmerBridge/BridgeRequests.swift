import Logging
import NimmerBus
import NimmerCognition
import NimmerProcess
import NimmerSystem
import NimmerWave
import Synchronization

/// Answers what people ask the bridge (`nimmer mind …`), on `<env>.nervous.cells.cognition-bridge.request`.
struct BridgeRequests: Sendable {
    private let owner: BridgeProcess
    private let asked: AsyncStream<BusMessage>
    private let ask: AsyncStream<BusMessage>.Continuation

    init(_ owner: BridgeProcess) {
        self.owner = owner
        (asked, ask) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(64))
    }

    func serve() async throws(BusError) -> any Subscription {
        let subject = Subject.request(owner.env, cell: owner.process.name)
        return try await owner.bus.subscribe(shared: subject, queue: owner.process.name) { _, _, arrival in
            ask.yield(arrival.message())
        }
    }

    /// Answers until the task is cancelled, each in its own time.
    func run() async {
        let requests = RequestHandler(owner.process, owner.rejects)
        await withDiscardingTaskGroup { group in
            for await message in asked {
                group.addTask {
                    await requests.answer(message) { (command) async throws(Refusal) in
                        try await answer(command, on: try Provenance(of: message.subject))
                    }
                }
            }
        }
    }

    /// Commands that change nothing and cost nothing.
    private static let looking: Set<String> = ["status", "minds", "budget", "pending"]

    private func answer(_ command: Command, on provenance: Provenance) async throws(Refusal) -> CommandResult {
        if let sender = provenance.sender?.text, owner.process.system?.isObserver(sender) == true,
            !Self.looking.contains(command.command)
        {
            let allowed = Self.looking.sorted().joined(separator: ", ")
            return CommandResult(
                status: .refused,
                error: "\(sender) only looks: the command '\(command.command)' is refused; expected one of \(allowed)")
        }
        switch command.command {
        case "status": return CommandResult(status: .ok, result: owner.status)
        case "minds": return CommandResult(status: .ok, result: await minds())
        case "budget":
            return CommandResult(
                status: .ok, result: owner.scheduler.withLock { $0.budgets(at: $0.clock.read(.now())) })
        case "pending":
            return CommandResult(status: .ok, result: .array(owner.acts.records.map(\.json)))
        case "approve", "refuse":
            let sender = try provenance.authority(hasIdentities: owner.bus.identity != nil)
            return await decide(command.payload, approve: command.command == "approve", from: sender)
        case "replay": return await replay(command.payload)
        default:
            let known = owner.process.manifest.commands.map(\.name).joined(separator: ", ")
            return CommandResult(
                status: .refused, error: "the command '\(command.command)' is unknown; expected one of \(known)")
        }
    }

    private func minds() async -> JSON {
        var states: [JSON] = []
        for (settings, server) in zip(owner.settings.minds, owner.loads) {
            let state = await server.state()
            var object: JSONObject = [
                "name": .string(settings.name), "kind": .string(settings.kind.rawValue), "url": .string(settings.url),
                "model": .string(settings.model), "reachable": .bool(state.isReachable),
                "trouble": .string(state.trouble), "version": .string(state.version),
            ]
            object["has_model"] = state.hasModel.map { .bool($0) }
            object["loaded"] = state.isLoaded.map { .bool($0) }
            object["loading_s"] = server.loadingMilliseconds.map { .number(($0 / 1000).rounded()) }
            for member in owner.scheduler.withLock({ $0.report(on: settings.name, at: $0.clock.read(.now())) }) {
                object[member.key] = member.value
            }
            states.append(.object(object))
        }
        let catalogue = owner.commands.catalogue
        return [
            "answers": .string(owner.boundary), "minds": .array(states),
            "commands": .string(owner.settings.commands.rawValue),
            "allowed": .array(catalogue.entries.map { .string("\($0.target).\($0.command)") }),
            "unusable": .array(catalogue.unusable.map { .string($0) }),
        ]
    }

    /// - Parameter sender: the identity that asks, which alone defines who decides; the name in the payload is a label.
    private func decide(_ payload: JSON, approve: Bool, from sender: Token?) async -> CommandResult {
        let id: MessageID
        do throws(Refusal) {
            id = try ActRecord.decision(named: payload["id"]?.string, among: owner.acts.records)
        } catch { return CommandResult(status: .refused, error: error.message) }
        let name = payload["by"]?.string ?? ""
        let person = sender.map { $0.text.labelled(name) } ?? name
        if let problem = await owner.acts.decide(id, approve: approve, by: person) {
            return CommandResult(status: .refused, error: "\(id): \(problem)")
        }
        return CommandResult(status: .ok, result: ["id": .string(id.text), "approved": .bool(approve)])
    }

    /// Asks the minds again about a request that was answered; nothing is published and nothing done.
    private func replay(_ payload: JSON) async -> CommandResult {
        guard let prefix = payload["id"]?.string.flatMap({ IDPrefix($0) }) else {
            return CommandResult(
                status: .refused, error: "payload.id must be the id of a request: \(IDPrefix.expectation)")
        }
        guard !owner.settings.minds.isEmpty else {
            return CommandResult(status: .refused, error: "no mind is configured: the rule answers the same each time")
        }
        do throws(BusError) {
            var found: [MessageID: CognitiveRequest] = [:]
            for (stream, filter) in Asking.streams(owner.env) where found.isEmpty || prefix.whole == nil {
                _ = try await find(stream, filter) { message -> Bool? in
                    guard let request = try? Asking.request(in: message, of: stream, owner.env),
                        prefix.begins(request.requestID)
                    else { return nil }
                    found[request.requestID] = request
                    return prefix.whole != nil || found.count > 1 ? true : nil
                }
            }
            guard let (id, request) = found.first else {
                return CommandResult(
                    status: .refused, error: "no stream holds a request \(prefix): they keep 7 days")
            }
            guard found.count == 1 else {
                return CommandResult(
                    status: .refused, error: "several requests have ids that begin with \(prefix); use a longer prefix")
            }
            let answers = SubjectPattern(.cognitiveResponse(owner.env))
            let before = try await find(SystemStreams.decisions(owner.env), answers) { message in
                let response = try? Envelope<CognitiveResponse>(decoding: message.payload, on: message.subject).body
                return response?.requestID == id ? response : nil
            }
            return CommandResult(status: .ok, result: await MindReplay(owner).run(request, before: before))
        } catch {
            return CommandResult(status: .error, error: "\(error)")
        }
    }

    /// The first message of a stream in which something is found; nil when none is.
    private func find<Found>(
        _ stream: String, _ filter: SubjectPattern?, _ read: (BusMessage) -> Found?
    ) async throws(BusError) -> Found? {
        var found: Found?
        try await owner.bus.read(stream: stream, filter: filter) { batch in
            for item in batch where found == nil { found = read(item.message) }
            return found == nil
        }
        return found
    }
}
