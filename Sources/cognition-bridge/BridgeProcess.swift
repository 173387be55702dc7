import Logging
import NimmerBus
import NimmerCell
import NimmerCognition
import NimmerSystem
import NimmerWave
import Synchronization

/// Wires the bridge to the bus. A request is acknowledged only after its response is in the stream and the record of its
/// commands is kept; what was answered before a crash is found there at the start and not asked again (protocol.md, What an
/// acknowledgement means).
final class BridgeProcess: Sendable {
    let process: ServiceProcess
    let bus: any Bus
    let env: Environment
    let settings: BridgeSettings
    let minds: [any MindServer]
    let drill: Drill
    let scheduler: Mutex<Scheduler>
    let answered = Mutex(AnsweredRequests())
    let counters = Mutex(Counters())
    let commands: CommandBook
    let acts: Acts
    let rejects: RejectLimiter
    /// Requests in hand: what acknowledges them.
    private let held = Mutex<[MessageID: Delivery]>([:])
    private let work: AsyncStream<Ask>
    private let asks: AsyncStream<Ask>.Continuation
    private let bell: AsyncStream<Void>
    private let ring: AsyncStream<Void>.Continuation

    /// What the scheduler does not count.
    struct Counters: Sendable {
        /// Responses that are in the stream.
        var answered = 0
        /// Requests that had been answered before.
        var repeated = 0
        /// Messages that were no requests.
        var rejected = 0
    }

