import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization

/// A pull consumer: asks for a batch, collects what arrives at an inbox of its own, and asks again.
final class JetStreamConsumer: Consumer {
    let configuration: ConsumerConfiguration
    private let bus: NATSBus
    private let inbox: String
    private let wakeUp = TaskSignal()
    private let state: Mutex<State>

    private struct State {
        var name: String
        var buffer: [Delivery] = []
        var pull: Pull?
        var pulls: UInt64 = 0
        var isGone = false
        var lastSequence: UInt64 = 0
        var subscription: NATSSubscription?
        /// Of a reader without acknowledgements; nil: the server sends again what was not acknowledged.
        var order: ReadingOrder?
        /// The connection on which the consumer of such a reader was made.
        var connection: UInt64 = 0

        /// Goes on with a consumer that was just made.
        mutating func begin(_ made: ConsumerAPI.Made, on connection: UInt64) {
            name = made.name
            self.connection = connection
            order?.begin(position: made.position)
            isGone = false
            pull = nil
        }
    }

    /// A batch that was asked for.
    private struct Pull {
        var number: UInt64
        var left: Int
        var expires: ContinuousClock.Instant
        var connection: UInt64
        /// Time of the server's last sign about it; nil heartbeat: there need not be one.
        var lastActivity: ContinuousClock.Instant
        var heartbeat: Duration?

        /// Returns whether the server is silent where it should answer: it may have forgotten the consumer, and does not answer then.
        func isSilent(_ now: ContinuousClock.Instant) -> Bool {
            if let heartbeat, lastActivity.advanced(by: heartbeat * 2.5) < now { return true }
            return expires.advanced(by: .milliseconds(500)) < now
        }
    }

    private init(
        _ configuration: ConsumerConfiguration, _ made: ConsumerAPI.Made, on connection: UInt64, bus: NATSBus
    ) {
        self.configuration = configuration
        self.bus = bus
        inbox = Inbox(under: bus.inboxPrefix).prefix
        var state = State(name: made.name)
        if !configuration.acknowledges { state.order = ReadingOrder(configuration.start) }
        state.begin(made, on: connection)
        self.state = Mutex(state)
    }

    static func open(
        _ configuration: ConsumerConfiguration, on bus: NATSBus
    ) async throws(BusError) -> JetStreamConsumer {
        let connection = bus.status.counters.reconnects
        let made = try await ConsumerAPI(bus: bus).ensure(configuration)
        let consumer = JetStreamConsumer(configuration, made, on: connection, bus: bus)
        let pattern: SubjectPattern
        do { pattern = try SubjectPattern("\(consumer.inbox).*") } catch { throw BusError(.invalid, "\(error)") }
        let subscription = try bus.attach(pattern, queue: nil, pending: 100_000) { [weak consumer] _, _, arrival in
            consumer?.receive(arrival.message())
        } onNoResponders: { [weak consumer] in
            consumer?.isForgotten()
        }
        consumer.state.withLock { $0.subscription = subscription }
        subscription.onEnd { [wakeUp = consumer.wakeUp] in wakeUp.send() }
        return consumer
    }

    deinit { state.withLock { $0.subscription }?.cancel() }

    func fetch(maximum: Int, wait: Duration, linger: Duration) async throws(BusError) -> [Delivery] {
        guard (1...10_000).contains(maximum) else {
            throw BusError(.invalid, "a fetch takes 1…10,000 messages; asked for \(maximum)")
        }
        var deadline = ContinuousClock.now.advanced(by: wait)
        var batch: [Delivery] = []
        while true {
            let seen = wakeUp.count
            let wasEmpty = batch.isEmpty
            for delivery in take(maximum - batch.count) { batch.take(delivery) }
            let now = ContinuousClock.now
            if wasEmpty, !batch.isEmpty { deadline = now.advanced(by: linger) }
            if batch.count >= maximum || now >= deadline && (!batch.isEmpty || hasAsked(since: now, wait)) {
                return batch
            }
            if state.withLock({ $0.subscription?.hasEnded ?? true }) {
                if !batch.isEmpty { return batch }
                throw BusError(.closed, "the bus or the consumer was closed")
            }
            if Task.isCancelled {
                if !batch.isEmpty { return batch }
                throw BusError(.cancelled, "reading \(configuration.stream) was cancelled")
            }
            try await reopen(until: deadline)
            pull(maximum - batch.count, until: deadline)
            // In slices, so that a pull that a lost connection took with it is asked for again.
            await wakeUp.wait(
                from: seen,
                until: min(max(deadline, now.advanced(by: .milliseconds(5))), now.advanced(by: .milliseconds(250))))
        }
    }

