import NimmerWave

extension Bus {
    /// A bus on which every client may publish everything has no identities.
    public var identity: Token? { nil }

    /// A bus without a thread of its own has no turns: the work runs at once.
    public func afterTurn(_ work: @escaping @Sendable () -> Void) { work() }

    /// Sends bytes, at most once; see ``Bus/publish(_:payload:headers:reply:)``.
    @inlinable
    public func publish(_ subject: Subject, payload: [UInt8], headers: Headers = [:]) throws(BusError) {
        try publish(subject, payload: payload, headers: headers, reply: nil)
    }

    /// A bus without permissions refuses nothing.
    public func publishChecked(
        _ subject: Subject, payload: [UInt8], headers: Headers, timeout: Duration
    ) async throws(BusError) {
        try publish(subject, payload: payload, headers: headers, reply: nil)
        try await flush(timeout: timeout)
    }

    /// Calls a handler for each message that matches; see ``Bus/subscribe(_:queue:pending:handler:)``.
    /// At most 524,288 messages wait for the handler; further ones are dropped and counted.
    public func subscribe(
        _ pattern: SubjectPattern, queue: Token? = nil, handler: @escaping DeliveryHandler
    ) async throws(BusError) -> any Subscription {
        try await subscribe(pattern, queue: queue, pending: 524_288, handler: handler)
    }

    /// Asks and waits for one answer, 2 s by default; see ``Bus/request(_:payload:headers:timeout:)``.
    public func request(
        _ subject: Subject, payload: [UInt8], timeout: Duration = .seconds(2)
    ) async throws(BusError) -> BusMessage {
        try await request(subject, payload: payload, headers: [:], timeout: timeout)
    }

    /// Sends a message to a stream and waits until the stream holds it, repeating it under the same id while time remains.
    ///
    /// - Parameters:
    ///   - id: by which the stream drops repetitions; derive it from what the message is about.
    ///   - timeout: how long to try in all; each attempt waits for at most 2 s of it.
    /// - Throws: the last failure once the time is over, or at once when repeating cannot help.
    @discardableResult
    public func publishDurably(
        _ subject: Subject, payload: [UInt8], id: MessageID, headers: Headers = [:], timeout: Duration = .seconds(10)
    ) async throws(BusError) -> StreamAck {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: timeout)
        var known: BusError?
        while true {
            let attempt = min(.seconds(2), clock.now.duration(to: deadline))
            let outcome: Result<StreamAck, BusError> = await withCheckedContinuation { continuation in
                publishDurably(subject, payload: payload, id: id, headers: headers, timeout: attempt) {
                    continuation.resume(returning: $0)
                }
            }
            let again = clock.now.advanced(by: .milliseconds(100))
            guard case .failure(let error) = outcome else { return try outcome.get() }
            // A last attempt with hardly any time left ends in "timeout"; the error of an earlier one is more precise.
            if error.code != .timeout || known == nil { known = error }
            guard error.canRetry, again < deadline else { throw known ?? error }
            do {
                try await clock.sleep(until: again)
            } catch {
                throw BusError(.cancelled, "publishing durably to \(subject) was cancelled")
            }
        }
    }

    /// The messages of a pattern as a sequence, for everything that is not the hot path.
    ///
    /// Subscribed when this returns. Ends when the iteration is dropped, or the bus closes.
    ///
    /// - Parameter limit: how many messages may wait for the reader; further ones displace the oldest and are counted in
    ///   ``MessageSequence/lost``.
    public func messages(
        _ pattern: SubjectPattern, queue: Token? = nil, limit: Int = 4096
    ) async throws(BusError) -> MessageSequence {
        let sequence = MessageSequence(limit: limit)
        let subscription = try await subscribe(pattern, queue: queue) { _, _, arrival in
            sequence.offer(arrival.message())
        }
        sequence.ends(with: subscription)
        return sequence
    }

    /// Measures one round trip to the server, within 2 s.
    @discardableResult
    public func flush() async throws(BusError) -> Duration { try await flush(timeout: .seconds(2)) }

    /// Ends cleanly within 5 s; see ``Bus/drain(timeout:)``.
    public func drain() async { await drain(timeout: .seconds(5)) }
}