    init(_ process: ServiceProcess, minds: [any MindServer], drill: Drill) throws {
        self.process = process
        bus = process.bus
        env = process.environment
        settings = process.system?.bridge ?? BridgeSettings()
        self.minds = minds
        self.drill = drill
        scheduler = Mutex(Scheduler(settings))
        commands = CommandBook(process, settings.allow)
        acts = Acts(process, drill: drill)
        rejects = RejectLimiter(process)
        (work, asks) = AsyncStream.makeStream()
        (bell, ring) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func run() async throws {
        try await process.waiting(for: "the streams") {
            try await HouseStreams.ensure(on: self.bus, environment: self.env)
        }
        try await process.waiting(for: "the record of its commands") { try await self.acts.open() }
        await commands.refresh()
        try await remember()
        let consumer = try await process.waiting(for: "its requests") {
            try await self.bus.consumer(
                ConsumerConfiguration(
                    stream: HouseStreams.escalations(self.env), durable: try Token("bridge"), ackWait: .seconds(10)))
        }
        let questions = Questions(self)
        let responder = try await questions.serve()
        process.answers.report { [weak self] in
            var statistics = ServiceResponder.Statistics()
            statistics.data = self?.status ?? [:]
            return statistics
        }
        process.metrics.collect { [weak self] page in self?.measure(into: &page) }
        process.health.started()
        process.logger.info("Answering", metadata: ["boundary": "\(boundary)"])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.take(consumer) }
            group.addTask { await self.ask() }
            group.addTask { await self.watchTheClock() }
            group.addTask { await self.keepAlive() }
            group.addTask { await self.commands.run() }
            group.addTask { await self.acts.run() }
            group.addTask { await Heartbeats(self).run() }
            group.addTask { await questions.run() }
            await process.untilStopped()
            group.cancelAll()
        }
        responder.cancel()
        for delivery in held.withLock({ $0 }).values { try? delivery.nak() }
        await consumer.stop()
    }

    /// What has been answered in the time that a request may come again: these are not asked again, their cost counts, and
    /// their commands have a record, even if an earlier life died before it made one.
    private func remember() async throws {
        let week = Timestamp.now().advanced(milliseconds: -7 * 86_400_000)
        let stored = try await process.waiting(for: "what it has answered") {
            try await self.bus.read(
                stream: HouseStreams.decisions(self.env), filter: SubjectPattern(.cognitiveResponse(self.env)),
                start: .at(week))
        }
        for item in stored {
            guard let response = try? Envelope<CognitiveResponse>(decoding: item.message.payload).body else { continue }
            answered.withLock { $0.insert(response.requestID) }
            scheduler.withLock { $0.recall(response, at: item.message.at) }
            try await process.waiting(for: "the record of its commands") { try await self.acts.keep(response) }
            acts.begin(response.requestID)
        }
    }

    // MARK: - Taking requests

    private func take(_ consumer: any Consumer) async {
        while !Task.isCancelled {
            do throws(BusError) {
                let batch = try await consumer.fetch(maximum: 64, wait: .seconds(5), linger: .zero)
                await withDiscardingTaskGroup { group in
                    for delivery in batch {
                        for action in receive(delivery) { group.addTask { await self.perform(action) } }
                    }
                }
                if !batch.isEmpty { ring.yield() }
            } catch {
                guard error.code != .cancelled, error.code != .closed else { return }
                process.logger.warning("Trying again", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func receive(_ delivery: Delivery) -> [SchedulerAction] {
        let request: CognitiveRequest
        do throws(Refusal) {
            request = try Envelope<CognitiveRequest>(decoding: delivery.message.payload).body
        } catch {
            counters.withLock { $0.rejected += 1 }
            rejects.reject(error, delivery.message)
            try? delivery.term()
            return []
        }
        guard !answered.withLock({ $0.contains(request.requestID) }) else {
            counters.withLock { $0.repeated += 1 }
            try? delivery.ack()
            return []
        }
        held.withLock { $0[request.requestID] = delivery.withoutPayload }
        drill.passed(.taken)
        return scheduler.withLock { $0.arrive(request, at: .now()) }
    }

    func perform(_ action: SchedulerAction) async {
        switch action {
        case .ask(let ask): asks.yield(ask)
        case .giveBack(let id): try? held.withLock { $0.removeValue(forKey: id) }?.nak(delay: .seconds(5))
        case .tell(let request):
            let message = Envelope(id: request.requestID, at: .now(), from: process.source, request)
            await publish(.cognitiveRequest(env), message.encoded(), request.requestID)
        case .respond(let response, let merged):
            await withDiscardingTaskGroup { group in
                for id in merged {
                    group.addTask { await self.say(Scheduler.merged(id, into: response.requestID)) }
                }
            }
            await say(response)
        }
    }

    /// Says a response, keeps the record of its commands, and only then acknowledges the request.
    private func say(_ response: CognitiveResponse) async {
        drill.passed(.decided)
        let id = AnsweredRequests.messageID(answering: response.requestID)
        let message = Envelope(id: id, at: .now(), from: process.source, response)
        guard await publish(.cognitiveResponse(env), message.encoded(), id) else { return }
        drill.passed(.answered)
        answered.withLock { $0.insert(response.requestID) }
        counters.withLock { $0.answered += 1 }
        while !Task.isCancelled {
            do throws(BusError) {
                try await acts.keep(response)
                break
            } catch {
                process.logger.warning("Cannot keep what a decision commands", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
        guard !Task.isCancelled else { return }
        drill.passed(.kept)
        try? held.withLock { $0.removeValue(forKey: response.requestID) }?.ack()
        drill.passed(.acknowledged)
        acts.begin(response.requestID)
    }

    /// Publishes durably, however long it takes; false when the process stops before.
    @discardableResult
    private func publish(_ subject: Subject, _ payload: [UInt8], _ id: MessageID) async -> Bool {
        while !Task.isCancelled {
            do throws(BusError) {
                try await bus.publishDurably(subject, payload: payload, id: id, timeout: .seconds(20))
                return true
            } catch {
                process.logger.warning("Saying it again", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
        return false
    }

    // MARK: - Asking minds

    private func ask() async {
        await withDiscardingTaskGroup { group in
            for await ask in work { group.addTask { await self.ask(ask) } }
        }
    }

    private func ask(_ ask: Ask) async {
        let outcome = await outcome(of: ask)
        guard !Task.isCancelled else { return }
        let actions = scheduler.withLock { $0.finished(ask.request.requestID, outcome, at: .now()) }
        await withDiscardingTaskGroup { group in
            for action in actions { group.addTask { await self.perform(action) } }
        }
        ring.yield()
    }

    /// Asks one mind and judges its answer.
    func outcome(of ask: Ask) async -> AskOutcome {
        let mind = settings.minds[ask.mind]
        let contract = DecisionContract(ask.request, catalogue: commands.catalogue)
        let prompt = Prompt(
            ask.request, contract: contract, about: settings.about, repair: ask.repair,
            maximumBytes: mind.promptBytes, at: .now())
        let question = MindQuestion(
            requestID: ask.request.requestID, system: prompt.system, user: prompt.user, schema: contract.schema,
            maximumTokens: mind.maxTokens, temperature: mind.temperature)
        let began = ContinuousClock.now
        let left = max(0, ask.deadline.milliseconds(since: .now()))
        do throws(MindError) {
            let answer = try await minds[ask.mind].ask(question, deadline: began.advanced(by: .milliseconds(left)))
            let usage = Usage(
                promptTokens: answer.promptTokens, completionTokens: answer.completionTokens, promptBytes: prompt.bytes,
                answerBytes: answer.text.count, milliseconds: answer.milliseconds,
                tokensPerSecond: answer.tokensPerSecond)
            let text = String(decoding: answer.text.prefix(4096), as: UTF8.self)
            return .answered(contract.check(answer.text), usage, model: answer.model, refused: text)
        } catch {
            let took = began.duration(to: .now) / .milliseconds(1)
            // Of a question without an answer nobody knows what was read; what can be known is the time.
            return .failed(error, Usage(promptTokens: 0, completionTokens: 0, milliseconds: took))
        }
    }

    // MARK: - Time

    /// Lets time pass for what waits; while nothing waits, nothing runs.
    private func watchTheClock() async {
        let clock = ContinuousClock()
        for await _ in bell {
            while let next = scheduler.withLock({ $0.nextWake(after: .now()) }) {
                let wait = min(max(1, next.milliseconds(since: .now())), 250)
                do { try await clock.sleep(for: .milliseconds(wait)) } catch { return }
                let actions = scheduler.withLock { $0.tick(at: .now()) }
                await withDiscardingTaskGroup { group in
                    for action in actions { group.addTask { await self.perform(action) } }
                }
            }
        }
    }

    /// Tells the stream that what is in hand is being worked on (its patience is 10 s).
    private func keepAlive() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: .seconds(3)) } catch { return }
            for delivery in held.withLock({ $0 }).values { try? delivery.inProgress() }
        }
    }
}
