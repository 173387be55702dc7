import Logging
import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization

/// Keeps ``CrashSuspects`` for a process that takes messages from streams, in the bucket `<ENV>-HANDLING`, and sets aside what ends it
/// again and again. Without the bucket everything is handled as if no life had crashed before.
///
/// Open it before the first message is taken; let ``run()`` live as long as the process; ``sort(_:of:)`` every batch; report what was
/// acknowledged and what given back; ``close()`` in the end.
public final class CrashSuspectTracker: Sendable {
    /// A batch, by what is to be done.
    public struct Sorted: Sendable {
        /// To be handled now; where suspects are among them, the record states so.
        public var now: [Delivery] = []
        /// To be handled one by one, each once nothing else is in progress, after ``CrashSuspectTracker/begin(alone:of:)``.
        public var alone: [Delivery] = []
        /// Indicates whether a crash now would count against some of them: what can be done at once should be.
        public var hasSuspects = false

        /// A batch without suspects.
        public init(now: [Delivery] = []) { self.now = now }
    }

    private struct State {
        var suspects: CrashSuspects
        var bucket: (any KeyValue)?
        var changes: UInt64 = 0
        var written: UInt64 = 0
        var setAside = 0
        var isOpening = false
    }

    private let bus: any Bus
    private let environment: Environment
    private let service: Token
    private let instance: String
    private let logger: Logger
    private let state: Mutex<State>
    private let changed = TaskSignal()
    private let wrote = TaskSignal()
    private let opened = TaskSignal()

    /// The keeper of a process's suspects.
    public convenience init(_ process: ServiceProcess) {
        self.init(
            bus: process.bus, environment: process.environment, service: process.name,
            instance: process.answers.description.id, logger: process.logger)
    }

    /// The keeper of a service's suspects.
    ///
    /// - Parameters:
    ///   - bus: the bus with the bucket of records and the stream of what is set aside.
    ///   - environment: the environment, which both are named after.
    ///   - service: the service whose messages these are.
    ///   - instance: the id under which this instance answers `$SRV.PING.<service>.<id>`: a former run that still does is
    ///     another instance and not over.
    ///   - logger: logs what is set aside, and why.
    ///   - window: see ``CrashSuspects``.
    public init(
        bus: any Bus, environment: Environment, service: Token, instance: String, logger: Logger,
        window: Double = CrashSuspects.firstWindow
    ) {
        self.bus = bus
        self.environment = environment
        self.service = service
        self.instance = instance
        self.logger = logger
        state = Mutex(State(suspects: CrashSuspects(life: .v7(), instance: instance, at: .now(), window: window)))
    }

    /// Messages set aside in this run.
    public var setAside: Int { state.withLock { $0.setAside } }
    /// Messages in progress or expected that an earlier run may have ended by.
    public var suspected: Int { state.withLock { $0.suspects.suspects.count } }

    /// Indicates whether a suspect's handling has begun, so that a crash now would count against it.
    public var isTrying: Bool {
        state.withLock { state in
            state.suspects.suspects.values.contains { $0.phase == .begun || $0.phase == .alone }
        }
    }

    // MARK: - The life

    /// Takes over what earlier runs left, and begins this one; to be called with a connection, before messages are taken. The one that
    /// calls while another does waits; once it is open nothing more happens, and where it failed the next call tries again.
    public func open() async {
        while !Task.isCancelled {
            let seen = opened.count
            let (isOpen, isMine) = state.withLock { state in
                defer { state.isOpening = true }
                return (state.bucket != nil, !state.isOpening)
            }
            if isMine {
                if !isOpen { await begin() }
                state.withLock { $0.isOpening = false }
                return opened.send()
            }
            await opened.wait(from: seen, until: ContinuousClock.now.advanced(by: .seconds(1)))
        }
    }

