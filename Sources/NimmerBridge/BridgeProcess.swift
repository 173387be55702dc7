import Logging
import NimmerBus
import NimmerCognition
import NimmerProcess
import NimmerSystem
import NimmerWave
import Synchronization

/// Wires the bridge to the bus: takes the actions of ``AnswerTracker`` and ``Scheduler``. What was answered before a crash is found
/// in the stream at the start and not asked again.
package final class BridgeProcess: Sendable {
    let process: ServiceProcess
    let bus: any Bus
    let env: Environment
    let settings: BridgeSettings
    /// The minds, in the system file's order.
    let loads: [MindLoad]
    let failPoint: FailPoint
    let scheduler: Mutex<Scheduler>
    let answers = Mutex(AnswerTracker<Receipt>())
    let counters = Mutex(Counters())
    let opened = Mutex(OpenedRequests())
    let commands: CommandRegistry
    let acts: Acts
    let names: PrivateNames
    let rejects: RejectLimiter
    let suspects: CrashSuspectTracker
    let stores: StoreWatch
    let recalling: Recalling
    private let pictures: Pictures
    private let access = ExclusiveAccess()
    /// A question that was given up before it ended.
    private struct GivenUp: Sendable {
        let mind: Int
        let question: MindQuestion
        let result: Result<MindAnswer, MindError>
    }

    private let given: AsyncStream<GivenUp>
    private let work: AsyncStream<Ask>
    private let asks: AsyncStream<Ask>.Continuation
    private let wakeUps: AsyncStream<Void>
    private let wakeUp: AsyncStream<Void>.Continuation

    /// Counters besides those of the scheduler.
    struct Counters: Sendable {
        /// Responses that are in the stream.
        var answered = 0
        /// Messages that were no requests.
        var rejected = 0
    }

    /// A bridge that does not run yet.
    ///
    /// - Parameters:
    ///   - minds: the servers of the system file's minds, in its order; the caller closes them.
    ///   - failPoint: where a test kills the process.
    package init(_ process: ServiceProcess, minds: [any MindServer], failPoint: FailPoint) throws {
        self.process = process
        bus = process.bus
        env = process.environment
        settings = process.system?.bridge ?? BridgeSettings()
        self.failPoint = failPoint
        let (given, givenUp) = AsyncStream.makeStream(of: GivenUp.self)
        self.given = given
        loads = zip(minds, settings.minds).enumerated().map { index, pair in
            MindLoad(pair.0, pair.1) { givenUp.yield(GivenUp(mind: index, question: $0, result: $1)) }
        }
        scheduler = Mutex(Scheduler(settings))
        commands = CommandRegistry(process, settings.allow)
        stores = StoreWatch(process)
        recalling = Recalling(process, process.system?.iris?.recall)
        pictures = Pictures { [bus, env] () async throws(ArtifactError) in
            try await StreamArtifactStore.existing(env, on: bus)
        }
        let names = PrivateNames(process)
        self.names = names
        acts = Acts(process, stores, names, failPoint: failPoint)
        rejects = RejectLimiter(process)
        suspects = CrashSuspectTracker(process)
        (work, asks) = AsyncStream.makeStream()
        (wakeUps, wakeUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Answers until the process is asked to stop; what is in progress then comes again.
    package func run() async throws {
        try await process.waiting(for: "the streams") {
            _ = try await SystemStreams.ensure(on: self.bus, environment: self.env)
        }
        try await process.waiting(for: "the names of its answers") { try await self.names.open() }
        try await process.waiting(for: "the record of its commands") { try await self.acts.open() }
        await commands.refresh()
        try await remember()
        await suspects.open()
        let consumers = try await process.waiting(for: "its requests") {
            var consumers: [any Consumer] = []
            for source in Asking.streams(self.env) {
                consumers.append(
                    try await self.bus.consumer(
                        ConsumerConfiguration(
                            stream: source.stream, durable: try Token("bridge"), filter: source.filter,
                            ackWait: .seconds(10))))
            }
            return consumers
        }
        let plain = PlainRequests(self)
        let plainly = try await plain.serve()
        let questions = BridgeRequests(self)
        let responder = try await questions.serve()
        process.answers.report { [weak self] in
            var statistics = ServiceResponder.Statistics()
            guard let self else { return statistics }
            // What was asked for decisions, and what was asked about the bridge.
            let total = process.requestTimes.total
            statistics.requests = total.requests
            statistics.errors = total.errors + counters.withLock { $0.rejected }
            statistics.take(process.requestTimes)
            statistics.data = status
            return statistics
        }
        process.metrics.collect { [weak self] page in self?.measure(into: &page) }
        process.health.started()
        process.logger.info("Answering", metadata: ["boundary": "\(boundary)"])
        await withTaskGroup(of: Void.self) { group in
            for consumer in consumers { group.addTask { await self.take(consumer) } }
            group.addTask { await plain.run() }
            group.addTask { await self.suspects.run() }
            group.addTask { await self.ask() }
            group.addTask { await self.noteGivenUp() }
            group.addTask { await self.watchTheClock() }
            group.addTask { await self.keepAlive() }
            group.addTask { await self.commands.run() }
            group.addTask { await self.acts.run() }
            group.addTask { await self.stores.run() }
            group.addTask { await self.names.run() }
            group.addTask { await Heartbeats(self).run() }
            group.addTask { await questions.run() }
            await process.untilStopped()
            group.cancelAll()
        }
        for load in loads { await load.close() }
        responder.cancel()
        plainly.cancel()
        for receipt in answers.withLock({ $0.receipts }) { try? receipt.delivery.nak() }
        for consumer in consumers { await consumer.stop() }
        await suspects.close()
    }

    /// Reads back the requests that were answered in the time that a request may come again: these are not asked again, their cost counts, and
    /// their commands have a record, even if an earlier run died before it made one.
    private func remember() async throws {
        let now = Timestamp.now()
        let week = now.advanced(milliseconds: -7 * 86_400_000)
        let stored = try await process.waiting(for: "what it has answered") {
            var stored: [(response: CognitiveResponse, at: Timestamp)] = []
            try await self.bus.read(
                stream: SystemStreams.decisions(self.env), filter: SubjectPattern(.cognitiveResponse(self.env)),
                start: .at(week)
            ) { batch in
                for item in batch {
                    guard
                        let message = try? Envelope<CognitiveResponse>(
                            decoding: item.message.payload, on: item.message.subject)
                    else {
                        continue
                    }
                    // Budgets count by when it was published: what was restored is stored later, and costs nothing again. A clock that was
                    // ahead must not use up a day that is still to come.
                    stored.append((message.body.withoutReasons, min(message.header.timestamp, item.message.at, now)))
                }
                return true
            }
            return stored
        }
        for (response, at) in stored {
            answers.withLock { $0.recall(response) }
            scheduler.withLock { $0.recall(response, at: at) }
            guard await acts.keep(response) else { return }
            acts.begin(response.requestID)
        }
    }

    // MARK: - Taking requests

    private func take(_ consumer: any Consumer) async {
        // Of transitions, most ask nothing.
        let maximum = consumer.configuration.filter == nil ? 64 : 512
        while !Task.isCancelled {
            do throws(BusError) {
                let batch = try await consumer.fetch(maximum: maximum, wait: .seconds(5), linger: .zero)
                let stream = consumer.configuration.stream
                let (actions, alone) = await access.shared {
                    let sorted = await suspects.sort(batch, of: stream)
                    return (sorted.now.flatMap { receive($0, of: stream) }, sorted.alone)
                }
                await perform(actions)
                // What is left alone comes again.
                for delivery in alone where await !takeAlone(delivery, of: stream) { break }
                if !batch.isEmpty { wakeUp.yield() }
            } catch {
                guard error.code != .cancelled, error.code != .closed else { return }
                process.logger.warning("Trying again", metadata: ["reason": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    private func receive(_ delivery: Delivery, of stream: String) -> [TrackerAction] {
        do throws(Refusal) {
            guard let request = try Asking.request(in: delivery.message, of: stream, env) else {
                try? delivery.ack()
                suspects.finished(delivery.sequence, of: stream)
                return []
            }
            note(request, delivery.message)
            let informing = scheduler.withLock { $0.informing(of: request, at: $0.clock.read(.now())) }
            let actions = answers.withLock { $0.arrive(request, Receipt(delivery, of: stream), informing: informing) }
            failPoint.took(request)
            return actions
        } catch {
            counters.withLock { $0.rejected += 1 }
            rejects.reject(error, delivery.message)
            try? delivery.term()
            suspects.finished(delivery.sequence, of: stream)
            return []
        }
    }

    /// Takes a message that may end the process, with nothing else in progress.
    private func takeAlone(_ delivery: Delivery, of stream: String) async -> Bool {
        await access.exclusive(
            delivery, isEmpty: { !suspects.isTrying },
            isCritical: { suspects.isCritical(delivery, of: stream) }
        ) {
            await suspects.begin(alone: delivery, of: stream)
            await perform(receive(delivery, of: stream))
        }
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
        await perform(scheduler.withLock { $0.finished(ask.request.requestID, outcome, at: $0.clock.read(.now())) })
        wakeUp.yield()
    }

    /// Hands a question to a mind.
    func put(_ ask: Ask) { asks.yield(ask) }

    /// Asks one mind and judges its answer.
    func outcome(of ask: Ask) async -> AskOutcome {
        let mind = settings.minds[ask.mind]
        let contract = DecisionContract(ask.request, catalogue: commands.catalogue)
        let recall = if let known = ask.recall { known } else { await recalling.recall(ask.request) }
        let prompt = Prompt(
            ask.request, contract: contract, about: settings.about, repair: ask.repair, recall: recall,
            recallBytes: recalling.limits?.bytes ?? 0, maximumBytes: mind.promptBytes, at: .now())
        scheduler.withLock { $0.remind(ask.request.requestID, of: recall, used: prompt.recalled) }
        var question = MindQuestion(
            requestID: ask.request.requestID, system: prompt.system, user: prompt.user, schema: contract.schema,
            maximumTokens: ask.maximumTokens ?? mind.maxTokens, temperature: mind.temperature)
        let began = ContinuousClock.now
        let left = max(0, ask.deadline.milliseconds(since: scheduler.withLock { $0.clock.read(.now()) }))
        var shown = Pictures.Shown()
        if mind.sees, !ask.request.artifacts.isEmpty {
            // At most a third of the time, and five seconds: the rest is the mind's.
            shown = await pictures.shown(
                for: ask.request, budget: mind.imageBytes,
                until: began.advanced(by: .milliseconds(saturating: min(left / 3, 5_000))))
            question.images = shown.images
        }
        do throws(MindError) {
            let answer = try await loads[ask.mind].ask(
                question, deadline: began.advanced(by: .milliseconds(saturating: left)))
            let text = String(decoding: answer.text.prefix(4096), as: UTF8.self)
            let verdict = contract.check(
                answer.text, tokensRanOut: answer.finish == .length ? question.maximumTokens : nil)
            if case .cutOff(let tokens, _) = verdict {
                process.logger.warning(
                    "The tokens of a mind's answer ran out",
                    metadata: [
                        "mind": "\(mind.name)", "tokens": "\(tokens)",
                        "next": ask.maximumTokens == nil && mind.mostTokens > tokens
                            ? "asking once more, with \(mind.mostTokens)" : "raise its max_tokens",
                    ])
            }
            var usage = Usage(answer, promptBytes: prompt.bytes)
            (usage.saw, usage.leftOut) = (shown.saw, shown.leftOut)
            return .answered(verdict, usage, model: answer.model, refused: text)
        } catch {
            let took = began.duration(to: .now) / .milliseconds(1)
            // For a question without an answer the tokens read are unknown; the time is known.
            var usage = Usage(promptTokens: 0, completionTokens: 0, milliseconds: took)
            (usage.saw, usage.leftOut) = (shown.saw, shown.leftOut)
            return .failed(error, usage)
        }
    }

    /// Accounts for questions that ended after they were given up: their server has loaded its model.
    private func noteGivenUp() async {
        for await ended in given {
            let name = settings.minds[ended.mind].name
            switch ended.result {
            case .success(let answer):
                let bytes = ended.question.system.utf8.count + ended.question.user.utf8.count
                scheduler.withLock {
                    $0.loaded(mind: ended.mind)
                    $0.account(
                        .answered(.invalid([]), Usage(answer, promptBytes: bytes), model: answer.model, refused: ""),
                        mind: ended.mind, region: "", at: $0.clock.read(.now()))
                }
                process.logger.info(
                    "A mind has loaded its model",
                    metadata: ["mind": "\(name)", "seconds": "\(Int(saturating: answer.milliseconds / 1000))"])
            case .failure(let error):
                process.logger.warning(
                    "A mind did not load its model", metadata: ["mind": "\(name)", "reason": "\(error.message)"])
            }
            wakeUp.yield()
        }
    }

    // MARK: - Time

    /// Lets time pass for what waits; while nothing waits, nothing runs.
    private func watchTheClock() async {
        let clock = ContinuousClock()
        for await _ in wakeUps {
            while true {
                let (next, now) = scheduler.withLock { scheduler in
                    let now = scheduler.clock.read(.now())
                    return (scheduler.nextWake(after: now), now)
                }
                guard let next else { break }
                let wait = min(max(1, next.milliseconds(since: now)), 250)
                do { try await clock.sleep(for: .milliseconds(saturating: wait)) } catch { return }
                await perform(scheduler.withLock { $0.tick(at: $0.clock.read(.now())) })
            }
        }
    }

    /// Extends the acknowledgement of requests in progress (the stream waits for 10 s).
    private func keepAlive() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: .seconds(3)) } catch { return }
            for receipt in answers.withLock({ $0.receipts }) { try? receipt.delivery.inProgress() }
        }
    }
}

extension Usage {
    /// Resources that an answer took.
    init(_ answer: MindAnswer, promptBytes: Int) {
        self.init(
            promptTokens: answer.promptTokens, completionTokens: answer.completionTokens, promptBytes: promptBytes,
            answerBytes: answer.text.count, milliseconds: answer.milliseconds,
            tokensPerSecond: answer.tokensPerSecond)
    }
}
