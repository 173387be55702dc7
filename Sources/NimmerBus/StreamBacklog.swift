import NimmerWave

/// Part of a stream that a reader has not finished with, and how long the stream will keep it: until its age is over or its room is full,
/// whichever is first (protocol.md, Streams).
public struct StreamBacklog: Sendable, Hashable {
    /// Messages.
    public var messages: UInt64
    /// Time at which the oldest of them was stored; nil where that is not known.
    public var since: Timestamp?
    /// Time at which the stream drops it; nil: never, or not known.
    public var keptUntil: Timestamp?
    /// Bytes that may still come before the stream drops it; nil: no bound.
    public var room: UInt64?
    /// Indicates whether the stream has dropped messages that the reader had not finished with.
    public var isOverflowing: Bool
    /// Messages of the stream, those that the reader has finished with too.
    public var storedMessages: UInt64 = 0
    /// Their bytes.
    public var storedBytes: UInt64 = 0

    /// A backlog by a server's figures.
    ///
    /// - Parameters:
    ///   - oldest: when the first message behind the acknowledged ones was stored.
    ///   - age: how long the stream keeps a message; nil: forever.
    public init(_ stream: StreamInfo, _ consumer: ConsumerInfo, oldest: Timestamp?, age: Duration?) {
        messages = consumer.waiting.addingSaturated(UInt64(clamping: consumer.unacknowledged))
        since = messages == 0 ? nil : oldest
        keptUntil = nil
        if let since, let age { keptUntil = since.advanced(nanoseconds: age.nanoseconds) }
        // Messages of one stream are about as long as each other.
        let share = stream.messages == 0 ? 0 : min(1, Double(messages) / Double(stream.messages))
        room = stream.maximumBytes.map { $0 - min($0, UInt64(saturating: Double(stream.bytes) * share)) }
        storedMessages = stream.messages
        storedBytes = stream.bytes
        isOverflowing = messages > 0 && stream.firstSequence > consumer.acknowledged.addingSaturated(1)
    }

    /// Its form in a service's `$SRV.STATS`.
    public var json: JSON {
        [
            "messages": .number(Double(messages)), "since": since.map { .string($0.rfc3339) } ?? .null,
            "kept_until": keptUntil.map { .string($0.rfc3339) } ?? .null,
            "room_bytes": room.map { .number(Double($0)) } ?? .null, "overflowing": .bool(isOverflowing),
            "stored": .number(Double(storedMessages)), "bytes": .number(Double(storedBytes)),
        ]
    }

    /// A backlog as a service reports it; nil where it reports none, or not all of it.
    public init?(_ json: JSON) {
        guard let messages = json["messages"]?.int, let isOverflowing = json["overflowing"]?.bool,
            let stored = json["stored"]?.int, let bytes = json["bytes"]?.int
        else { return nil }
        self.messages = UInt64(clamping: messages)
        let time = { (key: String) in json[key]?.string.flatMap { try? Timestamp(rfc3339: $0) } }
        since = time("since")
        keptUntil = time("kept_until")
        room = json["room_bytes"]?.int.map { UInt64(clamping: $0) }
        self.isOverflowing = isOverflowing
        storedMessages = UInt64(clamping: stored)
        storedBytes = UInt64(clamping: bytes)
    }
}
