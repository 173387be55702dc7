import NimmerBus
import NimmerGate
import NimmerPlatform
import NimmerProcess
import NimmerSystem
import NimmerWave
import ServiceLifecycle
import Synchronization

/// A cell in the world: its body behind a lock, its subscriptions, its requests, its clock.
///
/// Messages reach the cell on the bus's delivery thread, one at a time, without a task for each; what follows is done
/// after the lock is released, in order (architecture.md, rules 1 and 2).
public final class CellHost<C: Cell>: Sendable {
    /// The process that the cell lives in: name, settings, logger, bus.
    public let process: ServiceProcess
    let identity: Identity
    let rejects: RejectLimiter
    /// Replies without a place to go to leave on the cell's response subject.
    let requests: RequestHandler
    let calls = CallWatch()
    /// Interval of its senses, in milliseconds; nil: never on its own.
    let interval: Int?
    let latest = Mutex(ServiceResponder.Statistics())
    private let state: Mutex<State>
    private let jobs: AsyncStream<Job>
    private let jobFeed: AsyncStream<Job>.Continuation
    /// Sent when an appointment comes earlier than the awaited one.
    private let isEarlier = TaskSignal()
    let outbox: Outbox
    /// State of the keeping of what it has learned.
    let keeping = Mutex(LearnedKeeping())
    /// Origins that the waves which it hears may name.
    let grants: OriginGrants

    private struct State {
        var body: CellBody<C>
        var clock: CellClock
        var waiting: [Pulse.Action] = []
        var isDoing = false
        var armed: Timestamp?
        var working = 0
        var lost = 0
        var hasLoggedLoss = false
        var failure: ProcessFailure?
    }

    /// Something that takes time and runs beside the cell.
    struct Job: Sendable {
        var run: @Sendable () async -> Void
    }

    /// A cell in a process, at rest until ``run()``.
    ///
    /// - Throws: what the cell's `init` throws.
    public convenience init(_ process: ServiceProcess) throws {
        try self.init(process, body: CellBody<C>(process.configuration))
    }

