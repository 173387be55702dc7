import NimmerPlatform
import NimmerWave
import Synchronization

/// Position of a consumer of an in-memory stream: a value, so that its rules can be read in one place.
struct MemoryConsumerState {
    var configuration: ConsumerConfiguration
    /// The next sequence that was not read yet.
    private var next: UInt64
    /// For a start with the newest of each subject: the sequences of those, still to be delivered.
    private var backlog: [UInt64] = []
    /// Delivered and not acknowledged: when it comes again, and how often it was delivered.
    private var pending: [UInt64: (due: ContinuousClock.Instant, count: Int)] = [:]

    init(_ configuration: ConsumerConfiguration, _ stream: MemoryStream) {
        self.configuration = configuration
        switch configuration.start {
        case .all: next = 0
        case .new: next = stream.lastSequence + 1
        case .sequence(let first): next = first
        case .at(let moment):
            next = stream.messages.first { $0.message.at >= moment }?.sequence ?? stream.lastSequence + 1
        case .lastPerSubject:
            var newest: [Subject: UInt64] = [:]
            for stored in stream.messages { newest[stored.message.subject] = stored.sequence }
            backlog = newest.values.sorted()
            next = stream.lastSequence + 1
        }
        backlog = backlog.filter { sequence in
            stream.message(sequence).map { matches($0.message.subject) } ?? false
        }
    }

    private func matches(_ subject: Subject) -> Bool { configuration.filter?.matches(subject) ?? true }

    /// Time at which the next unacknowledged message is redelivered.
    var nextDue: ContinuousClock.Instant? { pending.values.map(\.due).min() }

    /// The sequence up to which everything was acknowledged, or is not for it.
    var acknowledged: UInt64 { max(1, min(pending.keys.min() ?? next, backlog.first ?? next, next)) - 1 }

    func info(_ stream: MemoryStream) -> ConsumerInfo {
        ConsumerInfo(
            waiting: UInt64(waiting(stream)), unacknowledged: pending.count,
            redelivered: pending.values.count { $0.count > 1 })
    }

    private func waiting(_ stream: MemoryStream) -> Int {
        backlog.count + stream.messages[stream.index(from: next)...].count { matches($0.message.subject) }
    }

    /// Takes up to a number of messages: first what is redelivered and not held by the same reader's batch, then what is new.
    mutating func take(
        _ maximum: Int, from stream: MemoryStream, at now: ContinuousClock.Instant, holding held: Set<UInt64>
    ) -> [(stored: StoredMessage, count: Int, waiting: UInt64)] {
        var taken: [(stored: StoredMessage, count: Int)] = []
        for (sequence, entry) in pending.sorted(by: { $0.key < $1.key })
        where entry.due <= now && !held.contains(sequence) {
            guard taken.count < maximum else { break }
            let isSpent = configuration.maximumDeliveries.map { entry.count >= $0 } ?? false
            guard !isSpent, let stored = stream.message(sequence) else {
                pending[sequence] = nil
                continue
            }
            taken.append((stored, entry.count + 1))
        }
        while taken.count < maximum, let first = backlog.first {
            backlog.removeFirst()
            if let stored = stream.message(first) { taken.append((stored, 1)) }
        }
        var index = stream.index(from: next)
        while taken.count < maximum, index < stream.messages.count, hasRoom(taken.count) {
            let stored = stream.messages[index]
            next = stored.sequence + 1
            index += 1
            if matches(stored.message.subject) { taken.append((stored, 1)) }
        }
        if configuration.acknowledges {
            let due = now.advanced(by: configuration.ackWait)
            for item in taken { pending[item.stored.sequence] = (due, item.count) }
        }
        let left = waiting(stream)
        return taken.enumerated().map { index, item in
            (item.stored, item.count, UInt64(left + taken.count - index - 1))
        }
    }

    private func hasRoom(_ taken: Int) -> Bool {
        !configuration.acknowledges || pending.count + taken < configuration.maximumPending
    }

    mutating func answer(_ answer: Delivery.Answer, _ sequence: UInt64, at now: ContinuousClock.Instant) {
        guard let entry = pending[sequence] else { return }
        switch answer {
        case .ack, .term: pending[sequence] = nil
        case .nak(let delay): pending[sequence] = (now.advanced(by: delay ?? .zero), entry.count)
        case .inProgress: pending[sequence] = (now.advanced(by: configuration.ackWait), entry.count)
        }
    }
}

/// A reader of an in-memory stream.
final class MemoryConsumer: Consumer {
    let configuration: ConsumerConfiguration
    private let name: String
    private let bus: InMemoryBus

    init(_ configuration: ConsumerConfiguration, name: String, bus: InMemoryBus) {
        self.configuration = configuration
        self.name = name
        self.bus = bus
    }

    func fetch(maximum: Int, wait: Duration, linger: Duration) async throws(BusError) -> [Delivery] {
        guard (1...10_000).contains(maximum) else {
            throw BusError(.invalid, "a fetch takes 1…10,000 messages; asked for \(maximum)")
        }
        let clock = ContinuousClock()
        var deadline = clock.now.advanced(by: wait)
        var batch: [Delivery] = []
        while true {
            let seen = bus.streamsChanged.count
            let (found, due) = try take(maximum - batch.count, clock.now, holding: Set(batch.map(\.sequence)))
            if batch.isEmpty, !found.isEmpty { deadline = clock.now.advanced(by: linger) }
            batch += found
            guard batch.count < maximum, clock.now < deadline else { return batch }
            if Task.isCancelled {
                if !batch.isEmpty { return batch }
                throw BusError(.cancelled, "reading \(name) was cancelled")
            }
            await bus.streamsChanged.wait(from: seen, until: min(deadline, due ?? deadline))
        }
    }

    private func take(
        _ maximum: Int, _ now: ContinuousClock.Instant, holding held: Set<UInt64>
    ) throws(BusError) -> ([Delivery], ContinuousClock.Instant?) {
        let taken = try onState { consumer, stream in
            (consumer.take(maximum, from: stream, at: now, holding: held), consumer.nextDue)
        }
        let deliveries = taken.0.map { item in
            Delivery(
                message: item.stored.message, sequence: item.stored.sequence, deliveryCount: item.count,
                waiting: item.waiting
            ) { [self] answer throws(BusError) in
                try onState { consumer, _ in consumer.answer(answer, item.stored.sequence, at: .now) }
                bus.streamsChanged.send()
            }
        }
        return (deliveries, taken.1)
    }

    func info() async throws(BusError) -> ConsumerInfo { try onState { $0.info($1) } }

    func stop() async {
        guard configuration.durable == nil else { return }
        bus.state.withLock { _ = $0.streams[configuration.stream]?.consumers.removeValue(forKey: name) }
    }

    private func onState<R>(
        _ body: (inout MemoryConsumerState, MemoryStream) -> R
    ) throws(BusError) -> R {
        let outcome: Result<R, BusError> = bus.state.withLock { state in
            guard state.phase != .closed else { return .failure(BusError(.closed, "the bus is closed")) }
            guard let stream = state.streams[configuration.stream] else {
                return .failure(BusError(.notFound, "there is no stream \(configuration.stream)"))
            }
            var consumer = stream.consumers[name] ?? MemoryConsumerState(configuration, stream)
            defer { state.streams[configuration.stream]?.consumers[name] = consumer }
            return .success(body(&consumer, stream))
        }
        return try outcome.get()
    }
}
