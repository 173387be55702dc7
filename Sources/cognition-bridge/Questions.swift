import Logging
import NimmerBus
import NimmerCell
import NimmerCognition
import NimmerSystem
import NimmerWave
import Synchronization

/// Answers what people ask the bridge (`nimmer mind …`), on `<env>.nervous.cells.cognition-bridge.request`.
struct Questions: Sendable {
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
        await withDiscardingTaskGroup { group in
            for await message in asked {
                group.addTask {
                    let result: CommandResult
                    do throws(Refusal) {
                        result = await answer(try Envelope<Command>(decoding: message.payload).body)
                    } catch {
                        owner.rejects.reject(error, message)
                        result = CommandResult(status: .refused, error: error.description)
                    }
                    let envelope = Envelope(id: .v7(), at: .now(), from: owner.process.source, result)
                    try? owner.bus.respond(to: message, payload: envelope.encoded())
                }
            }
        }
    }

    private func answer(_ command: Command) async -> CommandResult {
        switch command.command {
        case "status": return CommandResult(status: .ok, result: owner.status)
        case "minds": return CommandResult(status: .ok, result: await minds())
        case "budget":
            return CommandResult(status: .ok, result: owner.scheduler.withLock { $0.budgets(at: .now()) })
        case "pending":
            return CommandResult(status: .ok, result: .array(owner.acts.records.map(\.json)))
        case "approve": return await decide(command.payload, approve: true)
        case "refuse": return await decide(command.payload, approve: false)
        case "replay": return await replay(command.payload)
        default:
            let known = Main.manifest.commands.map(\.name).joined(separator: ", ")
            return CommandResult(
                status: .refused, error: "the command '\(command.command)' is unknown; expected one of \(known)")
        }
    }

    private func minds() async -> JSON {
        var states: [JSON] = []
        for (settings, server) in zip(owner.settings.minds, owner.minds) {
            let state = await server.state()
            var object: JSONObject = [
                "name": .string(settings.name), "kind": .string(settings.kind.rawValue), "url": .string(settings.url),
                "model": .string(settings.model), "reachable": .bool(state.isReachable),
                "trouble": .string(state.trouble), "version": .string(state.version),
            ]
            object["has_model"] = state.hasModel.map { .bool($0) }
            object["loaded"] = state.isLoaded.map { .bool($0) }
            for member in owner.scheduler.withLock({ $0.report(on: settings.name, at: .now()) }) {
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

    private func decide(_ payload: JSON, approve: Bool) async -> CommandResult {
        guard let text = payload["id"]?.string, !text.isEmpty else {
            return CommandResult(status: .refused, error: "payload.id must be a decision's id, or the beginning of one")
        }
        let found = owner.acts.records.map(\.decision).filter { $0.text.hasPrefix(text.lowercased()) }
        guard found.count == 1, let id = found.first else {
            return CommandResult(
                status: .refused,
                error: found.isEmpty
                    ? "no decision that waits has an id that begins with \(text.prefix(40))"
                    : "\(found.count) decisions have ids that begin with \(text.prefix(40)); give more of it")
        }
        if let problem = await owner.acts.decide(id, approve: approve, by: payload["by"]?.string ?? "") {
            return CommandResult(status: .refused, error: "\(id): \(problem)")
        }
        return CommandResult(status: .ok, result: ["id": .string(id.text), "approved": .bool(approve)])
    }

    /// Asks the minds again about a request that was answered; nothing is published and nothing done.
    private func replay(_ payload: JSON) async -> CommandResult {
        guard let id = payload["id"]?.string.flatMap({ try? MessageID($0) }) else {
            return CommandResult(status: .refused, error: "payload.id must be the id of a request")
        }
        guard !owner.settings.minds.isEmpty else {
            return CommandResult(status: .refused, error: "no mind is configured: the rule answers the same each time")
        }
        do throws(BusError) {
            guard
                let request = try await find(
                    HouseStreams.escalations(owner.env), nil,
                    { try? Envelope<CognitiveRequest>(decoding: $0).body }, { $0.requestID == id })
            else { return CommandResult(status: .refused, error: "the stream holds no request \(id): it keeps 7 days") }
            let before = try await find(
                HouseStreams.decisions(owner.env), .cognitiveResponse(owner.env),
                { try? Envelope<CognitiveResponse>(decoding: $0).body }, { $0.requestID == id })
            return CommandResult(status: .ok, result: await Replay(owner).run(request, before: before))
        } catch {
            return CommandResult(status: .error, error: "\(error)")
        }
    }

    private func find<Body>(
        _ stream: String, _ subject: Subject?, _ read: ([UInt8]) -> Body?, _ isWanted: (Body) -> Bool
    ) async throws(BusError) -> Body? {
        var found: Body?
        try await owner.bus.read(stream: stream, filter: subject.map { SubjectPattern($0) }) { batch in
            for item in batch where found == nil {
                if let body = read(item.message.payload), isWanted(body) { found = body }
            }
            return found == nil
        }
        return found
    }
}