    private func begin() async {
        do throws(BusError) {
            let bucket = try await bus.keyValue(SystemStreams.handling(environment))
            var former: [CrashSuspects] = []
            for entry in try await bucket.entries() where entry.key.hasPrefix("\(service).") {
                guard let life = (try? JSON(parsing: entry.value)).flatMap(CrashSuspects.init) else {
                    logger.warning(
                        "The record of another life cannot be read: what ended it is not known",
                        metadata: ["key": "\(entry.key)"])
                    continue
                }
                if !(await isLiving(life)) { former.append(life) }
            }
            let covered = former.reduce(into: Set<MessageID>()) { $0.formUnion($1.taken) }
            var suspects = state.withLock { $0.suspects }
            for life in former where !covered.contains(life.life) { suspects.take(over: life) }
            let key = "\(service).\(suspects.life.text)"
            try await bucket.put(key, suspects.json.bytes)
            // The moments of messages are of the server's clock.
            if let entry = try await bucket.get(key) { suspects.begunAt = entry.at }
            let begun = suspects
            state.withLock { state in
                state.suspects = begun
                state.bucket = bucket
            }
            for life in former { try await bucket.delete("\(service).\(life.life.text)") }
            guard suspects.isAfterCrash else { return }
            logger.warning(
                "The last run crashed",
                metadata: ["suspects": "\(suspects.suspects.count)", "runs": "\(former.count)"])
        } catch {
            logger.warning("Cannot read the record of the last run", metadata: ["reason": "\(error)"])
        }
    }

    private func isLiving(_ former: CrashSuspects) async -> Bool {
        guard !former.isEnded, former.instance != instance,
            let ping = try? Subject(foreign: "$SRV.PING.\(service).\(former.instance)")
        else { return false }
        do throws(BusError) {
            _ = try await bus.request(ping, payload: [], timeout: .seconds(1))
            return true
        } catch {
            // No process is there, or one that does not answer: only the first is certain.
            return error.code != .noResponders
        }
    }

    /// Writes what changes, until the task is cancelled.
    public func run() async {
        let clock = ContinuousClock()
        var written = clock.now
        while !Task.isCancelled {
            // What the bucket holds has an age; a run may be longer.
            if written.duration(to: clock.now) > .seconds(3600) {
                state.withLock { $0.changes += 1 }
                written = clock.now
            }
            let seen = changed.count
            let next = state.withLock { state -> Timestamp? in
                if state.suspects.advance(to: .now()) { state.changes += 1 }
                return state.suspects.nextDeadline
            }
            await write()
            let wait = next.map { min(max(1, $0.milliseconds(since: .now())), 60_000) } ?? 60_000
            await changed.wait(from: seen, until: clock.now.advanced(by: .milliseconds(saturating: wait)))
            // What comes together is written together.
            let count = state.withLock { $0.suspects.suspects.count + $0.suspects.givenBack.count }
            if count > 64 { try? await Task.sleep(for: .milliseconds(50)) }
        }
    }

    private func write() async {
        let (bucket, suspects, changes, isDone) = state.withLock {
            ($0.bucket, $0.suspects, $0.changes, $0.changes == $0.written)
        }
        guard let bucket, !isDone else { return }
        do throws(BusError) {
            try await bucket.put("\(service).\(suspects.life.text)", suspects.json.bytes)
            state.withLock { $0.written = max($0.written, changes) }
            wrote.send()
        } catch {
            guard error.code != .cancelled, error.code != .closed else { return }
            logger.warning("Cannot keep which messages are suspects", metadata: ["reason": "\(error)"])
            try? await Task.sleep(for: .seconds(1))
            changed.send()
        }
    }

