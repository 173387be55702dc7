import NimmerPlatform
import NimmerWave
import Synchronization

extension InMemoryBus {
    public func publishDurably(
        _ subject: Subject, payload: [UInt8], id: MessageID, headers: Headers, timeout: Duration,
        onAck: @escaping @Sendable (Result<StreamAck, BusError>) -> Void
    ) {
        var headers = headers
        headers[Headers.messageID] = id.text
        do throws(BusError) {
            let sent = try send(BusMessage(subject: subject, headers: headers, payload: payload, at: now()))
            onAck(sent.ack ?? .failure(BusError(.noResponders, "no stream keeps \(subject)")))
        } catch {
            onAck(.failure(error))
        }
    }

    @discardableResult
    public func ensureStream(_ configuration: StreamConfiguration) async throws(BusError) -> StreamInfo {
        let outcome: Result<StreamInfo, BusError> = state.withLock { state in
            guard state.phase != .closed else { return .failure(BusError(.closed, "the bus is closed")) }
            let others = state.streams.values.filter { $0.configuration.name != configuration.name }
            for other in others where overlap(other.configuration.subjects, configuration.subjects) {
                return .failure(
                    BusError(
                        .conflict,
                        "the subjects of stream \(configuration.name) overlap with those of \(other.configuration.name)"
                    ))
            }
            var stream = state.streams[configuration.name] ?? MemoryStream(configuration)
            stream.configuration = configuration
            state.streams[configuration.name] = stream
            return .success(stream.info)
        }
        return try outcome.get()
    }

    public func stream(_ name: String) async throws(BusError) -> StreamInfo {
        guard let info = state.withLock({ $0.streams[name]?.info }) else {
            throw BusError(.notFound, "there is no stream \(name)")
        }
        return info
    }

    public func deleteStream(_ name: String) async throws(BusError) {
        state.withLock { $0.streams[name] = nil }
        streamsChanged.send()
    }

    public func lastMessage(stream: String, subject: Subject) async throws(BusError) -> StoredMessage? {
        let moment = now()
        let found: StoredMessage?? = state.withLock { state in
            state.streams[stream]?.expire(moment)
            return state.streams[stream].map { $0.last(on: subject) }
        }
        guard let found else { throw BusError(.notFound, "there is no stream \(stream)") }
        return found
    }

    public func message(stream: String, sequence: UInt64) async throws(BusError) -> StoredMessage? {
        let moment = now()
        let found: StoredMessage?? = state.withLock { state in
            state.streams[stream]?.expire(moment)
            return state.streams[stream].map { $0.message(sequence) }
        }
        guard let found else { throw BusError(.notFound, "there is no stream \(stream)") }
        return found
    }

    public func deleteMessage(stream: String, sequence: UInt64) async throws(BusError) -> Bool {
        let outcome: Result<Bool, BusError> = state.withLock { state in
            guard let configuration = state.streams[stream]?.configuration else {
                return .failure(BusError(.notFound, "there is no stream \(stream)"))
            }
            guard !configuration.deniesDelete else {
                return .failure(BusError(.refused, "messages of the stream \(stream) cannot be deleted"))
            }
            return .success(state.streams[stream]?.delete(sequence) ?? false)
        }
        return try outcome.get()
    }

    @discardableResult
    public func purge(stream: String, subject: Subject) async throws(BusError) -> UInt64 {
        let outcome: Result<UInt64, BusError> = state.withLock { state in
            guard let configuration = state.streams[stream]?.configuration else {
                return .failure(BusError(.notFound, "there is no stream \(stream)"))
            }
            guard !configuration.deniesPurge else {
                return .failure(BusError(.refused, "the stream \(stream) cannot be purged"))
            }
            return .success(state.streams[stream]?.purge(subject) ?? 0)
        }
        return try outcome.get()
    }

    public func subjects(
        of stream: String, matching pattern: SubjectPattern
    ) async throws(BusError) -> [String: UInt64] {
        let moment = now()
        let found: [String: UInt64]? = state.withLock { state in
            state.streams[stream]?.expire(moment)
            return state.streams[stream].map { stream in
                stream.messages.reduce(into: [:]) { found, stored in
                    guard pattern.matches(stored.message.subject) else { return }
                    found[stored.message.subject.text, default: 0] += 1
                }
            }
        }
        guard let found else { throw BusError(.notFound, "there is no stream \(stream)") }
        return found
    }

    public func durables(of stream: String) async throws(BusError) -> [DurablePosition] {
        guard let found = state.withLock({ $0.streams[stream]?.durables }) else {
            throw BusError(.notFound, "there is no stream \(stream)")
        }
        return found
    }

    public func skip(stream: String, to sequence: UInt64) async throws(BusError) {
        let (present, isEmpty) = state.withLock { state in
            let present = state.streams[stream]?.configuration
            return (present, present?.deniesPurge == false ? state.streams[stream]?.skip(to: sequence) : nil)
        }
        guard let present else { throw BusError(.notFound, "there is no stream \(stream)") }
        guard let isEmpty else {
            throw BusError(
                .refused, "the stream \(stream) cannot be purged, nor its sequence moved (\(present.summary))")
        }
        guard isEmpty else { throw BusError.holdsMessages(stream) }
    }

    public func consumer(_ configuration: ConsumerConfiguration) async throws(BusError) -> any Consumer {
        try configuration.check()
        let outcome: Result<String, BusError> = state.withLock { state in
            guard state.phase != .closed else { return .failure(BusError(.closed, "the bus is closed")) }
            guard let stream = state.streams[configuration.stream] else {
                return .failure(BusError(.notFound, "there is no stream \(configuration.stream)"))
            }
            state.inboxes += 1
            let name = configuration.durable?.text ?? "ephemeral-\(state.inboxes)"
            if stream.consumers[name] == nil {
                state.streams[configuration.stream]?.consumers[name] = MemoryConsumerState(configuration, stream)
            }
            state.streams[configuration.stream]?.consumers[name]?.configuration = configuration
            return .success(name)
        }
        return MemoryConsumer(configuration, name: try outcome.get(), bus: self)
    }

    public func keyValue(_ configuration: KeyValueConfiguration) async throws(BusError) -> any KeyValue {
        try await StreamKeyValue.open(configuration, on: self)
    }

    private func overlap(_ some: [SubjectPattern], _ others: [SubjectPattern]) -> Bool {
        some.contains { one in others.contains { one.overlaps($0) } }
    }
}

extension BusError {
    /// Refusal to move the sequence of a stream that holds messages.
    package static func holdsMessages(_ stream: String) -> BusError {
        BusError(.conflict, "the stream \(stream) holds messages: only an empty one can continue with another sequence")
    }
}

extension ConsumerConfiguration {
    /// Refuses what no bus can do.
    package func check() throws(BusError) {
        guard acknowledges || durable == nil else {
            throw BusError(.invalid, "a durable consumer must acknowledge")
        }
        guard maximumPending > 0, ackWait > .zero else {
            throw BusError(.invalid, "a consumer's pending limit and acknowledgement time must be above 0")
        }
    }
}

extension SubjectPattern {
    /// Returns whether some subject matches both.
    package func overlaps(_ other: SubjectPattern) -> Bool {
        let some = text.split(separator: ".")
        let others = other.text.split(separator: ".")
        for (one, two) in zip(some, others) {
            if one == ">" || two == ">" { return true }
            if one != "*", two != "*", one != two { return false }
        }
        return some.count == others.count
    }
}