    /// Indicates whether a fetch without a timeout has asked at least once.
    private func hasAsked(since now: ContinuousClock.Instant, _ wait: Duration) -> Bool {
        wait > .zero || state.withLock { $0.pulls > 0 && $0.pull == nil }
    }

    private func take(_ most: Int) -> [Delivery] {
        state.withLock { state in
            let taken = Array(state.buffer.prefix(most))
            state.buffer.removeFirst(taken.count)
            return taken
        }
    }

    /// Asks for a batch, unless one is on its way.
    private func pull(_ count: Int, until deadline: ContinuousClock.Instant) {
        let now = ContinuousClock.now
        let connection = bus.status
        guard connection.isConnected else { return }
        let generation = connection.counters.reconnects
        let left = max(.milliseconds(20), min(now.duration(to: deadline), .seconds(30)))
        let heartbeat = left >= .seconds(4) ? Duration.seconds(2) : nil
        let asked: (subject: String, reply: String)? = state.withLock { state in
            if let pull = state.pull, pull.left > 0, pull.connection == generation {
                if pull.isSilent(now) { state.isGone = true }
                return nil
            }
            // What was on its way to such a reader when the connection was lost does not come again.
            if state.order != nil, state.connection != generation { state.isGone = true }
            guard !state.isGone else { return nil }
            state.pulls += 1
            state.pull = Pull(
                number: state.pulls, left: count, expires: now.advanced(by: left), connection: generation,
                lastActivity: now,
                heartbeat: heartbeat)
            return (
                "$JS.API.CONSUMER.MSG.NEXT.\(configuration.stream).\(state.name)", "\(inbox).\(state.pulls)"
            )
        }
        guard let asked else { return }
        var body: JSONObject = ["batch": .number(Double(count)), "expires": left.json]
        if let heartbeat { body["idle_heartbeat"] = heartbeat.json }
        do throws(BusError) {
            try bus.publish(
                Subject.inbox(asked.subject), payload: JSON.object(body).bytes, headers: [:],
                reply: Subject.inbox(asked.reply))
        } catch {
            state.withLock { $0.pull = nil }
        }
    }

    /// Makes a consumer again that was deleted or has lost deliveries; one that cannot be reached yet is asked for again later.
    private func reopen(until deadline: ContinuousClock.Instant) async throws(BusError) {
        let connection = bus.status
        guard state.withLock({ $0.isGone }), connection.isConnected else { return }
        do throws(BusError) {
            let made = try await remade()
            let earlier = state.withLock { state in
                defer { state.begin(made, on: connection.counters.reconnects) }
                return state.name
            }
            if earlier != made.name { forget(earlier) }
        } catch {
            guard error.canRetry || error.code == .noStreams else { throw error }
        }
    }

    /// Deletes a consumer that is not read any more, unless the server has done so.
    private func forget(_ name: String) {
        let subject = Subject.inbox("$JS.API.CONSUMER.DELETE.\(configuration.stream).\(name)")
        try? bus.publish(subject, payload: [])
    }

    private func remade() async throws(BusError) -> ConsumerAPI.Made {
        let api = ConsumerAPI(bus: bus)
        let (name, last, order) = state.withLock { ($0.name, $0.lastSequence, $0.order) }
        if let order {
            var wanted = configuration
            wanted.start = order.next
            if try await bus.stream(configuration.stream).lastSequence < order.last {
                state.withLock { $0.order?.forget() }
                wanted.start = configuration.start
            }
            return try await api.ensure(wanted)
        }
        if configuration.durable == nil {
            do throws(BusError) {
                _ = try await bus.api.call("CONSUMER.INFO.\(configuration.stream).\(name)")
                return ConsumerAPI.Made(name: name)
            } catch {
                guard error.code == .notFound else { throw error }
            }
        }
        return try await api.ensure(configuration, from: last == 0 ? nil : last + 1)
    }

