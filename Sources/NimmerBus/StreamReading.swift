import NimmerWave

extension Bus {
    /// Reads what a stream held when this began, from a start on, in order; all of it, however often the connection breaks
    /// meanwhile. What is stored while it reads may come along.
    ///
    /// - Parameters:
    ///   - filter: which subjects; nil: all.
    ///   - start: where to begin. With `.lastPerSubject` each subject comes once, with its newest message.
    ///   - limit: how many messages at most, the first ones.
    ///   - timeout: how long to wait for the next message; the time starts over with each that comes.
    /// - Throws: ``BusError/Code/timeout`` naming the stream, how many messages were found and how many expected;
    ///   ``BusError/Code/notFound`` when there is no such stream, ``BusError/Code/cancelled``, ``BusError/Code/closed``.
    public func read(
        stream: String, filter: SubjectPattern? = nil, start: ConsumerConfiguration.Start = .all,
        limit: Int = 1_000_000, timeout: Duration = .seconds(60)
    ) async throws(BusError) -> [StoredMessage] {
        var found: [StoredMessage] = []
        guard limit > 0 else { return found }
        try await read(stream: stream, filter: filter, start: start, timeout: timeout) { batch in
            found += batch.prefix(limit - found.count)
            return found.count < limit
        }
        guard start == .lastPerSubject else { return found }
        // A subject that was published to meanwhile came twice.
        let newest = Dictionary(found.map { ($0.message.subject, $0.sequence) }) { max($0, $1) }
        return found.filter { newest[$0.message.subject] == $0.sequence }
    }

    /// The same in batches, for what is looked through and not kept.
    ///
    /// - Parameter batches: takes the next messages, of at least one and at most 1,000; false: enough. With `.lastPerSubject` a
    ///   subject that is published to meanwhile may come again.
    public func read(
        stream: String, filter: SubjectPattern? = nil, start: ConsumerConfiguration.Start = .all,
        timeout: Duration = .seconds(60), batches: ([StoredMessage]) async -> Bool
    ) async throws(BusError) {
        var reading = StreamReading(bus: self, stream: stream, filter: filter, start: start, timeout: timeout)
        try await reading.run(batches)
    }

    /// The newest stored message of every subject that matches, in the order of the stream (what the thalamus takes its
    /// gates up from after a crash).
    public func lastPerSubject(
        stream: String, filter: SubjectPattern? = nil, timeout: Duration = .seconds(60)
    ) async throws(BusError) -> [StoredMessage] {
        try await read(stream: stream, filter: filter, start: .lastPerSubject, timeout: timeout)
    }
}

/// One reading of a stream from its start to what was its end. When nothing comes for a while it looks again from where it
/// stands, with a new consumer: only its messages can be distinguished from messages that were lost on the way.
private struct StreamReading {
    let bus: any Bus
    let stream: String
    let filter: SubjectPattern?
    let start: ConsumerConfiguration.Start
    let timeout: Duration
    /// The sequence of the last message that was handed out.
    private var last: UInt64 = 0
    private var found = 0
    /// Number of messages to be found, as far as is known.
    private var expected: UInt64?
    private var deadline = ContinuousClock.now
    private var trouble: BusError?

    init(bus: any Bus, stream: String, filter: SubjectPattern?, start: ConsumerConfiguration.Start, timeout: Duration) {
        self.bus = bus
        self.stream = stream
        self.filter = filter
        self.start = start
        self.timeout = timeout
    }

    mutating func run(_ batches: ([StoredMessage]) async -> Bool) async throws(BusError) {
        deadline = .now.advanced(by: timeout)
        // A server that is slow to find the next message must not be asked again too soon: it would start over.
        var wait = Duration.seconds(2)
        while true {
            do throws(BusError) {
                if try await isComplete(wait, batches) { return }
                wait = min(wait * 2, .seconds(30))
            } catch {
                guard error.canRetry else { throw error }
                trouble = error
                let pause = ContinuousClock.now.advanced(by: .milliseconds(200))
                guard pause < deadline else { throw timedOut }
                do { try await ContinuousClock().sleep(until: pause) } catch {
                    throw BusError(.cancelled, "reading \(stream) was cancelled")
                }
            }
            if ContinuousClock.now >= deadline { throw timedOut }
        }
    }

    /// Reads on with a new consumer; false when it stopped delivering before its end.
    private mutating func isComplete(
        _ wait: Duration, _ batches: ([StoredMessage]) async -> Bool
    ) async throws(BusError) -> Bool {
        let isResumed = last > 0 && start != .lastPerSubject
        // A server of 2.15 forgets a filter that covers all that a stream captures, when it looks for the newest of each subject: it
        // delivers subjects that the stream captured once, too, and counts them out. So it is asked for all of them.
        let consumer = try await bus.consumer(
            ConsumerConfiguration(
                stream: stream, durable: nil, filter: start == .lastPerSubject ? nil : filter,
                start: isResumed ? .sequence(last + 1) : start, acknowledges: false))
        do throws(BusError) {
            let isComplete = try await isComplete(consumer, wait, isResumed: isResumed, batches)
            await consumer.stop()
            return isComplete
        } catch {
            await consumer.stop()
            throw error
        }
    }

    private mutating func isComplete(
        _ consumer: any Consumer, _ wait: Duration, isResumed: Bool, _ batches: ([StoredMessage]) async -> Bool
    ) async throws(BusError) -> Bool {
        var waiting = try await consumer.info().waiting
        expected = isResumed || expected == nil ? waiting + UInt64(found) : expected
        while waiting > 0 {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return false }
            let batch = try await consumer.fetch(maximum: 1000, wait: min(wait, left), linger: .zero)
            guard let newest = batch.last else { return false }
            deadline = .now.advanced(by: timeout)
            trouble = nil
            waiting = newest.waiting
            let fresh = batch.filter { $0.sequence > last }
            guard !fresh.isEmpty else { continue }
            last = max(last, newest.sequence)
            found += fresh.count
            let wanted = fresh.filter { filter?.matches($0.message.subject) ?? true }
            guard !wanted.isEmpty else { continue }
            guard await batches(wanted.map { StoredMessage(message: $0.message, sequence: $0.sequence) }) else {
                return true
            }
        }
        return true
    }

    private var timedOut: BusError {
        BusError(
            .timeout,
            "reading the stream \(stream): found \(found) of \(expected.map { "\($0)" } ?? "an unknown number of") messages, "
                + "and nothing more for \(timeout.components.seconds) s",
            cause: trouble?.description ?? "")
    }
}
