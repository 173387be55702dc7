import NimmerWave

/// A stream: a log that the server keeps of what is published to some subjects (protocol.md, Streams).
public struct StreamConfiguration: Sendable, Hashable {
    /// Where a stream keeps its messages.
    public enum Storage: String, Sendable { case file, memory }
    /// What gives way when a bound is reached: the oldest message, or the new one (its publisher gets an error).
    public enum Discard: String, Sendable { case old, new }

    /// The name, such as `DEV-TRANSITIONS`: no dots, spaces or wildcards.
    public var name: String
    /// What it captures. No two streams may overlap.
    public var subjects: [SubjectPattern]
    /// Where it keeps its messages.
    public var storage: Storage
    /// How long it keeps a message; nil: for ever.
    public var maximumAge: Duration?
    /// How many bytes it keeps; nil: no bound.
    public var maximumBytes: Int64?
    /// How many messages it keeps; nil: no bound.
    public var maximumMessages: Int64?
    /// How many messages it keeps of each subject; nil: no bound.
    public var maximumPerSubject: Int64?
    /// What gives way at a bound.
    public var discard: Discard
    /// The largest message that it takes, in bytes with headers; nil: the server's limit.
    public var maximumMessageSize: Int?
    /// Within which time a repeated message id is dropped.
    public var duplicateWindow: Duration
    /// Whether it acknowledges what it stores (`no_ack`, the other way round). Not where cells publish: an acknowledgement goes wherever
    /// the message's sender wants it.
    public var acknowledges: Bool
    /// Whether nobody may purge it (`deny_purge`). Holds for good: the server takes no change back.
    public var deniesPurge: Bool
    /// Whether nobody may delete single messages of it (`deny_delete`). Holds for good.
    public var deniesDelete: Bool
    /// Whether it takes a part only of the room that a server has when it is made, so that others find room: it is made larger and then
    /// cut, which takes the right to change it.
    public var leavesRoom = false
    /// What it is for; shown by tools.
    public var summary: String

    /// A stream that keeps messages in files for a time.
    public init(
        name: String, subjects: [SubjectPattern], storage: Storage = .file, maximumAge: Duration? = nil,
        maximumBytes: Int64? = nil, maximumMessages: Int64? = nil, maximumPerSubject: Int64? = nil,
        maximumMessageSize: Int? = nil, discard: Discard = .old, duplicateWindow: Duration = .seconds(120),
        acknowledges: Bool = true, deniesPurge: Bool = false, deniesDelete: Bool = false, summary: String = ""
    ) {
        self.name = name
        self.subjects = subjects
        self.storage = storage
        self.maximumAge = maximumAge
        self.maximumBytes = maximumBytes
        self.maximumMessages = maximumMessages
        self.maximumPerSubject = maximumPerSubject
        self.maximumMessageSize = maximumMessageSize
        self.discard = discard
        self.duplicateWindow = duplicateWindow
        self.acknowledges = acknowledges
        self.deniesPurge = deniesPurge
        self.deniesDelete = deniesDelete
        self.summary = summary
    }
}

/// What a stream holds.
public struct StreamInfo: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// How many messages it holds.
    public var messages: UInt64
    /// How many bytes it holds.
    public var bytes: UInt64
    /// The sequence of the oldest message; above ``lastSequence`` when empty.
    public var firstSequence: UInt64
    /// The sequence of the newest message; 0 before the first.
    public var lastSequence: UInt64
    /// How many consumers it has.
    public var consumers: Int
    /// The patterns of the subjects that it captures.
    public var subjects: [String]
    /// The bytes that it keeps at most; nil: no bound.
    public var maximumBytes: UInt64?

    /// Information from its parts.
    public init(
        name: String, messages: UInt64, bytes: UInt64, firstSequence: UInt64, lastSequence: UInt64, consumers: Int,
        subjects: [String] = [], maximumBytes: UInt64? = nil
    ) {
        self.maximumBytes = maximumBytes
        self.name = name
        self.subjects = subjects
        self.messages = messages
        self.bytes = bytes
        self.firstSequence = firstSequence
        self.lastSequence = lastSequence
        self.consumers = consumers
    }
}

/// A stream's word that it holds a message.
public struct StreamAck: Sendable, Hashable {
    /// The stream.
    public var stream: String
    /// The message's sequence in it; for a repetition, the sequence of the first.
    public var sequence: UInt64
    /// Whether the stream held this id already and dropped the repetition.
    public var isDuplicate: Bool

    /// An acknowledgement from its parts.
    public init(stream: String, sequence: UInt64, isDuplicate: Bool) {
        self.stream = stream
        self.sequence = sequence
        self.isDuplicate = isDuplicate
    }
}

/// A message as a stream keeps it; its `at` is when the stream stored it.
public struct StoredMessage: Sendable, Hashable {
    /// The message.
    public var message: BusMessage
    /// Its sequence in the stream.
    public var sequence: UInt64

    /// A stored message from its parts.
    public init(message: BusMessage, sequence: UInt64) {
        self.message = message
        self.sequence = sequence
    }
}