    // MARK: On the delivery thread

    private func receive(_ message: BusMessage) {
        if let reply = message.reply, let position = AckSubject(reply.text) {
            store(message, reply, position)
        } else if message.headers["Status"] == "100" {
            return state.withLock { $0.pull?.lastActivity = .now }
        } else if let status = message.headers["Status"] {
            let number = UInt64(message.subject.text.dropFirst(inbox.utf8.count + 1))
            let unsent = message.headers["Nats-Pending-Messages"].flatMap { Int($0) }
            state.withLock { state in
                // A conflict (409) may be its deletion, or a leader that goes: worth a look whether it is still there.
                if status == "503" || status == "409" { state.isGone = true }
                guard let pull = state.pull, pull.number == number else { return }
                if state.order != nil, let unsent, unsent < pull.left { state.isGone = true }
                state.pull = nil
            }
        } else {
            return
        }
        wakeUp.send()
    }

    /// Handles that the server does not know the consumer any more, or its stream.
    private func isForgotten() {
        state.withLock { state in
            state.isGone = true
            state.pull = nil
        }
        wakeUp.send()
    }

    private func store(_ message: BusMessage, _ reply: Subject, _ position: AckSubject) {
        var kept = message
        kept.reply = nil
        kept.at = Timestamp(nanoseconds: position.storedAt)
        let acknowledges = configuration.acknowledges
        let delivery = Delivery(
            message: kept, sequence: position.sequence, deliveryCount: position.deliveryCount,
            waiting: position.waiting
        ) { [bus] answer throws(BusError) in
            guard acknowledges else { return }
            try bus.publish(reply, payload: answer.payload, headers: [:], reply: nil)
        }
        state.withLock { state in
            // From an earlier consumer of this reader.
            guard state.order == nil || position.consumer == state.name else { return }
            state.pull?.left -= 1
            state.pull?.lastActivity = .now
            if state.pull?.left == 0 { state.pull = nil }
            switch state.order?.judge(position) {
            case nil, .next: state.buffer.take(delivery)
            case .known: return
            case .gap: return state.isGone = true
            }
            state.lastSequence = max(state.lastSequence, position.sequence)
        }
    }

    // MARK: The rest

    func info() async throws(BusError) -> ConsumerInfo {
        let name = state.withLock { $0.name }
        let json = try await bus.api.call("CONSUMER.INFO.\(configuration.stream).\(name)")
        return ConsumerInfo(
            waiting: UInt64(clamping: json["num_pending"]?.int ?? 0), unacknowledged: json["num_ack_pending"]?.int ?? 0,
            redelivered: json["num_redelivered"]?.int ?? 0,
            acknowledged: UInt64(clamping: json["ack_floor"]?["stream_seq"]?.int ?? 0))
    }

    func stop() async {
        let (buffer, subscription, name) = state.withLock { state in
            defer { state.buffer = [] }
            return (state.buffer, state.subscription, state.name)
        }
        for delivery in buffer { try? delivery.nak() }
        subscription?.cancel()
        guard configuration.durable == nil, bus.status.isConnected else { return }
        _ = try? await bus.api.call("CONSUMER.DELETE.\(configuration.stream).\(name)")
    }
}

extension [Delivery] {
    /// Takes a delivery; a redelivery before it was read replaces the earlier one.
    fileprivate mutating func take(_ delivery: Delivery) {
        if delivery.deliveryCount > 1, let place = firstIndex(where: { $0.sequence == delivery.sequence }) {
            self[place] = delivery
        } else {
            append(delivery)
        }
    }
}

extension Delivery.Answer {
    /// The words of the protocol.
    fileprivate var payload: [UInt8] {
        switch self {
        case .ack: Array("+ACK".utf8)
        case .nak(nil): Array("-NAK".utf8)
        case .nak(let delay?): Array("-NAK {\"delay\":\(max(0, delay.nanoseconds))}".utf8)
        case .term: Array("+TERM".utf8)
        case .inProgress: Array("+WPI".utf8)
        }
    }
}
