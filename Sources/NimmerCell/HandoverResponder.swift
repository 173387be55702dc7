import Logging
import NimmerBus
import NimmerWave

extension CellHost {
    var handover: Handover { Handover(version: C.manifest.version, instance: process.source.entityID) }

    private var handoverSubject: Subject {
        .handover(process.environment, identity.name, isNerve: C.role == .nerve)
    }

    /// Waits while a newer version lives under this name.
    ///
    /// - Returns: the version that is to be taken over from; nil if absent.
    func awaitTurn() async -> String? {
        var hasLogged = false
        while !Task.isCancelled, !isStopping {
            switch handover.startDecision(await runningVersion()) {
            case .live: return nil
            case .take(let other): return other
            case .standBy(let other):
                if !hasLogged {
                    process.logger.info("Standing by: a newer version runs", metadata: ["version": "\(other)"])
                }
                hasLogged = true
                process.health.started()
                await awaitDeparture()
            }
        }
        return nil
    }

    /// The version that answers for this name now.
    private func runningVersion() async -> String? {
        guard process.bus.status.isConnected else { return nil }
        guard let result = await askOther(.hello) else { return nil }
        return result["version"]?.string
    }

    /// Has the older version stop, once this one listens.
    ///
    /// - Returns: what it left; nil when it had gone already.
    func takeOver() async -> HandoverState? {
        await askOther(.take).flatMap { HandoverState($0) }
    }

    private func askOther(_ word: Handover.Message) async -> JSON? {
        let message = Envelope(id: .v7(), at: .now(), from: process.source, handover.command(word))
        // No instance: the server replies so at once. Without the permission to ask there is no reply.
        guard
            let answer = try? await process.bus.request(
                handoverSubject, payload: message.encoded(), timeout: .seconds(1)),
            let result = try? Envelope<CommandResult>(answer: answer.payload).body
        else { return nil }
        return result.result
    }

    /// Two seconds, or until the running instance announces that it leaves.
    private func awaitDeparture() async {
        guard let pattern = Optional(SubjectPattern(handoverSubject)),
            let messages = try? await process.bus.messages(pattern)
        else {
            try? await Task.sleep(for: .seconds(2))
            return
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await message in messages where Self.word(of: message)?.word == .left { return }
            }
            group.addTask { try? await Task.sleep(for: .seconds(2)) }
            group.addTask { await self.process.untilStopped() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Answers others of this name, and yields to newer ones.
    func answerHandover() async throws -> any Subscription {
        let subscription = try await process.bus.subscribe(SubjectPattern(handoverSubject)) {
            [weak self] _, _, arrival in
            guard let self else { return }
            let message = arrival.message()
            guard let (word, version, instance) = Self.word(of: message) else { return }
            switch handover.reaction(to: word, version: version, instance: instance) {
            case .none: return
            case .answer:
                respond(to: message, CommandResult(status: .ok, result: ["version": .string(C.manifest.version)]))
            case .handOver(let newer):
                let handoverState = retire()
                var result = handoverState.json
                if case .object(var object) = result {
                    object["version"] = .string(C.manifest.version)
                    result = .object(object)
                }
                respond(to: message, CommandResult(status: .ok, result: result))
                giveWay(to: newer)
            case .leave(let newer): giveWay(to: newer)
            }
        }
        send(.here)
        return subscription
    }

    /// Notifies other instances of this name; none need receive it.
    func send(_ word: Handover.Message) {
        guard process.bus.status.isConnected else { return }
        let message = Envelope(id: .v7(), at: .now(), from: process.source, handover.command(word))
        try? process.bus.publish(handoverSubject, payload: message.encoded())
    }

    private static func word(of message: BusMessage) -> (word: Handover.Message, version: String, instance: String)? {
        guard let command = try? Envelope<Command>(decoding: message.payload, on: message.subject).body,
            let word = Handover.Message(rawValue: command.command), let version = command.payload["version"]?.string,
            let instance = command.payload["instance"]?.string
        else { return nil }
        return (word, version, instance)
    }
}