    init(_ process: ServiceProcess, body: CellBody<C>) {
        self.process = process
        identity = body.identity
        interval = body.interval
        rejects = RejectLimiter(process)
        requests = RequestHandler(
            process, rejects, orOn: .response(process.environment, cell: body.identity.name))
        outbox = process.outbox(limits: OutboxQueue.Limits(messages: 256, bytes: 4 << 20))
        grants = OriginGrants(process.system, hasIdentities: process.bus.identity != nil)
        let tolerance = process.system.map { ClockTolerance(milliseconds: $0.thalamus.clockToleranceMS) }
        state = Mutex(State(body: body, clock: CellClock(tolerance: tolerance ?? ClockTolerance())))
        (jobs, jobFeed) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(4096))
    }

    /// Counters of the cell since its start, including what could not be sent.
    public var counters: CellCounters {
        state.withLock { state in
            var counters = state.body.counters
            counters.lost = state.lost
            return counters
        }
    }

    /// Changes the cell from its own life (``Cell/live(_:)``): a line was read, a device spoke.
    ///
    /// - Parameters:
    ///   - moment: when it happened, on the wall; now unless given.
    ///   - change: what is done to the cell, under its lock: must not block.
    public func update(at moment: Timestamp? = nil, _ change: (inout C, inout Pulse) throws -> Void) {
        act(moment.map { .wall($0) } ?? .now) { body, now in body.update(at: now, change) }
    }

    /// Lives until the process is asked to stop.
    ///
    /// - Throws: the `ProcessFailure` with which the cell left.
    public func run() async throws {
        // Before any other message: what an earlier run concluded and has not published yet.
        outbox.takeUp()
        logMissingGrants()
        await waitForServer()
        let older = await awaitTurn()
        if isStopping { return }
        await resumeLearned()
        let subscriptions = try await subscribe()
        let handoverState = older == nil ? nil : await takeOver()
        if let older { process.logger.info("Took over", metadata: ["from": "\(older)"]) }
        reportItself()
        process.health.started()
        let takenUp = handoverState.map { handoverState in
            state.withLock { $0.clock.takeUp(handoverState, interval: $0.body.interval) }
        }
        act { body, now in
            if let takenUp {
                body.resume(
                    takenUp.state, potential: takenUp.potential, weight: takenUp.weight, interval: takenUp.interval,
                    at: takenUp.at)
            }
            return self.isPlayed ? body.startPlayed(at: now) : body.start(at: now, first: takenUp?.nextSense)
        }
        let subscription = try await answerHandover()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepAppointments() }
            group.addTask { await self.watchCalls() }
            group.addTask { await self.work() }
            group.addTask { if !self.isPlayed { await self.live() } }
            group.addTask { await self.keepLearned() }
            group.addTask { [outbox, process] in await process.run(outbox) }
            await untilEnd()
            subscription.cancel()
            _ = state.withLock { $0.body.rest() }
            send(.left)
            await leaveQueues(subscriptions)
            await finishWork()
            act { $0.stop(at: $1) }
            writeLearned()
            if process.bus.status.isConnected { _ = await outbox.drain(timeout: .seconds(1)) }
            jobFeed.finish()
            group.cancelAll()
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// At most a second, so that the first wave is heard when there is a server, and reported to be lost without one.
    private func waitForServer() async {
        let events = process.bus.events()
        guard !process.bus.status.isConnected else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await event in events {
                    if case .connected = event { return }
                }
            }
            group.addTask { try? await Task.sleep(for: .seconds(1)) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Logs at once what the thalamus would refuse: origins that the system file does not grant.
    private func logMissingGrants() {
        guard process.system != nil else { return }
        let missing = grants.missing(process.configuration.origins, for: identity.name.text)
        guard !missing.isEmpty else { return }
        let line = (grants.patterns(of: identity.name.text) + missing).map { "\"\($0)\"" }.joined(separator: ", ")
        process.logger.warning(
            "The system file does not grant the origins of this cell: the thalamus refuses its waves",
            metadata: ["needs": "origins: [\(line)]"])
    }

    private func live() async {
        do { try await C.live(self) } catch {
            guard !(error is CancellationError) else { return }
            leave(ProcessFailure(error))
        }
    }

    private func untilEnd() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.process.untilStopped() }
            group.addTask { await self.untilLeaving() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Leaves the queue groups; messages that the server has sent already are still handled, those who share the name get the rest.
    private func leaveQueues(_ subscriptions: [any Subscription]) async {
        guard process.bus.status.isConnected else { return subscriptions.forEach { $0.cancel() } }
        await withTaskGroup(of: Void.self) { group in
            for subscription in subscriptions { group.addTask { await subscription.drain(timeout: .seconds(2)) } }
        }
    }

    /// Indicates whether it was asked to stop.
    var isStopping: Bool { Task.isCancelled || Task.isShuttingDownGracefully }

    /// Stops sensing, and returns what the next instance continues with.
    func retire() -> HandoverState {
        state.withLock { state in
            let (gate, now) = (state.body.gate, state.clock.now())
            return state.clock.leave(
                HandoverState(
                    nextSense: state.body.rest(), state: gate.state, potential: gate.potential(at: now),
                    weight: gate.weight, interval: gate.interval, at: now))
        }
    }

    /// Leaves, because a newer version does its work now.
    func giveWay(to version: String) {
        process.logger.info("Handed over", metadata: ["to": "\(version)"])
        left.continuation.yield()
    }

    private let left = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))

    private func untilLeaving() async {
        for await _ in left.stream { return }
    }

    private func leave(_ failure: ProcessFailure) {
        state.withLock { $0.failure = $0.failure ?? failure }
        left.continuation.yield()
    }

    // MARK: Doing what the cell wrote down

    /// The cell's time.
    var now: Timestamp { state.withLock { $0.clock.now() } }

    /// Lets the body act at a moment of its time, then does what follows, outside the lock and in order.
    func act(_ moment: CellClock.Moment = .now, _ change: (inout CellBody<C>, Timestamp) -> Pulse) {
        act(at: { $0.time(of: moment) }, change)
    }

    /// A wave of another cell came.
    func hear(_ message: Envelope<WaveSignal>, of cell: Token, at arrival: Timestamp) {
        act(at: { $0.received(message, of: cell, arrival: arrival) }) { body, wave in body.hear(wave) }
    }

    private func act<Input>(at input: (inout CellClock) -> Input, _ change: (inout CellBody<C>, Input) -> Pulse) {
        var took = Duration.zero
        let (isMine, next) = state.withLock { state -> (Bool, Timestamp?) in
            let input = input(&state.clock)
            calls.begin()
            defer { took = calls.end() }
            for action in change(&state.body, input).actions { state.waiting.append(state.clock.onWall(action)) }
            let next = state.body.nextAppointment
            let isEarlier = next.map { next in state.armed.map { next < $0 } ?? true } ?? false
            defer { state.isDoing = true }
            return (!state.isDoing, isEarlier ? next : nil)
        }
        if took > callLimit { report(took) }
        if next != nil { isEarlier.send() }
        guard isMine else { return }
        while true {
            let actions = state.withLock { state -> [Pulse.Action] in
                let actions = state.waiting
                state.waiting = []
                if actions.isEmpty { state.isDoing = false }
                return actions
            }
            if actions.isEmpty { return }
            for action in actions { perform(action) }
        }
    }

    private func perform(_ action: Pulse.Action) {
        switch action {
        case .wave(let wave): emit(wave)
        case .publish(let subject, let payload): publish(subject, payload)
        case .state(let change): announce(change)
        case .change(let change): report(change)
        case .transition(let change):
            retain(change)
        case .verify(let outcome, let gate): report(outcome, gate)
        case .send(let command, let cell):
            enqueue { await self.ask(command, cell) }
        case .begin(let name, let work):
            enqueue { await self.finish(name, work) }
        case .log(let level, let message, let values):
            process.logger.log(level: level, "\(message)", metadata: values.mapValues { .string($0) })
        case .leave(let failure): leave(failure)
        case .artifact(let bytes, let type): enqueue { await self.hand(over: bytes, type) }
        case .wake: break
        }
    }

    private func emit(_ wave: WaveSignal) {
        let message = Envelope(id: .v7(), at: .now(), from: process.source, wave)
        publish(identity.waveSubject, message.encoded())
    }

    private func report(_ change: ChangeEvent) {
        let message = Envelope(id: .v7(), at: change.at, from: process.source, change)
        publish(identity.changeSubject, message.encoded())
    }

    /// Without a server nothing is kept for later: a wave speaks of its moment. It is counted.
    private func publish(_ subject: Subject, _ payload: [UInt8]) {
        var reason = "no server"
        if process.bus.status.isConnected {
            do throws(BusError) {
                try process.bus.publish(subject, payload: payload)
                state.withLock { $0.hasLoggedLoss = false }
                return
            } catch { reason = error.message }
        }
        let isNew = state.withLock { state in
            state.lost += 1
            defer { state.hasLoggedLoss = true }
            return !state.hasLoggedLoss
        }
        if isNew {
            process.logger.warning(
                "No connection: what this cell publishes is counted as lost", metadata: ["reason": "\(reason)"])
        }
    }

    private func announce(_ change: NerveState) {
        process.logger.info(
            "State", metadata: ["from": "\(change.fromState)", "to": "\(change.toState)", "reason": "\(change.reason)"])
        guard C.role == .nerve else { return }
        let message = Envelope(id: .v7(), at: change.at, from: process.source, change)
        publish(.nerveState(process.environment, nerve: identity.name), message.encoded())
    }

    /// A transition is kept until the stream acknowledges it (protocol.md, What an acknowledgement means); at most 256.
    private func retain(_ change: GateTransition) {
        let id = MessageID.transition(change, in: process.environment)
        let message = Envelope(id: id, at: change.at, from: process.source, change)
        // With an identity the thalamus takes it, checks it and stores it (decision 0019): no cell writes to a stream.
        let subject = Subject.transition(process.environment, gate: change.gateID).from(process.bus.identity)
        outbox.send(subject, payload: message.encoded(), id: id)
    }

    // MARK: Time

    private func keepAppointments() async {
        while !Task.isCancelled {
            let seen = isEarlier.count
            let wait = state.withLock { state in
                state.armed = state.body.nextAppointment
                return state.armed?.milliseconds(since: state.clock.now())
            }
            // Not at the exact time: a gate's release is just after its time.
            let pause = Duration.milliseconds(saturating: wait.map { max(0.2, $0) } ?? 3_600_000)
            await isEarlier.wait(from: seen, until: .now.advanced(by: pause))
            if Task.isCancelled { return }
            act { $0.advance(to: $1) }
        }
    }

    // MARK: Work

    /// Takes a job; refused when too many wait.
    @discardableResult
    func enqueue(_ run: @escaping @Sendable () async -> Void) -> Bool {
        state.withLock { $0.working += 1 }
        let job = Job {
            await run()
            self.state.withLock { $0.working -= 1 }
        }
        if case .enqueued = jobFeed.yield(job) { return true }
        state.withLock { $0.working -= 1 }
        return false
    }

    func countRejected() { state.withLock { $0.body.countRejected() } }

    /// Looks at the body.
    func withBody<Result>(_ look: (borrowing CellBody<C>) throws -> sending Result) rethrows -> sending Result {
        try state.withLock { state in try look(state.body) }
    }

    private func work() async {
        await withDiscardingTaskGroup { group in
            for await job in jobs {
                group.addTask { await job.run() }
            }
            group.cancelAll()
        }
    }

    /// Lets work that has begun come to its end, for three seconds at most.
    private func finishWork() async {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: .seconds(3))
        while state.withLock({ $0.working > 0 }), clock.now < deadline {
            try? await Task.sleep(for: .milliseconds(5))
            if Task.isCancelled { return }
        }
    }

    private func finish(_ name: String, _ work: @Sendable () async throws -> JSON) async {
        let outcome: Result<JSON, any Error>
        do { outcome = .success(try await work()) } catch { outcome = .failure(error) }
        act { $0.finished(name, outcome, at: $1).pulse }
    }
}
