import Logging
import NimmerBus
import NimmerCell
import NimmerCognition
import NimmerWave
import Synchronization

/// Wires the bridge to the bus. A request is acknowledged only after its answer is in the stream; what was answered before
/// a crash is found there at the start and not asked again (protocol.md, What an acknowledgement means).
final class BridgeProcess: Sendable {
    private let process: ServiceProcess
    private let bus: any Bus
    private let answerer: any Answerer
    private let logic = Mutex(BridgeLogic())
    private let rejects: RejectLimiter
    private let env: Environment

    init(_ process: ServiceProcess, answerer: any Answerer) {
        self.process = process
        bus = process.bus
        self.answerer = answerer
        rejects = RejectLimiter(process)
        env = process.environment
    }

    func run() async throws {
        try await HouseStreams.ensure(on: bus, environment: env)
        try await remember()
        let consumer = try await bus.consumer(
            ConsumerConfiguration(stream: HouseStreams.escalations(env), durable: try Token("bridge")))
        let status = try await serve()
        process.metrics.collect { [weak self] page in self?.measure(into: &page) }
        process.health.started()
        process.logger.info(
            "Answering",
            metadata: ["boundary": "\(answerer.mind.map(\.model) ?? "deterministic: no mind is configured")"])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.work(consumer) }
            await process.untilStopped()
            group.cancelAll()
        }
        status.cancel()
        await consumer.stop()
    }

    /// What has been answered in the time that a request may come again.
    private func remember() async throws(BusError) {
        let week = Timestamp.now().advanced(milliseconds: -7 * 86_400_000)
        let stored = try await bus.read(
            stream: HouseStreams.decisions(env), filter: SubjectPattern(.cognitiveResponse(env)), start: .at(week))
        for item in stored {
            guard let response = try? Envelope<CognitiveResponse>(decoding: item.message.payload) else { continue }
            logic.withLock { $0.remember(response.body.requestID, isNew: false) }
        }
    }

    private func work(_ consumer: any Consumer) async {
        while !Task.isCancelled {
            do throws(BusError) {
                for delivery in try await consumer.fetch(maximum: 64, wait: .seconds(5), linger: .zero) {
                    try await handle(delivery)
                }
            } catch {
                guard error.code != .cancelled, error.code != .closed else { return }
                process.logger.warning("Trying again", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func handle(_ delivery: Delivery) async throws(BusError) {
        let request: CognitiveRequest
        do throws(Refusal) {
            request = try Envelope<CognitiveRequest>(decoding: delivery.message.payload).body
        } catch {
            logic.withLock { $0.rejected() }
            rejects.reject(error, delivery.message)
            return try delivery.term()
        }
        switch logic.withLock({ $0.receive(request, at: .now()) }) {
        case .acknowledge: try delivery.ack()
        case .answer(let response): try await say(response, delivery)
        case .ask(let request):
            let response: CognitiveResponse
            do throws(CognitionError) {
                response = try await answerer.answer(request, clock: Timestamp.now)
            } catch {
                response = BridgeLogic.failed(request, error)
            }
            try await say(response, delivery)
        }
    }

    private func say(_ response: CognitiveResponse, _ delivery: Delivery) async throws(BusError) {
        let id = BridgeLogic.messageID(answering: response.requestID)
        let message = Envelope(id: id, at: .now(), from: process.source, response)
        try await bus.publishDurably(.cognitiveResponse(env), payload: message.encoded(), id: id, timeout: .seconds(20))
        logic.withLock { $0.remember(response.requestID, isNew: true) }
        try delivery.ack()
    }

    /// Serves `<env>.nervous.cells.cognition-bridge.request`: `status`.
    private func serve() async throws(BusError) -> any Subscription {
        let subject = Subject.request(env, cell: process.name)
        return try await bus.subscribe(SubjectPattern(subject)) { [self] _, _, arrival in
            let message = arrival.message()
            let result: CommandResult
            do throws(Refusal) {
                let command = try Envelope<Command>(decoding: message.payload).body
                result =
                    command.command == "status"
                    ? CommandResult(status: .ok, result: status)
                    : CommandResult(
                        status: .refused, error: "the command '\(command.command)' is unknown; expected status")
            } catch {
                rejects.reject(error, message)
                result = CommandResult(status: .refused, error: error.description)
            }
            try? bus.respond(
                to: message, payload: Envelope(id: .v7(), at: .now(), from: process.source, result).encoded())
        }
    }

    /// What the bridge tells on `/metrics`.
    private func measure(into page: inout MetricsPage) {
        let counters = logic.withLock { $0.counters }
        page.counter("nimmer_questions_total", "Questions taken from the stream.", counters.taken)
        page.counter("nimmer_answers_total", "Questions answered.", counters.answered)
        page.counter("nimmer_questions_expired_total", "Questions that came too late to be asked.", counters.expired)
        page.counter("nimmer_questions_repeated_total", "Questions that were answered before.", counters.repeated)
        page.counter("nimmer_rejected_total", "Messages refused because they could not be understood.", rejects.count)
    }

    private var status: JSON {
        let counters = logic.withLock { $0.counters }
        return [
            "boundary": .string(answerer.mind == nil ? "deterministic" : "model"),
            "mind": answerer.mind.map { .string($0.model) } ?? .null,
            "taken": .number(Double(counters.taken)), "answered": .number(Double(counters.answered)),
            "expired": .number(Double(counters.expired)), "repeated": .number(Double(counters.repeated)),
            "rejected": .number(Double(counters.rejected)),
        ]
    }
}
