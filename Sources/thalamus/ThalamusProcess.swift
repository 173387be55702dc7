import Logging
import NimmerBus
import NimmerPlatform
import NimmerProcess
import NimmerThalamus
import NimmerWave
import Synchronization

/// Wires the thalamus to the bus: waves are judged on the delivery thread, where also the first attempt to publish what follows
/// leaves; releases, attention, requests and outcomes run beside it under one lock. Under that lock conclusions also get their place
/// in the outbox, so that a gate's transitions are stored in the order in which they happened, whichever thread concluded them.
final class ThalamusProcess: Sendable {
    let process: ServiceProcess
    let bus: any Bus
    let thalamus: Mutex<Thalamus>
    let outbox: Outbox
    let announcer: ConclusionPublisher
    let outcomes: Outcomes
    private let configuration: ThalamusConfiguration
    private let keepsWaves: Bool
    private let openings: AsyncStream<Void>
    private let opened: AsyncStream<Void>.Continuation
    private let timerIsIdle = Atomic<Bool>(true)
    /// Gates that somebody else has judged: to be taken up again.
    private let superseded: AsyncStream<Subject>
    /// Ownership of the regions where several thalami share them.
    private let shards = Mutex<Shards?>(nil)
    /// Questions to the other instances, and connections that are being closed.
    let tasks = TaskOwner()
    /// The flooding senders that are held back now.
    let heldBack = Mutex<Set<String>>([])
    /// The questions that each may ask: at once, and a second; a screen that shows gates asks twice a second.
    let questions = Mutex(SenderIntake(SenderBudgets(burst: 60, perSecond: 10)))
    /// Questions of people that were answered, and those that were refused.
    let answered = Atomic<Int>(0)
    let refused = Atomic<Int>(0)

