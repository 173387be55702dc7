import NimmerPlatform
import NimmerWave
import Synchronization

/// A bus within one process: the contract of ``Bus`` without a server, for tests and for systems that need none.
///
/// Handlers run on the thread that publishes, one at a time: the first publisher also delivers what others publish
/// meanwhile, in order. So one thread that publishes sees a deterministic run, and what a message causes has happened when
/// `publish` returns. Publish while holding no lock that a handler takes.
public final class InMemoryBus: Bus {
    /// The largest payload, in bytes: a server's default.
    public static let maximumPayload = 1_048_576

    let state = Mutex(State())
    let feed = EventFeed()
    let streamsChanged = TaskSignal()
    let now: @Sendable () -> Timestamp
    public let identity: Token?
    private let current = CurrentMessage()

    struct State {
        var phase = BusStatus.Phase.connected
        var counters = BusCounters()
        var subscriptions: [MemorySubscription] = []
        var turns: [String: Int] = [:]
        var queue: [(subscription: MemorySubscription, message: BusMessage)] = []
        var queueHead = 0
        var isDelivering = false
        var inboxes = 0
        var streams: [String: MemoryStream] = [:]
    }

    /// A bus.
    ///
    /// - Parameters:
    ///   - identity: who the one client of this bus is; nil where there are no identities.
    ///   - now: the clock that stamps messages and streams; the machine's by default.
    public init(identity: Token? = nil, now: @escaping @Sendable () -> Timestamp = { .now() }) {
        self.identity = identity
        self.now = now
    }

    public func publish(_ subject: Subject, payload: [UInt8], headers: Headers, reply: Subject?) throws(BusError) {
        try send(BusMessage(subject: subject, reply: reply, headers: headers, payload: payload, at: now()))
    }

    public func countRefusedReply(_ reply: Subject) { state.withLock { $0.counters.repliesRefused += 1 } }

    /// Routes a message to subscriptions and streams; returns how many took it, and what the first stream reported.
    @discardableResult
    func send(_ message: BusMessage) throws(BusError) -> (receivers: Int, ack: Result<StreamAck, BusError>?) {
        let outcome: Result<(Int, Result<StreamAck, BusError>?), BusError> = state.withLock { state in
            if let refusal = state.refusal(of: message) {
                state.counters.refused += 1
                return .failure(refusal)
            }
            state.counters.messagesOut += 1
            state.counters.bytesOut += UInt64(message.payload.count)
            var ack: Result<StreamAck, BusError>?
            for name in state.streams.keys.sorted() where state.streams[name]?.captures(message.subject) == true {
                ack = state.streams[name]?.store(message)
            }
            let receivers = state.route(message)
            for receiver in receivers {
                if receiver.offer() {
                    state.queue.append((receiver, message))
                } else {
                    state.counters.lost += 1
                }
            }
            return .success((receivers.count + (ack == nil ? 0 : 1), ack))
        }
        let result = try outcome.get()
        if result.1 != nil { streamsChanged.send() }
        deliver()
        return result
    }

    public func subscribe(
        _ pattern: SubjectPattern, queue: Token?, pending: Int, handler: @escaping DeliveryHandler
    ) async throws(BusError) -> any Subscription {
        try open(pattern, queue: queue, pending: pending, handler: handler)
    }

    private func open(
        _ pattern: SubjectPattern, queue: Token?, pending: Int, handler: @escaping DeliveryHandler
    ) throws(BusError) -> MemorySubscription {
        guard pending > 0 else {
            throw BusError(.invalid, "a subscription's pending limit must be above 0; found \(pending)")
        }
        let subscription = MemorySubscription(
            pattern: pattern, queue: queue, limit: pending, handler: handler, feed: feed
        ) { [weak self] ended in
            self?.state.withLock { state in state.subscriptions.removeAll { $0 === ended } }
        }
        let isOpen = state.withLock { state in
            guard state.phase == .connected else { return false }
            state.subscriptions.append(subscription)
            return true
        }
        guard isOpen else { throw BusError(.closed, "the bus is closed") }
        return subscription
    }

    public func request(
        _ subject: Subject, payload: [UInt8], headers: Headers, timeout: Duration
    ) async throws(BusError) -> BusMessage {
        let answers = try await ask(subject, payload, headers, wait: timeout, most: 1)
        if let first = answers.first { return first }
        if Task.isCancelled { throw BusError(.cancelled, "the request to \(subject) was cancelled") }
        throw BusError(.timeout, "no answer from \(subject) within \(timeout)")
    }

    public func requestMany(
        _ subject: Subject, payload: [UInt8], wait: Duration
    ) async throws(BusError) -> [BusMessage] {
        do {
            return try await ask(subject, payload, [:], wait: wait, most: .max)
        } catch {
            if error.code == .noResponders { return [] }
            throw error
        }
    }

