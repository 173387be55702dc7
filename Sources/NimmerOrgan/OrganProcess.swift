import Logging
import NimmerBus
import NimmerCognition
import NimmerPlatform
import NimmerProcess
import NimmerSystem
import NimmerWave
import Synchronization

/// Wires an organ to the bus: one loop owns its logic; what takes time happens beside it and comes back as an event.
package struct OrganProcess: Sendable {
    /// An event of an organ.
    enum Event: Sendable {
        case message(BusMessage, verb: String)
        case loaded
        case loadFailed(String)
        case processed(CommandResult, isBroken: Bool)
        case unloaded
        case tick
        case stop
    }

    private let process: ServiceProcess
    private let settings: OrganSettings
    private let model: OrganModel
    private let rejects: RejectLimiter
    private let events: AsyncStream<Event>
    private let inbox: AsyncStream<Event>.Continuation
    private let backlog = Backlog()

    /// Messages that have arrived and were not checked.
    private final class Backlog: Sendable {
        private let count = Atomic(0)

        /// Returns whether there is room for one more.
        func enter() -> Bool {
            guard count.add(1, ordering: .relaxed).newValue <= 1024 else {
                leave()
                return false
            }
            return true
        }

        func leave() { count.subtract(1, ordering: .relaxed) }
    }

    /// An organ that does not run yet: the one of the system file that has the process's name.
    ///
    /// - Parameters:
    ///   - lockFolder: where the locks of this machine's cards are.
    ///   - connect: makes the mind on the model's server.
    /// - Throws: a `ProcessFailure` when the system file has no organ of this name.
    package init(
        _ process: ServiceProcess, lockFolder: String,
        connect: @escaping @Sendable (MindSettings) throws(MindError) -> any LoadableMind
    ) throws(ProcessFailure) {
        guard let settings = process.system?.organs.first(where: { $0.name == process.name.text }) else {
            let known = process.system?.organs.map(\.name) ?? []
            throw ProcessFailure(
                .configuration,
                "the system file has no organ named '\(process.name)'; expected "
                    + (known.isEmpty ? "one under organs:" : "one of \(known.joined(separator: ", "))"))
        }
        self.process = process
        self.settings = settings
        model = OrganModel(settings, process, lockFolder: lockFolder, connect: connect)
        rejects = RejectLimiter(process)
        // Not bounded, since no event of the organ's own may be lost; messages are, by ``Backlog``.
        (events, inbox) = AsyncStream.makeStream(of: Event.self)
    }

    /// Works until the process is asked to stop, then unloads the model.
    package func run() async throws {
        let verbs = "\(process.environment.rawValue).organs.\(process.name.text).*"
        let (inbox, backlog, process) = (inbox, backlog, process)
        // Both forms: a verb, and a verb with the sender behind it.
        var subscriptions: [any Subscription] = []
        for pattern in [try SubjectPattern(verbs), try SubjectPattern(verbs + ".*")] {
            let subscription = try await process.bus.subscribe(pattern, queue: nil, pending: 4096) { _, _, arrival in
                let message = arrival.message()
                guard backlog.enter() else { return Self.refuse(message, process) }
                let tokens = message.subject.text.split(separator: ".")
                inbox.yield(.message(message, verb: tokens.count > 3 ? String(tokens[3]) : ""))
            }
            subscriptions.append(subscription)
        }
        let loopState = OrganLoopState(process, settings, model, rejects, inbox)
        let organStatus = loopState.organStatus
        process.answers.report(also: endpoints(verbs)) { [process] in
            var statistics = organStatus.statistics
            statistics.take(process.requestTimes)
            return statistics
        }
        let spending = model.spending
        process.metrics.collect { page in
            organStatus.measure(into: &page)
            page.counter("nimmer_organ_lifeforce_total", "Lifeforce that the work cost.", spending.spent)
        }
        process.health.started()
        process.logger.info(
            "Ready", metadata: ["model": "\(settings.model)", "card": "\(settings.card ?? "none")"])
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var loopState = loopState
                for await event in events {
                    if case .message = event { backlog.leave() }
                    guard await loopState.take(event) else { return }
                }
            }
            let account = TaskOwner()
            account.run { await spending.run() }
            defer { account.cancelAll() }
            await process.untilStopped()
            for subscription in subscriptions { subscription.cancel() }
            inbox.yield(.stop)
            await group.waitForAll()
            spending.publish(until: .now())
        }
        await model.unload()
    }
}

extension OrganProcess {
    /// Endpoints, as `$SRV.INFO` and `$SRV.STATS` list them.
    private func endpoints(_ verbs: String) -> [ServiceResponder.Endpoint] {
        ServiceResponder.Endpoint.shared(
            name: "verbs", subject: verbs, queueGroup: "",
            metadata: [
                "ask": "asks the model", "embed": "turns texts into vectors", "state": "shows the state of the organ",
                "release": "asks it to give its card away",
            ])
    }

    private static func refuse(_ message: BusMessage, _ process: ServiceProcess) {
        let result = CommandResult(status: .error, error: "too many requests")
        // A sender that gets no answer finds out by its deadline.
        try? process.bus.respond(
            to: message, payload: Envelope(id: .v7(), at: .now(), from: process.source, result).encoded())
    }
}