    /// Ends this run in order; all that was in progress was given back.
    public func close() async {
        let (bucket, suspects) = state.withLock { state in
            state.suspects.end()
            return (state.bucket, state.suspects)
        }
        guard let bucket else { return }
        let key = "\(service).\(suspects.life.text)"
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                if suspects.suspects.isEmpty {
                    try? await bucket.delete(key)
                } else {
                    _ = try? await bucket.put(key, suspects.json.bytes)
                }
            }
            // Without a server a process must not be held up: an end that was not noted does no harm.
            group.addTask { try? await Task.sleep(for: .seconds(1)) }
            await group.next()
            group.cancelAll()
        }
    }

    // MARK: - Messages

    /// Decides what to do with each message of a batch. Sets condemned ones aside. Where there is a suspect, returns once that is
    /// kept, or after two seconds without.
    public func sort(_ batch: [Delivery], of stream: String) async -> Sorted {
        guard batch.contains(where: { $0.deliveryCount > 1 }) else { return Sorted(now: batch) }
        var sorted = Sorted()
        var poison: [Delivery] = []
        let now = Timestamp.now()
        state.withLock { state in
            for delivery in batch {
                let place = CrashSuspects.Place(stream: stream, sequence: delivery.sequence)
                let storedAt = delivery.message.at
                switch state.suspects.judge(place, count: delivery.deliveryCount, storedAt: storedAt) {
                case .handle: sorted.now.append(delivery)
                case .alone: sorted.alone.append(delivery)
                case .setAside: poison.append(delivery)
                case .suspect:
                    state.suspects.begin(place, at: now)
                    sorted.now.append(delivery)
                    sorted.hasSuspects = true
                }
            }
        }
        for delivery in poison { await setAside(delivery, of: stream) }
        if sorted.hasSuspects { await change() }
        return sorted
    }

    /// A message is about to be handled with nothing else in progress.
    public func begin(alone delivery: Delivery, of stream: String) async {
        logger.warning(
            "Handling a message alone, since the process ended twice with it",
            metadata: ["stream": "\(stream)", "sequence": "\(delivery.sequence)"])
        state.withLock {
            $0.suspects.begin(
                CrashSuspects.Place(stream: stream, sequence: delivery.sequence), isAlone: true, at: .now())
        }
        await change()
    }

    /// Returns whether a message that is handled alone may still end the process.
    public func isCritical(_ delivery: Delivery, of stream: String) -> Bool {
        state.withLock { $0.suspects.isAlone(CrashSuspects.Place(stream: stream, sequence: delivery.sequence)) }
    }

    /// A message was acknowledged, or terminated.
    public func finished(_ sequence: UInt64, of stream: String) {
        let isChanged = state.withLock { state in
            guard !state.suspects.suspects.isEmpty || !state.suspects.givenBack.isEmpty else { return false }
            guard state.suspects.finished(CrashSuspects.Place(stream: stream, sequence: sequence)) else { return false }
            state.changes += 1
            return true
        }
        if isChanged { changed.send() }
    }

    /// A message was given back.
    public func gaveBack(_ sequence: UInt64, of stream: String) {
        state.withLock { state in
            state.suspects.gaveBack(CrashSuspects.Place(stream: stream, sequence: sequence))
            state.changes += 1
        }
        changed.send()
    }

    /// Returns once what is known now is kept, or cannot be kept within two seconds.
    private func change() async {
        let (change, hasBucket) = state.withLock { state in
            state.changes += 1
            return (state.changes, state.bucket != nil)
        }
        guard hasBucket else { return }
        changed.send()
        let deadline = ContinuousClock.now.advanced(by: .seconds(2))
        while ContinuousClock.now < deadline, !Task.isCancelled {
            let seen = wrote.count
            if state.withLock({ $0.written >= change }) { return }
            await wrote.wait(from: seen, until: deadline)
        }
    }

    private func setAside(_ delivery: Delivery, of stream: String) async {
        let message = delivery.message
        let why =
            "the process ended \(CrashSuspects.crashLimit + 1) times when it handled this message, the last time alone"
        let aside = DeadLetter(
            message, stream: stream, sequence: delivery.sequence, service: service.text, reason: why, at: .now())
        do throws(BusError) {
            try await DeadLetter.ensureStream(on: bus, environment: environment)
            try await bus.publishDurably(
                .aside(environment, service: service), payload: aside.payload, id: aside.id, headers: aside.headers)
        } catch {
            // It is not acknowledged, and comes again.
            return logger.error(
                "Cannot set a message aside that ends the process",
                metadata: ["stream": "\(stream)", "sequence": "\(delivery.sequence)", "reason": "\(error)"])
        }
        try? delivery.term()
        state.withLock { $0.setAside += 1 }
        finished(delivery.sequence, of: stream)
        logger.error(
            "Set a message aside, since the process ended each time when it was handled",
            metadata: ["stream": "\(stream)", "sequence": "\(delivery.sequence)", "subject": "\(message.subject)"])
    }
}
