import CoreMetrics
import NimmerBus
import NimmerMemory
import NimmerPlatform
import NimmerProcess
import NimmerSystem
import NimmerWave
import Synchronization

/// Moves short-term memory (streams) into long-term memory (a store): decode, batch, commit, and only then acknowledge
/// (memory.md; protocol.md, What an acknowledgement means).
///
/// One loop owns the batcher; intakes, timer and writer send it events. While the store is away the loop holds what it
/// has, stops taking in, and everything else waits in its stream.
package final class Hippocampus: Sendable {
    /// Notice that is logged, once for each change.
    package enum Notice: Sendable {
        /// The store is unavailable.
        case lost(MemoryError)
        /// The store is back.
        case recovered
        /// Rows could not be kept and were set aside.
        case setAside(count: Int, reason: String)
        /// A stream cannot be read yet.
        case waitingForStream(BusError)
    }

    let bus: any Bus
    private let store: any MemoryStore
    let environment: Environment
    private let limits: Batcher<Held>.Limits
    /// Lifeforce that outcomes give back.
    let earnings: LifeforceSettings
    let reject: @Sendable (Refusal, BusMessage) -> Void
    private let notify: @Sendable (Notice) -> Void
    private let committed: @Sendable () -> Void
    private let rows: Recorder
    private let commits: Timer
    private let intake = FlowControl()
    let state = Mutex(HippocampusStatus())
    private let suspects: CrashSuspectTracker?
    private let access = ExclusiveAccess()
    private let inProgress = Atomic(0)

    /// A message on its way, or a part of one: what it holds, and whom to notify when it is stored. Traces have no one to notify, and of the
    /// parts of an opening only the last has.
    package struct Held: Sendable {
        package let entry: MemoryEntry
        package var delivery: Delivery?
        package var stream = ""
    }

    private enum Event: Sendable {
        case arrived([Held])
        case writeNow
        case wrote(Result<WriteReport, MemoryError>, Int)
        case timer
        case stop
        case deadline
    }

    /// A hippocampus that does not run yet.
    ///
    /// - Parameters:
    ///   - limits: when a batch is due, and how much is held.
    ///   - reject: called for each message that could not be decoded.
    ///   - notify: called once for each change that a person should know.
    ///   - metrics: where sizes and times of commits are recorded.
    ///   - earnings: what outcomes give back.
    ///   - suspects: tracks the messages that may have ended an earlier run; nil: none are tracked.
    ///   - committed: called after each commit that stored something new; must not block.
    package init(
        bus: any Bus, store: any MemoryStore, environment: Environment, limits: Batcher<Held>.Limits,
        reject: @escaping @Sendable (Refusal, BusMessage) -> Void = { _, _ in },
        notify: @escaping @Sendable (Notice) -> Void = { _ in },
        metrics: any MetricsFactory = NOOPMetricsHandler.instance, suspects: CrashSuspectTracker? = nil,
        earnings: LifeforceSettings = LifeforceSettings(), committed: @escaping @Sendable () -> Void = {}
    ) {
        self.suspects = suspects
        self.earnings = earnings
        self.bus = bus
        self.store = store
        self.environment = environment
        self.limits = limits
        self.reject = reject
        self.notify = notify
        self.committed = committed
        rows = Recorder(label: "nimmer_batch_rows", dimensions: [], aggregate: true, factory: metrics)
        commits = Timer(label: "nimmer_commit_seconds", dimensions: [], factory: metrics)
    }

    /// The timer, the write under way and the measuring of streams.
    private let tasks = TaskOwner()

    /// The streams that it reads.
    package var streams: [String] { sources.map(\.stream) }

    /// Current status.
    package var status: HippocampusStatus { state.withLock { $0 } }

    /// Works until `stopped` returns, then writes what is held, for at most `grace`; what is left comes again.
    ///
    /// - Parameters:
    ///   - stopped: returns when the process is asked to stop.
    ///   - grace: how long the last write may take.
    ///   - trouble: why the store is away already; nil when it was opened.
    package func run(
        until stopped: @escaping @Sendable () async -> Void, grace: Duration = .seconds(5), trouble: MemoryError? = nil
    ) async {
        state.withLock { $0.trouble = trouble }
        let (events, send) = AsyncStream<Event>.makeStream()
        await withTaskGroup(of: Void.self) { group in
            for source in sources { group.addTask { await self.read(source, send) } }
            group.addTask { await self.readTraces(send) }
            group.addTask { await self.watch() }
            group.addTask { await self.suspects?.run() }
            group.addTask {
                await stopped()
                send.yield(.stop)
                try? await Task.sleep(for: grace)
                send.yield(.deadline)
            }
            await work(events, send)
            send.finish()
            group.cancelAll()
        }
        tasks.cancelAll()
        await suspects?.close()
        await store.close()
    }

    // MARK: - The loop

    private func work(_ events: AsyncStream<Event>, _ send: AsyncStream<Event>.Continuation) async {
        var batcher = Batcher<Held>(limits: limits)
        var isStopping = false
        var alarm: (at: SteadyTime, task: Task<Void, Never>)?
        defer { alarm?.task.cancel() }
        for await event in events {
            // Setting the clock must not keep a batch waiting.
            let now = SteadyTime.now()
            switch event {
            case .arrived(let items):
                for item in items { perform(batcher.receive(item, at: now), send) }
            case .writeNow: perform(batcher.writeNow(at: now), send)
            case .wrote(.success(let report), let count):
                note(report, count)
                if report.stored > 0 { committed() }
                perform(batcher.wrote(at: now), send)
            case .wrote(.failure(let error), _):
                storeChanged(failure: error)
                perform(batcher.failed(error, at: now), send)
                if isStopping { return }
            case .timer:
                alarm = nil
                perform(batcher.advance(to: now), send)
            case .stop:
                isStopping = true
                intake.shut()
                perform(batcher.flush(at: now), send)
            case .deadline: return
            }
            state.withLock { $0.held = batcher.held }
            if isStopping, batcher.isEmpty { return }
            if let next = batcher.nextDeadline, alarm.map({ next < $0.at }) ?? true {
                alarm?.task.cancel()
                let wait = max(0, next.milliseconds(since: now))
                let task = tasks.run {
                    guard (try? await Task.sleep(for: .milliseconds(saturating: wait))) != nil else { return }
                    send.yield(.timer)
                }
                alarm = (next, task)
            }
        }
    }

    private func perform(_ actions: [Batcher<Held>.Action], _ send: AsyncStream<Event>.Continuation) {
        for action in actions {
            switch action {
            case .write(let items):
                let (store, entries, commits, rows) = (store, items.map(\.entry), commits, rows)
                // Not a child of the loop, so that a store that hangs cannot delay a stop; cancelled at its end.
                tasks.run {
                    let start = ContinuousClock.now
                    do throws(MemoryError) {
                        let report = try await store.write(entries)
                        let took = start.duration(to: .now) / .nanoseconds(1)
                        commits.recordNanoseconds(Int64(saturating: took))
                        rows.record(entries.count)
                        send.yield(.wrote(.success(report), entries.count))
                    } catch {
                        send.yield(.wrote(.failure(error), entries.count))
                    }
                }
            case .acknowledge(let items): items.forEach(answer)
            case .keepAlive(let items): for item in items { try? item.delivery?.inProgress() }
            case .pause: intake.close()
            case .resume: intake.open()
            // Each failure and each success is noted as it comes: what keeps the store away may change meanwhile.
            case .lost, .recovered: break
            }
        }
    }

    /// A lost answer only means one more delivery of what is known by then.
    private func answer(_ item: Held) {
        guard let delivery = item.delivery else { return }
        inProgress.subtract(1, ordering: .relaxed)
        if case .rejected = item.entry.row { try? delivery.term() } else { try? delivery.ack() }
        suspects?.finished(delivery.sequence, of: item.stream)
    }

    /// Looks after the store while there is nothing to write, so that the status is true in silence too.
    private func watch() async {
        while (try? await Task.sleep(for: .seconds(status.trouble == nil ? 5 : 1))) != nil {
            let query = LifeforceQuery(environment: environment, since: Timestamp.now().utcDay)
            if status.trouble == nil, let days = try? await store.lifeforce(query) {
                state.withLock { $0.today = days }
            }
            guard status.held == 0 else { continue }
            do throws(MemoryError) {
                try await store.open()
                storeChanged(failure: nil)
            } catch {
                storeChanged(failure: error)
            }
        }
    }

    /// Remembers whether the store is there, and logs each change, that of the reason included.
    private func storeChanged(failure error: MemoryError?) {
        let notice = state.withLock { state -> Notice? in
            defer { state.trouble = error }
            switch (state.trouble, error) {
            case (nil, let error?): return .lost(error)
            case (let before?, let error?) where before.code != error.code: return .lost(error)
            case (_?, nil): return .recovered
            default: return nil
            }
        }
        if let notice { notify(notice) }
    }

    private func note(_ report: WriteReport, _ count: Int) {
        storeChanged(failure: nil)
        state.withLock {
            $0.stored += report.stored
            $0.known += report.known
            $0.setAside += report.setAside.count
            $0.batches += 1
        }
        if let first = report.setAside.first {
            notify(.setAside(count: report.setAside.count, reason: first.reason))
        }
    }

    // MARK: - Intake

    private struct Source: Sendable {
        let stream: String
        let durable: String
    }

    private var sources: [Source] {
        [
            Source(stream: SystemStreams.transitions(environment), durable: "hippocampus"),
            Source(stream: SystemStreams.decisions(environment), durable: "hippocampus-decisions"),
            Source(stream: SystemStreams.escalations(environment), durable: "hippocampus-requests"),
            Source(stream: SystemStreams.outcomes(environment), durable: "hippocampus-outcomes"),
            Source(stream: SystemStreams.lifeforce(environment), durable: "hippocampus-lifeforce"),
        ]
    }

    /// Reads one durable forever: opens it as soon as the bus lets it, and takes messages while flow control allows.
    private func read(_ source: Source, _ send: AsyncStream<Event>.Continuation) async {
        var pause = RetryPause(first: .milliseconds(200), longest: .seconds(5))
        var hasNotified = false
        while !Task.isCancelled, !intake.isShut {
            do throws(BusError) {
                try await SystemStreams.ensure(on: bus, environment: environment)
                try await SystemStreams.ensureOutcomes(on: bus, environment: environment)
                try await SystemStreams.ensureLifeforce(on: bus, environment: environment)
                await suspects?.open()
                let consumer = try await consumer(source)
                pause.reset()
                hasNotified = false
                let measuring = tasks.run { [self] in await measure(consumer, of: source) }
                defer { measuring.cancel() }
                do throws(BusError) {
                    while !Task.isCancelled, await intake.pass() {
                        let deliveries = try await consumer.fetch(maximum: 1_000, wait: .seconds(2), linger: .zero)
                        guard !deliveries.isEmpty else { continue }
                        await take(deliveries, of: source.stream, send)
                    }
                } catch {
                    await consumer.stop()
                    throw error
                }
                await consumer.stop()
            } catch {
                guard error.code != .closed, error.code != .cancelled else { return }
                if !hasNotified { notify(.waitingForStream(error)) }
                hasNotified = true
                try? await Task.sleep(for: pause.next())
            }
        }
    }

    private func take(_ batch: [Delivery], of stream: String, _ send: AsyncStream<Event>.Continuation) async {
        let alone = await access.shared {
            let sorted = await suspects?.sort(batch, of: stream) ?? CrashSuspectTracker.Sorted(now: batch)
            hand(sorted.now, of: stream, send)
            if sorted.hasSuspects { send.yield(.writeNow) }
            return sorted.alone
        }
        for delivery in alone {
            let isHandled = await access.exclusive(
                delivery, isEmpty: { inProgress.load(ordering: .relaxed) == 0 },
                isCritical: { suspects?.isCritical(delivery, of: stream) ?? false }
            ) {
                await suspects?.begin(alone: delivery, of: stream)
                hand([delivery], of: stream, send)
                send.yield(.writeNow)
            }
            // What is left alone comes again.
            guard isHandled else { return }
        }
    }

    private func hand(_ batch: [Delivery], of stream: String, _ send: AsyncStream<Event>.Continuation) {
        guard !batch.isEmpty else { return }
        inProgress.add(batch.count, ordering: .relaxed)
        send.yield(.arrived(batch.flatMap { held($0, of: stream) }))
    }

    /// Looks every few seconds how far behind the stream this is.
    private func measure(_ consumer: any Consumer, of source: Source) async {
        repeat {
            guard let info = try? await consumer.info(), let stream = try? await bus.stream(source.stream) else {
                continue
            }
            // Only what is not read at once is worth a question.
            var oldest: Timestamp?
            if info.waiting > 0 || info.unacknowledged > 0 {
                let first = max(stream.firstSequence, info.acknowledged.addingSaturated(1))
                oldest = try? await bus.message(stream: source.stream, sequence: first)?.message.at
            }
            let backlog = StreamBacklog(
                stream, info, oldest: oldest, age: SystemStreams.age(of: source.stream, environment))
            state.withLock {
                $0.lag[source.stream] = backlog.messages
                $0.backlogs[source.stream] = backlog
            }
        } while (try? await Task.sleep(for: .seconds(5))) != nil
    }

    private func consumer(_ source: Source) async throws(BusError) -> any Consumer {
        let durable: Token
        do throws(Refusal) { durable = try Token(source.durable) } catch {
            preconditionFailure("the durable names of this file are tokens")
        }
        return try await bus.consumer(
            ConsumerConfiguration(
                stream: source.stream, durable: durable, ackWait: .seconds(10), maximumPending: limits.capacity))
    }

    /// Correlation events come at most once: what arrives while the intake is paused is dropped and counted.
    private func readTraces(_ send: AsyncStream<Event>.Continuation) async {
        while !Task.isCancelled, !intake.isShut {
            do throws(BusError) {
                for await message in try await bus.messages(SubjectPattern(.correlation(environment))) {
                    guard !intake.isShut else { return }
                    if intake.isOpen {
                        send.yield(.arrived(decode(message).map { Held(entry: $0) }))
                    } else {
                        state.withLock { $0.tracesDropped += 1 }
                    }
                }
                return
            } catch {
                guard error.canRetry else { return }
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Reads the entries of a delivery; the last of them answers it, when all are safe: batches are written in order.
    private func held(_ delivery: Delivery, of stream: String) -> [Held] {
        let entries = decode(delivery.message)
        return entries.indices.map {
            Held(entry: entries[$0], delivery: $0 == entries.indices.last ? delivery : nil, stream: stream)
        }
    }
}