    init(_ process: ServiceProcess, _ configuration: ThalamusConfiguration, keepsWaves: Bool) {
        self.keepsWaves = keepsWaves
        self.process = process
        bus = process.bus
        self.configuration = configuration
        // Nobody knows an id of this run before it is published (decision 0017).
        var chance = SystemRandomNumberGenerator()
        thalamus = Mutex(Thalamus(configuration, names: MessageID(high: chance.next(), low: chance.next())))
        let (superseded, supersede) = AsyncStream.makeStream(of: Subject.self)
        self.superseded = superseded
        outbox = process.outbox { subject, _ in supersede.yield(subject) }
        let outcomes = Outcomes(process)
        self.outcomes = outcomes
        announcer = ConclusionPublisher(process, outbox) { outcomes.opened($0, $1) }
        (openings, opened) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func run() async throws {
        try await process.waiting(for: "the streams") { [process, keepsWaves] in
            _ = try await SystemStreams.ensure(
                on: process.bus, environment: process.environment, keepingWaves: keepsWaves,
                mayChange: true)
        }
        try await process.waiting(for: "the stream of outcomes") { [outcomes] in try await outcomes.begin() }
        let room = try await process.waiting(for: "the room of the streams") { [process] in
            try await OpeningRoom(of: process.bus, process.environment)
        }
        thalamus.withLock { $0.keepOpenings(within: room) }
        // Before any other message: what an earlier run concluded and has not published yet.
        outbox.takeUp()
        let shards = try await share()
        let waves = try await hear(shards)
        let questions = ThalamusRequests(self, shards)
        let responder = try await questions.serve()
        let reported = ReportedTransitions(self, room)
        let reports = try await reported.serve()
        process.answers.report { [weak self] in
            self?.statistics(lost: waves.lost) ?? ServiceResponder.Statistics()
        }
        process.metrics.collect { [weak self] in
            self?.measure(lost: waves.lost, reportsDropped: reported.dropped, into: &$0)
        }
        process.health.started()
        process.logger.info(
            "Listening", metadata: ["pattern": "\(SubjectPattern.waves(process.environment))"])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.process.run(self.outbox) }
            group.addTask { await self.retake(shards) }
            group.addTask { await self.release() }
            group.addTask { await self.attend(waves) }
            group.addTask { await FloodWatch(self, waves).run() }
            if let shards { group.addTask { await self.keepTogether(waves, shards) } }
            group.addTask { await self.outcomes.learn(self, shards) }
            group.addTask { await reported.run() }
            group.addTask { await self.watchStreams() }
            await process.untilStopped()
            waves.cancel()
            await shards?.leave()
            // What was put off comes into the outbox before that is emptied: it waits for a turn, and runs at the end of one.
            for _ in 0..<2 { _ = try? await bus.flush(timeout: .seconds(1)) }
            let limit: Duration = bus.status.isConnected ? .seconds(3) : .zero
            if await !outbox.drain(timeout: limit) {
                process.logger.warning(
                    "Left with messages that no stream has acknowledged",
                    metadata: ["waiting": "\(self.outbox.counters.waiting)"])
            }
            responder.cancel()
            reports.cancel()
            // Not waited for: a connection that the server has given up may take seconds to end.
            tasks.cancelAll()
            group.cancelAll()
        }
    }

    /// Keeps the streams as those who live need them; the thalamus does it for all.
    private func watchStreams() async {
        await SystemStreams.watch(
            on: bus, environment: process.environment, keepingWaves: keepsWaves
        ) { outcome in
            switch outcome {
            case .success(.widened):
                process.logger.notice("Processes of protocol 2.0 run: the streams keep what these need, too")
            case .success(.migrated): process.logger.notice("The streams are those of this version now")
            case .failure(let error):
                process.logger.warning("Cannot look after the streams", metadata: ["reason": "\(error)"])
            }
        }
    }

    /// Shares the regions with other thalami where the system file states so, once they let this one take part; else takes up
    /// all gates.
    private func share() async throws -> Shards? {
        guard let partitions = configuration.partitions else {
            try await process.waiting(for: "the last transitions of its gates") { try await self.resume { _ in true } }
            return nil
        }
        let shards = try await process.waiting(for: "the bucket of leases") {
            try await Shards.open(self, self.configuration, partitions: partitions)
        }
        self.shards.withLock { $0 = shards }
        process.metrics.collect { [weak shards] page in shards?.measure(into: &page) }
        await shards.untilTakingPart()
        return shards
    }

    /// Hears every wave of the environment; those who share the regions hear each wave once between them, and sort it.
    private func hear(_ shards: Shards?) async throws(BusError) -> WaveSubscription {
        let pattern = SubjectPattern.waves(process.environment)
        guard let shards else {
            return try await WaveSubscription { [self] queue async throws(BusError) in
                try await bus.subscribe(pattern, queue: queue) { [self] subject, payload, arrival in
                    receive(subject, payload, arrival)
                }
            }
        }
        return try await WaveSubscription(sharedBy: shards.group) { [self] queue async throws(BusError) in
            try await bus.subscribe(pattern, queue: queue) { [self] subject, payload, arrival in
                do throws(Refusal) {
                    if isTooMany(subject, arrival) { return }
                    guard let part = try shards.sort(payload, arrival) else { return }
                    if !judge(subject, payload, arrival, if: { shards.judges(part) }) { shards.missed() }
                } catch {
                    announcer.reject(error, arrival)
                }
            }
        }
    }

    /// Hears waves together with those who live: when one comes, goes or falls silent, the others meet in another group. One that is
    /// stopped, or whose connection has died without a word, stays in the old one, and takes nobody's waves with it.
    private func keepTogether(_ waves: WaveSubscription, _ shards: Shards) async {
        while (try? await Task.sleep(for: .milliseconds(200))) != nil {
            do throws(BusError) { try await waves.share(as: shards.group) } catch { continue }
        }
    }

    /// Judges a wave if a condition holds under the lock of the gates: whether this thalamus still has the wave's part, which it
    /// gives up under the same lock.
    func judge(
        _ subject: RawSpan, _ payload: RawSpan, _ arrival: Arrival, if isAllowed: () -> Bool
    ) -> Bool {
        do throws(Refusal) {
            return try settle { (thalamus) throws(Refusal) in
                guard isAllowed() else { return false }
                let at = thalamus.clock.arrival(arrival.at, ClockReading.now)
                _ = try thalamus.receive(subject: subject, payload: payload, arrival: at)
                return true
            }
        } catch {
            announcer.reject(error, arrival)
            return true
        }
    }

    /// Notices who speaks among those whose waves are sorted; whether the wave is passed over.
    private func isTooMany(_ subject: RawSpan, _ arrival: Arrival) -> Bool {
        thalamus.withLock { thalamus in
            let at = thalamus.clock.arrival(arrival.at, ClockReading.now)
            return thalamus.passesOver(subject: subject, arrival: at)
        }
    }

    /// The hot path: from the bytes to the verdict, and where something follows, to the first attempt to publish it.
    private func receive(_ subject: RawSpan, _ payload: RawSpan, _ arrival: Arrival) {
        do throws(Refusal) {
            try settle { (thalamus) throws(Refusal) in
                let at = thalamus.clock.arrival(arrival.at, ClockReading.now)
                if thalamus.passesOver(subject: subject, arrival: at) { return }
                _ = try thalamus.receive(subject: subject, payload: payload, arrival: at)
            }
        } catch {
            announcer.reject(error, arrival)
        }
    }

    /// Changes the thalamus, and publishes what follows: its place is fixed under the lock, it leaves outside.
    func settle<Result: Sendable, Failure: Error>(
        _ change: (inout Thalamus) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var isConcluded = false
        let result = try thalamus.withLock { (thalamus) throws(Failure) in
            let result = try change(&thalamus)
            if !thalamus.conclusions.isEmpty {
                isConcluded = true
                let shards = self.shards.withLock { $0 }
                // Gates of a part whose lease has run out go on by themselves until they are forgotten: another judges these.
                for conclusion in thalamus.conclusions
                where shards?.concludes(conclusion.transition.gateID) ?? true {
                    announcer.put(conclusion)
                }
                thalamus.conclusions.removeAll(keepingCapacity: true)
            }
            return result
        }
        if isConcluded {
            outbox.push()
            bus.afterTurn { [self] in
                if timerIsIdle.load(ordering: .sequentiallyConsistent) { opened.yield() }
            }
        }
        return result
    }

    /// Takes up each gate where its last transition left it, the outcomes that came after it, and what an earlier run has not published
    /// yet (protocol.md, What an acknowledgement means).
    ///
    /// - Parameter isOurs: whether this thalamus looks after a gate.
    func resume(_ isOurs: @Sendable (GateID) -> Bool) async throws {
        let env = process.environment
        let stream = SystemStreams.transitions(env)
        let last = try await bus.lastPerSubject(stream: stream, filter: .transitions(env))
        var found = LastTransitions()
        func look(at stored: StoredMessage) {
            // The gates of cells and nerves are their own.
            guard let gate = GateID(transition: stored.message.subject), gate.owner == nil, isOurs(gate) else { return }
            let message: Envelope<GateTransition>
            do throws(Refusal) {
                message = try Envelope(decoding: stored.message.payload, on: stored.message.subject)
            } catch { return announcer.reject(error, stored.message) }
            found.take(message, storedAt: stored.message.at)
        }
        for stored in last { look(at: stored) }
        // Older versions could store a transition behind a later one of its gate, when they published it again. After a restore all that
        // there is was stored lately.
        if let latest = last.map(\.message.at).max() {
            let before = latest.advanced(milliseconds: -LastTransitions.disorderMilliseconds)
            try await bus.read(stream: stream, filter: .transitions(env), start: .at(before)) { batch in
                for stored in batch { look(at: stored) }
                return true
            }
        }
        for stored in last where GateID(transition: stored.message.subject).map(isOurs) ?? false {
            outbox.reconcile(stored.message.subject, newest: StoredIdentity(stored))
        }
        outbox.forEachWaiting { message in
            guard let transition = try? Envelope<GateTransition>(decoding: message.payload, on: message.subject),
                isOurs(transition.body.gateID)
            else { return }
            found.take(transition, storedAt: .now())
        }
        let all = try await outcomes.stored()
        var lessons: [Outcomes.Stored] = []
        for outcome in all {
            let gate = outcome.opening.gate
            guard isOurs(gate), found.precedes(outcomeOf: gate, storedAt: outcome.message.at) else { continue }
            if found.isLast(outcome.opening.id, of: gate),
                !all.contains(where: { $0.opening == outcome.opening && $0.sequence < outcome.sequence })
            {
                outcomes.opened(gate, outcome.opening.id)
            }
            switch try await outcomes.judge(outcome) {
            case .learn: lessons.append(outcome)
            // Of a part that comes back: its gates were forgotten, and what they had learned since their last transition with them.
            case .known: lessons.append(outcome)
            case .refuse(let refusal): announcer.reject(refusal, outcome.message)
            case .look: break
            }
        }
        settle { thalamus in
            let now = thalamus.clock.read(.now())
            for stored in last where GateID(transition: stored.message.subject).map(isOurs) ?? false {
                outbox.know(stored.message.subject, last: stored.sequence, id: StoredIdentity(stored).id)
            }
            for item in found.inOrder {
                thalamus.resume(item.body, id: item.header.messageID, now: now)
            }
            for lesson in lessons { thalamus.learn(lesson.result, gate: lesson.opening.gate) }
            thalamus.advance(to: now)
        }
        // What came while these were read.
        for outcome in try await outcomes.stored(after: all.last?.sequence ?? 0) where isOurs(outcome.opening.gate) {
            if all.isEmpty, let known = found[outcome.opening.gate], outcome.message.at <= known.storedAt { continue }
            try await outcomes.take(outcome, self)
        }
        // Among them may be some that are open: they release in their time, also when no wave comes.
        opened.yield()
        if !found.isEmpty { process.logger.info("Took up gates", metadata: ["gates": "\(found.gates.count)"]) }
    }

    /// Takes up gates again that somebody else has judged meanwhile (another thalamus, from which this one was cut off): what they
    /// concluded here and had not published is given up, and they go on from what is stored.
    private func retake(_ shards: Shards?) async {
        let stream = SystemStreams.transitions(process.environment)
        for await subject in superseded {
            guard let gate = GateID(transition: subject) else { continue }
            process.logger.warning(
                "What this gate concluded here was given up: going on from what is stored",
                metadata: ["gate": "\(gate)"])
            while !Task.isCancelled {
                do throws(BusError) {
                    let stored = try await bus.lastMessage(stream: stream, subject: subject)
                    settle { thalamus in
                        guard shards?.judges(gate) ?? true else { return }
                        outbox.know(
                            subject, last: stored?.sequence ?? 0, id: stored.flatMap { StoredIdentity($0).id })
                        guard let stored, gate.owner == nil,
                            let last = try? Envelope<GateTransition>(
                                decoding: stored.message.payload, on: stored.message.subject)
                        else { return }
                        let now = thalamus.clock.read(.now())
                        thalamus.resume(last.body, id: last.header.messageID, now: now)
                        thalamus.advance(to: now)
                    }
                    opened.yield()
                    break
                } catch {
                    do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
                }
            }
        }
    }

    /// Lets gates release at their time. While none is open or closed nothing runs; while some are, the timer looks again at
    /// least five times a second, so that a gate which opened meanwhile and releases earlier is at most that late (its
    /// transition carries the exact time in any case).
    private func release() async {
        let clock = ContinuousClock()
        for await _ in openings {
            timerIsIdle.store(false, ordering: .sequentiallyConsistent)
            while !Task.isCancelled {
                let (release, now) = thalamus.withLock { ($0.nextRelease, $0.clock.read(.now())) }
                guard let next = release else {
                    timerIsIdle.store(true, ordering: .sequentiallyConsistent)
                    // One that opened just before the timer was seen as idle must not be missed.
                    if thalamus.withLock({ $0.nextRelease }) == nil { break }
                    timerIsIdle.store(false, ordering: .sequentiallyConsistent)
                    continue
                }
                let wait = min(next.nanoseconds(since: now).addingSaturated(1), 200_000_000)
                if wait > 0 {
                    do { try await clock.sleep(for: .nanoseconds(wait)) } catch { return }
                }
                settle { $0.advance(to: $0.clock.read(.now())) }
            }
        }
    }

    /// Publishes Attention once a second.
    private func attend(_ waves: WaveSubscription) async {
        let clock = ContinuousClock()
        var before = (waves: 0, lost: UInt64(0), at: clock.now)
        while !Task.isCancelled {
            do { try await clock.sleep(for: .seconds(1)) } catch { return }
            let lost = waves.lost
            let seconds = before.at.duration(to: clock.now) / .seconds(1)
            let reading = ClockReading.now()
            let attention = thalamus.withLock { thalamus in
                let now = thalamus.clock.read(reading)
                return thalamus.attention(
                    at: now, wavesPerSecond: Double(thalamus.counters.waves - before.waves) / seconds, lost: Int(lost),
                    lostLately: Int(lost - before.lost))
            }
            before = (attention.waves, lost, clock.now)
            announcer.publish(attention, at: reading.wall)
        }
    }
}
