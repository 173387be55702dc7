import Logging
import NimmerBus
import NimmerCell
import NimmerThalamus
import NimmerWave
import Synchronization

/// Wires the thalamus to the bus: waves are judged on the delivery thread, where also the first attempt to say what follows
/// leaves; releases, attention, requests and outcomes run beside it under one lock.
final class ThalamusProcess: Sendable {
    let process: ServiceProcess
    let bus: any Bus
    let thalamus: Mutex<Thalamus>
    let outbox: Outbox
    let announcer: Announcer
    private let configuration: ThalamusConfiguration
    private let openings: AsyncStream<Void>
    private let opened: AsyncStream<Void>.Continuation
    private let timerIsIdle = Atomic<Bool>(true)
    /// Questions of people that were answered, and those that were refused.
    let answered = Atomic<Int>(0)
    let refused = Atomic<Int>(0)

    init(_ process: ServiceProcess, _ configuration: ThalamusConfiguration) {
        self.process = process
        bus = process.bus
        self.configuration = configuration
        thalamus = Mutex(Thalamus(configuration))
        outbox = Outbox(bus: process.bus)
        announcer = Announcer(process, outbox)
        (openings, opened) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func run() async throws {
        try await process.waiting(for: "the streams") { [process] in
            try await HouseStreams.ensure(
                on: process.bus, environment: process.environment, keepingWaves: process.settings.flag("keep_waves"))
        }
        let shards = try await share()
        let waves = try await hear(shards)
        let questions = Questions(self, shards)
        let responder = try await questions.serve()
        process.answers.report { [weak self] in
            self?.statistics(lost: waves.lost) ?? ServiceResponder.Statistics()
        }
        process.metrics.collect { [weak self] page in self?.measure(lost: waves.lost, into: &page) }
        process.health.started()
        process.logger.info(
            "Listening", metadata: ["pattern": "\(SubjectPattern.waves(process.environment))"])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.outbox.run() }
            group.addTask { await self.release() }
            group.addTask { await self.attend(waves) }
            group.addTask { await questions.learn() }
            await process.untilStopped()
            waves.cancel()
            await shards?.leave()
            // What was put off comes into the outbox before that is emptied: it waits for a turn, and runs at the end of one.
            for _ in 0..<2 { _ = try? await bus.flush(timeout: .seconds(1)) }
            if await !outbox.drain(timeout: .seconds(3)) {
                process.logger.warning(
                    "Left with messages that no stream has acknowledged",
                    metadata: ["waiting": "\(self.outbox.counters.waiting)"])
            }
            responder.cancel()
            group.cancelAll()
        }
    }

    /// Shares the regions with other thalami where the system file says so, once they let this one take part; else takes up
    /// all gates.
    private func share() async throws -> Shards? {
        guard let partitions = configuration.partitions else {
            try await process.waiting(for: "the last transitions of its gates") { try await self.resume { _ in true } }
            return nil
        }
        let shards = try await process.waiting(for: "the bucket of leases") {
            try await Shards.open(self, self.configuration, partitions: partitions)
        }
        process.metrics.collect { [weak shards] page in shards?.measure(into: &page) }
        await shards.untilTakingPart()
        return shards
    }

    /// Hears every wave of the environment; those who share the regions hear each wave once between them, and sort it.
    private func hear(_ shards: Shards?) async throws(BusError) -> any Subscription {
        let pattern = SubjectPattern.waves(process.environment)
        guard let shards else {
            return try await bus.subscribe(pattern) { [self] subject, payload, arrival in
                receive(subject, payload, arrival)
            }
        }
        return try await bus.subscribe(pattern, queue: process.name) { [self] subject, payload, arrival in
            do throws(Refusal) {
                guard let part = try shards.sort(payload, arrival) else { return }
                if !judge(subject, payload, arrival, if: { shards.judges(part) }) { shards.missed() }
            } catch {
                announcer.reject(error, arrival)
            }
        }
    }

    /// Judges a wave if a condition holds under the lock of the gates: whether this thalamus still has the wave's part, which it
    /// gives up under the same lock.
    func judge(
        _ subject: RawSpan, _ payload: RawSpan, _ arrival: Arrival, if isAllowed: () -> Bool
    ) -> Bool {
        do throws(Refusal) {
            let (isJudged, hasActions) = try thalamus.withLock { (thalamus) throws(Refusal) in
                guard isAllowed() else { return (false, false) }
                _ = try thalamus.receive(subject: subject, payload: payload, arrival: arrival.at)
                return (true, !thalamus.actions.isEmpty)
            }
            if hasActions { announce() }
            return isJudged
        } catch {
            announcer.reject(error, arrival)
            return true
        }
    }

    /// The hot path: from the bytes to the verdict, and where something follows, to the first attempt to say it.
    private func receive(_ subject: RawSpan, _ payload: RawSpan, _ arrival: Arrival) {
        do throws(Refusal) {
            let hasActions = try thalamus.withLock { (thalamus) throws(Refusal) in
                _ = try thalamus.receive(subject: subject, payload: payload, arrival: arrival.at)
                return !thalamus.actions.isEmpty
            }
            if hasActions { announce() }
        } catch {
            announcer.reject(error, arrival)
        }
    }

    /// Says what the thalamus has concluded: transitions and collapses at once and together, so that a crash keeps both or
    /// none; their questions as soon as these are on their way, so that they do not hold them up.
    func announce() {
        let actions = thalamus.withLock { thalamus in
            let taken = thalamus.actions
            thalamus.actions.removeAll(keepingCapacity: true)
            return taken
        }
        var questions: [ThalamusAction] = []
        for action in actions {
            if case .escalate = action { questions.append(action) } else { announcer.say(action) }
        }
        guard !actions.isEmpty else { return }
        bus.afterTurn { [self, questions] in
            for question in questions { announcer.say(question) }
            if timerIsIdle.load(ordering: .sequentiallyConsistent) { opened.yield() }
        }
    }

    /// Takes up each gate where its last persisted transition left it, and the outcomes that came after it
    /// (protocol.md, What an acknowledgement means).
    ///
    /// - Parameter isOurs: whether this thalamus looks after a gate.
    func resume(_ isOurs: @Sendable (GateID) -> Bool) async throws {
        let env = process.environment
        // Both before anything is taken up: a reading that fails leaves nothing half done.
        let last = try await bus.lastPerSubject(stream: HouseStreams.transitions(env), filter: .transitions(env))
        let outcomes = try await bus.read(stream: HouseStreams.decisions(env), filter: .outcomes(env))
        var since: [GateID: Timestamp] = [:]
        var resumed = 0
        for stored in last {
            guard let message = try? Envelope<GateTransition>(decoding: stored.message.payload),
                message.header.source.entityType == .thalamus, isOurs(message.body.gateID)
            else { continue }
            thalamus.withLock { $0.resume(message.body) }
            since[message.body.gateID] = stored.message.at
            resumed += 1
        }
        for stored in outcomes {
            guard let gate = Questions.gate(of: stored.message.subject), let earliest = since[gate],
                stored.message.at > earliest,
                let message = try? Envelope<VerificationOutcome>(decoding: stored.message.payload)
            else { continue }
            thalamus.withLock { _ = $0.learn(message.body.outcome, gate: gate) }
        }
        let now = Timestamp.now()
        thalamus.withLock { $0.advance(to: now) }
        announce()
        if resumed > 0 { process.logger.info("Took up gates", metadata: ["gates": "\(resumed)"]) }
    }

    /// Lets gates release at their time. While none is open or closed nothing runs; while some are, the timer looks again at
    /// least five times a second, so that a gate which opened meanwhile and releases earlier is at most that late (its
    /// transition carries the exact time in any case).
    private func release() async {
        let clock = ContinuousClock()
        for await _ in openings {
            timerIsIdle.store(false, ordering: .sequentiallyConsistent)
            while !Task.isCancelled {
                guard let next = thalamus.withLock({ $0.nextRelease }) else {
                    timerIsIdle.store(true, ordering: .sequentiallyConsistent)
                    // One that opened just before the timer was seen as idle must not be missed.
                    if thalamus.withLock({ $0.nextRelease }) == nil { break }
                    timerIsIdle.store(false, ordering: .sequentiallyConsistent)
                    continue
                }
                let wait = min(next.nanoseconds - Timestamp.now().nanoseconds + 1, 200_000_000)
                if wait > 0 {
                    do { try await clock.sleep(for: .nanoseconds(wait)) } catch { return }
                }
                let now = Timestamp.now()
                let hasActions = thalamus.withLock { thalamus in
                    thalamus.advance(to: now)
                    return !thalamus.actions.isEmpty
                }
                if hasActions { announce() }
            }
        }
    }

    /// Publishes Attention once a second.
    private func attend(_ waves: any Subscription) async {
        let clock = ContinuousClock()
        var before = (waves: 0, lost: UInt64(0), at: clock.now)
        while !Task.isCancelled {
            do { try await clock.sleep(for: .seconds(1)) } catch { return }
            let lost = waves.lost
            let seconds = before.at.duration(to: clock.now) / .seconds(1)
            let at = Timestamp.now()
            let attention = thalamus.withLock { thalamus in
                thalamus.attention(
                    at: at, wavesPerSecond: Double(thalamus.counters.waves - before.waves) / seconds, lost: Int(lost),
                    lostLately: Int(lost - before.lost))
            }
            before = (attention.waves, lost, clock.now)
            announcer.say(attention, at: at)
        }
    }
}
