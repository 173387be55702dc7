import NimmerWave

/// A stream of the in-memory bus: what is kept, which ids were seen, and how far each consumer is.
struct MemoryStream {
    var configuration: StreamConfiguration
    private(set) var messages: [StoredMessage] = []
    private(set) var bytes: UInt64 = 0
    private(set) var lastSequence: UInt64 = 0
    private var seen: [String: (sequence: UInt64, at: Timestamp)] = [:]
    private var seenInOrder: [(id: String, at: Timestamp)] = []
    var consumers: [String: MemoryConsumerState] = [:]

    init(_ configuration: StreamConfiguration) { self.configuration = configuration }

    var info: StreamInfo {
        StreamInfo(
            name: configuration.name, messages: UInt64(messages.count), bytes: bytes,
            firstSequence: messages.first?.sequence ?? lastSequence + 1, lastSequence: lastSequence,
            consumers: consumers.count, subjects: configuration.subjects.map(\.text),
            maximumBytes: configuration.maximumBytes.map { UInt64(clamping: $0) },
            maximumAge: configuration.maximumAge)
    }

    /// Positions of its durables.
    var durables: [DurablePosition] {
        consumers.values.compactMap { consumer in
            consumer.configuration.durable.map {
                DurablePosition(
                    name: $0.text, filter: consumer.configuration.filter?.text, position: consumer.acknowledged)
            }
        }.sorted { $0.name < $1.name }
    }

    /// Goes on with a sequence; false when it holds something.
    mutating func skip(to sequence: UInt64) -> Bool {
        guard messages.isEmpty else { return false }
        lastSequence = max(lastSequence, max(sequence, 1) - 1)
        return true
    }

    func captures(_ subject: Subject) -> Bool { configuration.subjects.contains { $0.matches(subject) } }

    func last(on subject: Subject) -> StoredMessage? { messages.last { $0.message.subject == subject } }

    /// The index of the first message with at least this sequence.
    func index(from sequence: UInt64) -> Int {
        var low = 0
        var high = messages.count
        while low < high {
            let middle = (low + high) / 2
            if messages[middle].sequence < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The message with this sequence, if it is still kept.
    func message(_ sequence: UInt64) -> StoredMessage? {
        let index = index(from: sequence)
        return index < messages.count && messages[index].sequence == sequence ? messages[index] : nil
    }

    mutating func store(_ message: BusMessage) -> Result<StreamAck, BusError> {
        expire(message.at)
        let id = message.headers[Headers.messageID]
        if let id, let first = seen[id] {
            return .success(StreamAck(stream: configuration.name, sequence: first.sequence, isDuplicate: true))
        }
        if let expected = message.headers[Headers.expectedLastOfSubject] {
            let present = last(on: message.subject)?.sequence ?? 0
            guard UInt64(expected) == present else {
                return .failure(
                    BusError(.conflict, "\(message.subject) is at revision \(present), expected was \(expected)"))
            }
        }
        if let expected = message.headers[Headers.expectedLast], UInt64(expected) != lastSequence {
            return .failure(
                BusError(.conflict, "\(configuration.name) is at sequence \(lastSequence), expected was \(expected)"))
        }
        let rollUp = message.headers[Headers.rollUp]
        guard rollUp == nil || configuration.allowsRollUps else {
            return .failure(BusError(.refused, "the stream \(configuration.name) takes no roll-ups"))
        }
        if let limit = configuration.maximumMessageSize, message.payload.count > limit {
            return .failure(
                BusError(
                    .tooLarge,
                    "the stream \(configuration.name) takes \(limit) bytes; the message has \(message.payload.count)"))
        }
        if let refusal = makeRoom(for: message) { return .failure(refusal) }
        lastSequence += 1
        var kept = message
        kept.reply = nil
        messages.append(StoredMessage(message: kept, sequence: lastSequence))
        bytes += UInt64(message.payload.count)
        if let rollUp { self.rollUp(rollUp, to: message.subject) }
        if let id {
            seen[id] = (lastSequence, message.at)
            seenInOrder.append((id, message.at))
        }
        return .success(StreamAck(stream: configuration.name, sequence: lastSequence, isDuplicate: false))
    }

    /// Removes what the newest message replaces: all of its subject, or all.
    private mutating func rollUp(_ extent: String, to subject: Subject) {
        let newest = lastSequence
        removeAll { $0.sequence < newest && (extent == "all" || $0.message.subject == subject) }
    }

    /// Removes every message of a subject; returns how many.
    mutating func purge(_ subject: Subject) -> UInt64 { removeAll { $0.message.subject == subject } }

    @discardableResult
    private mutating func removeAll(where isGone: (StoredMessage) -> Bool) -> UInt64 {
        var gone: UInt64 = 0
        messages.removeAll { stored in
            guard isGone(stored) else { return false }
            bytes -= UInt64(stored.message.payload.count)
            gone += 1
            return true
        }
        return gone
    }

    private mutating func makeRoom(for message: BusMessage) -> BusError? {
        if let limit = configuration.maximumPerSubject,
            messages.count(where: { $0.message.subject == message.subject }) >= limit,
            let oldest = messages.firstIndex(where: { $0.message.subject == message.subject })
        {
            remove(at: oldest)
        }
        while let oldest = messages.first {
            let tooMany = configuration.maximumMessages.map { Int64(messages.count) >= $0 } ?? false
            let tooLarge = configuration.maximumBytes.map { Int64(bytes) + Int64(message.payload.count) > $0 } ?? false
            guard tooMany || tooLarge else { break }
            if configuration.discard == .new {
                return BusError(.full, "the stream \(configuration.name) is full (oldest: \(oldest.sequence))")
            }
            remove(at: 0)
        }
        return nil
    }

    /// Forgets what is too old, and ids that left the window.
    mutating func expire(_ now: Timestamp) {
        let window = configuration.duplicateWindow.nanoseconds
        var gone = 0
        while gone < seenInOrder.count, now.nanoseconds(since: seenInOrder[gone].at) > window {
            seen[seenInOrder[gone].id] = nil
            gone += 1
        }
        if gone > 0 { seenInOrder.removeFirst(gone) }
        guard let age = configuration.maximumAge?.nanoseconds else { return }
        while let first = messages.first, now.nanoseconds(since: first.message.at) > age { remove(at: 0) }
    }

    /// Removes a message; false when it is not there.
    mutating func delete(_ sequence: UInt64) -> Bool {
        let index = index(from: sequence)
        guard index < messages.count, messages[index].sequence == sequence else { return false }
        remove(at: index)
        return true
    }

    private mutating func remove(at index: Int) {
        bytes -= UInt64(messages[index].message.payload.count)
        messages.remove(at: index)
    }
}
