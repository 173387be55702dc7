import NimmerWave

/// A message that an ``Outbox`` retains until a stream holds it.
public struct OutboxMessage: Sendable, Hashable {
    /// The subject; messages of one subject are stored in the order in which they were put in.
    public var subject: Subject
    /// The message's id, by which its stream drops repetitions.
    public var id: MessageID
    /// The bytes.
    public var payload: [UInt8]
    /// The stream of a fenced message: one that follows from the newest of its subject, and must not be stored behind one that
    /// another publisher has stored meanwhile (`Nats-Expected-Last-Subject-Sequence`). Nil: it follows from nothing.
    public var fence: String?
    /// The message that a fenced one follows from: the newest of its subject when it was put in, as far as is known. ``OutboxQueue``
    /// shows it; a journal keeps it.
    public var follows: MessageID?

    /// Creates a message.
    public init(subject: Subject, id: MessageID, payload: [UInt8], fence: String? = nil, follows: MessageID? = nil) {
        self.subject = subject
        self.id = id
        self.payload = payload
        self.fence = fence
        self.follows = follows
    }
}

/// The counts of an outbox since its start, and how it stands.
public struct OutboxCounters: Sendable, Hashable {
    /// Messages taken.
    public var taken: UInt64 = 0
    /// Messages that a stream holds.
    public var acknowledged: UInt64 = 0
    /// Of these, held already when they came: repetitions.
    public var repeated: UInt64 = 0
    /// Attempts after the first.
    public var retries: UInt64 = 0
    /// Messages given up to stay within the limits.
    public var dropped: UInt64 = 0
    /// Messages that no stream will ever take, such as one that is too large.
    public var refused: UInt64 = 0
    /// Fenced messages that were given up, because another publisher had stored on their subject.
    public var superseded: UInt64 = 0
    /// Messages that wait for their acknowledgement now.
    public var waiting = 0
    /// Payload bytes in memory now.
    public var bytes = 0
    /// Of the waiting messages, those whose payload is in the journal alone.
    public var journaled = 0

    /// All zero.
    public init() {}
}

/// The identity of the newest message of a subject, from its stream.
public struct StoredIdentity: Sendable, Hashable {
    /// Its id; nil when it carries none.
    public var id: MessageID?
    /// Its sequence in the stream.
    public var sequence: UInt64

    /// Creates an identity.
    public init(id: MessageID?, sequence: UInt64) {
        self.id = id
        self.sequence = sequence
    }

    /// The identity of a stored message.
    public init(_ stored: StoredMessage) {
        id = stored.message.headers[Headers.messageID].flatMap { try? MessageID($0) }
        sequence = stored.sequence
    }
}
