import NimmerPlatform
import NimmerWave

/// Key-value over a stream, as every NATS client lays it out: bucket `B` is the stream `KV_B` of the subjects `$KV.B.>`, the
/// revision is the sequence, a deletion is a message with the header `KV-Operation: DEL`. Serves every ``Bus``.
package final class StreamKeyValue: KeyValue {
    package let bucket: String
    private let bus: any Bus
    private let attempts = OpenAttempts()
    private var stream: String { "KV_\(bucket)" }
    private static let operation = "KV-Operation"

    private init(bucket: String, bus: any Bus) {
        self.bucket = bucket
        self.bus = bus
    }

    package static func open(
        _ configuration: KeyValueConfiguration, on bus: any Bus
    ) async throws(BusError) -> StreamKeyValue {
        var stream = try stream(of: configuration)
        stream.leavesRoom = bus.identity == nil
        try await bus.ensureStream(stream)
        return StreamKeyValue(bucket: configuration.bucket, bus: bus)
    }

    /// The stream of a bucket. It takes no roll-ups, so that no client can purge it (decision 0020).
    package static func stream(of configuration: KeyValueConfiguration) throws(BusError) -> StreamConfiguration {
        let bucket = configuration.bucket
        guard !bucket.isEmpty, bucket.utf8.allSatisfy({ isLetterOrDigit($0) || $0 == 0x5f || $0 == 0x2d }) else {
            throw BusError(.invalid, "a bucket's name must be letters, digits, '_' and '-'; found '\(bucket)'")
        }
        guard (1...64).contains(configuration.history) else {
            throw BusError(.invalid, "a bucket's history must be 1…64; found \(configuration.history)")
        }
        let pattern: SubjectPattern
        do { pattern = try SubjectPattern("$KV.\(bucket).>") } catch { throw BusError(.invalid, error.description) }
        return StreamConfiguration(
            name: "KV_\(bucket)", subjects: [pattern], storage: configuration.storage,
            maximumAge: configuration.maximumAge, maximumBytes: configuration.maximumBytes,
            maximumPerSubject: Int64(configuration.history), maximumMessageSize: configuration.maximumValueSize,
            discard: .new, duplicateWindow: min(.seconds(120), configuration.maximumAge ?? .seconds(120)),
            deniesPurge: true, deniesDelete: true)
    }

    package func get(_ key: String) async throws(BusError) -> KeyValueEntry? {
        guard let last = try await bus.lastMessage(stream: stream, subject: try subject(key)) else { return nil }
        let entry = entry(of: last.message, last.sequence)
        return entry.isDeleted ? nil : entry
    }

    package func put(_ key: String, _ value: [UInt8]) async throws(BusError) -> UInt64 {
        try await write(key, value, headers: [:], id: .v7())
    }

    package func create(_ key: String, _ value: [UInt8]) async throws(BusError) -> UInt64 {
        do {
            return try await update(key, value, revision: 0)
        } catch {
            guard error.code == .conflict,
                let last = try await bus.lastMessage(stream: stream, subject: try subject(key)),
                entry(of: last.message, last.sequence).isDeleted
            else { throw error }
            return try await update(key, value, revision: last.sequence)
        }
    }

    package func update(_ key: String, _ value: [UInt8], revision: UInt64) async throws(BusError) -> UInt64 {
        let attempt = attempts.attempt(key, value, revision)
        do throws(BusError) {
            let stored = try await write(
                key, value, headers: [Headers.expectedLastOfSubject: "\(revision)"], id: attempt)
            attempts.isOver(key)
            return stored
        } catch {
            if error.isOutcomeKnown { attempts.isOver(key) }
            throw error
        }
    }

    package func delete(_ key: String) async throws(BusError) {
        _ = try await write(key, [], headers: [Self.operation: "DEL"], id: .v7())
    }

    /// Writes a key. A failure may be the answer to an earlier attempt that was stored, or hide one: what the bucket holds
    /// decides, and only what it does not hold has failed.
    private func write(
        _ key: String, _ value: [UInt8], headers: Headers, id: MessageID
    ) async throws(BusError) -> UInt64 {
        let subject = try subject(key)
        do throws(BusError) {
            let ack = try await bus.publishDurably(subject, payload: value, id: id, headers: headers)
            // An earlier attempt was stored, however long ago: another may have written since.
            guard ack.isDuplicate else { return ack.sequence }
            throw BusError(.conflict, "the key '\(key)' was written before")
        } catch {
            guard error.code == .conflict || !error.isOutcomeKnown else { throw error }
            let last: StoredMessage?
            do throws(BusError) {
                last = try await bus.lastMessage(stream: stream, subject: subject)
            } catch let unread {
                // The conflict may be our own attempt: it is not known yet whose it is.
                throw error.code == .conflict ? unread : error
            }
            guard let last, last.message.headers[Headers.messageID] == id.text else { throw error }
            return last.sequence
        }
    }

    package func entries() async throws(BusError) -> [KeyValueEntry] {
        try await bus.lastPerSubject(stream: stream)
            .map { entry(of: $0.message, $0.sequence) }
            .filter { !$0.isDeleted }
    }

    package func watch(_ keys: String) async throws(BusError) -> AsyncStream<KeyValueEntry> {
        let filter: SubjectPattern
        do { filter = try SubjectPattern("$KV.\(bucket).\(keys)") } catch {
            throw BusError(.invalid, error.description)
        }
        let consumer = try await bus.consumer(
            ConsumerConfiguration(
                stream: stream, durable: nil, filter: filter, start: .lastPerSubject, acknowledges: false))
        let (stream, continuation) = AsyncStream.makeStream(of: KeyValueEntry.self)
        // Owned by the sequence: cancelled when its reader drops it, ended when the bus closes or the bucket goes.
        let reading = TaskOwner()
        reading.run { [self] in
            while !Task.isCancelled {
                guard let batch = try? await consumer.fetch(maximum: 256, wait: .seconds(30), linger: .zero) else {
                    break
                }
                for delivery in batch { continuation.yield(entry(of: delivery.message, delivery.sequence)) }
            }
            continuation.finish()
            await consumer.stop()
        }
        continuation.onTermination = { _ in reading.cancelAll() }
        return stream
    }

    private func subject(_ key: String) throws(BusError) -> Subject {
        let expected = "a key must be dot-separated letters, digits, '_', '-', '/' and '='; found '\(key)'"
        guard key.utf8.allSatisfy({ isLetterOrDigit($0) || "_-/=.".utf8.contains($0) }) else {
            throw BusError(.invalid, expected)
        }
        do { return try Subject(foreign: "$KV.\(bucket).\(key)") } catch { throw BusError(.invalid, expected) }
    }

    private func entry(of message: BusMessage, _ sequence: UInt64) -> KeyValueEntry {
        let operation = message.headers[Self.operation]
        return KeyValueEntry(
            key: String(message.subject.text.dropFirst("$KV.\(bucket).".count)), value: message.payload,
            revision: sequence, at: message.at, isDeleted: operation == "DEL" || operation == "PURGE")
    }
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
}