    private func ask(
        _ subject: Subject, _ payload: [UInt8], _ headers: Headers, wait: Duration, most: Int
    ) async throws(BusError) -> [BusMessage] {
        let deadline = ContinuousClock.now.advanced(by: wait)
        let number = state.withLock { state in
            state.inboxes += 1
            return state.inboxes
        }
        let inbox: Subject
        do { inbox = try Subject(foreign: "_INBOX.\(identity?.text ?? "memory").\(number)") } catch {
            throw BusError(.invalid, "\(error)")
        }
        let wakeUp = TaskSignal()
        let answers = Answers()
        let subscription = try open(SubjectPattern(inbox), queue: nil, pending: 65_536) { _, _, arrival in
            answers.add(arrival.message())
            wakeUp.send()
        }
        defer { subscription.cancel() }
        subscription.onEnd { wakeUp.send() }
        let message = BusMessage(subject: subject, reply: inbox, headers: headers, payload: payload, at: now())
        guard try send(message).receivers > 0 else {
            throw BusError(.noResponders, "no responders for \(subject)")
        }
        while answers.count < most, !Task.isCancelled, ContinuousClock.now < deadline {
            let seen = wakeUp.count
            if answers.count >= most { break }
            if state.withLock({ $0.phase == .closed }) { break }
            await wakeUp.wait(from: seen, until: deadline)
        }
        if answers.count == 0, state.withLock({ $0.phase == .closed }) { throw BusError(.closed, "the bus was closed") }
        return answers.all
    }

    public var status: BusStatus {
        state.withLock { state in
            BusStatus(
                phase: state.phase,
                server: ServerIdentity(
                    name: "in-memory", id: "in-memory", version: "in-memory", url: "memory:",
                    maximumPayload: Self.maximumPayload, features: [.headers, .streams, .syncBeforeAck]),
                counters: state.counters)
        }
    }

    @discardableResult
    public func flush(timeout: Duration) async throws(BusError) -> Duration {
        guard state.withLock({ $0.phase != .closed }) else { throw BusError(.closed, "the bus is closed") }
        return .zero
    }

    public func events() -> AsyncStream<BusEvent> { feed.listen() }

    public func drain(timeout: Duration) async {
        state.withLock { if $0.phase == .connected { $0.phase = .draining } }
        let deadline = ContinuousClock.now.advanced(by: timeout)
        while state.withLock({ $0.isDelivering }), ContinuousClock.now < deadline {
            await Task.yield()
        }
        await close()
    }

    public func close() async {
        let ended: [MemorySubscription]? = state.withLock { state in
            guard state.phase != .closed else { return nil }
            state.phase = .closed
            state.queue = []
            state.queueHead = 0
            defer { state.subscriptions = [] }
            return state.subscriptions
        }
        guard let ended else { return }
        for subscription in ended { subscription.cancel() }
        streamsChanged.send()
        feed.send(.closed)
    }

    /// Delivers what is queued, unless another call does already.
    private func deliver() {
        let isMine = state.withLock { state in
            if state.isDelivering { return false }
            state.isDelivering = true
            return true
        }
        guard isMine else { return }
        while let (subscription, message) = state.withLock({ $0.next() }) {
            guard subscription.begin() else { continue }
            let serial = current.hold(message)
            let subject = Array(message.subject.text.utf8)
            subscription.handler(
                subject.span.bytes, message.payload.span.bytes, Arrival(at: message.at, serial: serial, source: current)
            )
            current.release()
            subscription.end()
            state.withLock { state in
                state.counters.messagesIn += 1
                state.counters.bytesIn += UInt64(message.payload.count)
            }
        }
    }
}

extension InMemoryBus.State {
    func refusal(of message: BusMessage) -> BusError? {
        if phase == .closed { return BusError(.closed, "the bus is closed") }
        guard message.payload.count <= InMemoryBus.maximumPayload else {
            return .tooLarge(message.payload.count, InMemoryBus.maximumPayload, message.subject)
        }
        return nil
    }

    /// Every subscription without a queue, and of each queue group the next member.
    mutating func route(_ message: BusMessage) -> [MemorySubscription] {
        guard phase == .connected || phase == .draining else { return [] }
        var chosen: [MemorySubscription] = []
        var groups: [String: [MemorySubscription]] = [:]
        for subscription in subscriptions where subscription.pattern.matches(message.subject) {
            if let queue = subscription.queue {
                groups[queue.text, default: []].append(subscription)
            } else {
                chosen.append(subscription)
            }
        }
        for name in groups.keys.sorted() {
            guard let members = groups[name] else { continue }
            let turn = turns[name, default: 0]
            chosen.append(members[turn % members.count])
            turns[name] = turn &+ 1
        }
        return chosen
    }

    mutating func next() -> (MemorySubscription, BusMessage)? {
        guard queueHead < queue.count else {
            queue.removeAll(keepingCapacity: true)
            queueHead = 0
            isDelivering = false
            return nil
        }
        defer { queueHead += 1 }
        return queue[queueHead]
    }
}
