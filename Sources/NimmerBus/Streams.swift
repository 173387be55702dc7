import NimmerWave

/// A stream: a log that the server keeps of what is published to some subjects (protocol.md, Streams).
public struct StreamConfiguration: Sendable, Hashable {
    /// Storage of a stream.
    public enum Storage: String, Sendable { case file, memory }
    /// Message that is dropped when a bound is reached: the oldest one, or the new one (its publisher gets an error).
    public enum Discard: String, Sendable { case old, new }

    /// The name, such as `DEV-TRANSITIONS`: no dots, spaces or wildcards.
    public var name: String
    /// Subjects that it captures. No two streams may overlap.
    public var subjects: [SubjectPattern]
    /// Storage of its messages.
    public var storage: Storage
    /// Maximum age of a message; nil: unlimited.
    public var maximumAge: Duration?
    /// Maximum number of bytes; nil: unlimited.
    public var maximumBytes: Int64?
    /// Maximum number of messages; nil: unlimited.
    public var maximumMessages: Int64?
    /// Maximum number of messages of each subject; nil: unlimited.
    public var maximumPerSubject: Int64?
    /// Message that is dropped at a bound.
    public var discard: Discard
    /// The largest message that it takes, in bytes with headers; nil: the server's limit.
    public var maximumMessageSize: Int?
    /// Within which time a repeated message id is dropped.
    public var duplicateWindow: Duration
    /// Indicates whether it acknowledges what it stores (`no_ack`, the other way round). Not where cells publish: an acknowledgement goes wherever
    /// the message's sender names.
    public var acknowledges: Bool
    /// Indicates whether purging is denied (`deny_purge`). Permanent: the server does not take it back.
    public var deniesPurge: Bool
    /// Indicates whether deleting single messages is denied (`deny_delete`). Permanent.
    public var deniesDelete: Bool
    /// Indicates whether a message may replace those before it (`Nats-Rollup`, `allow_rollup_hdrs`), which is a way to purge: for objects only,
    /// whose metadata every client writes so.
    public var allowsRollUps = false
    /// Indicates whether an existing stream takes the bounds of this configuration, and not those that it has.
    package var setsBounds = false
    /// Indicates whether it takes a part only of the room that a server has when it is made, so that others find room: it is made larger and then
    /// cut, which takes the right to change it.
    public var leavesRoom = false
    /// Indicates whether a client that may change it makes it too: of a server with little room, this one leaves it to that for some seconds.
    package var isMadeElsewhere = false
    /// Purpose, shown by tools.
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

/// Contents and configuration of a stream.
public struct StreamInfo: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Number of messages.
    public var messages: UInt64
    /// Number of bytes.
    public var bytes: UInt64
    /// The sequence of the oldest message; above ``lastSequence`` when empty.
    public var firstSequence: UInt64
    /// The sequence of the newest message; 0 before the first.
    public var lastSequence: UInt64
    /// Number of consumers.
    public var consumers: Int
    /// The patterns of the subjects that it captures.
    public var subjects: [String]
    /// The bytes that it keeps at most; nil: no bound.
    public var maximumBytes: UInt64?
    /// The time for which it keeps a message; nil: no bound.
    public var maximumAge: Duration?

    /// Creates the information.
    public init(
        name: String, messages: UInt64, bytes: UInt64, firstSequence: UInt64, lastSequence: UInt64, consumers: Int,
        subjects: [String] = [], maximumBytes: UInt64? = nil, maximumAge: Duration? = nil
    ) {
        self.maximumBytes = maximumBytes
        self.maximumAge = maximumAge
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
    /// Indicates whether the stream held this id already and dropped the repetition.
    public var isDuplicate: Bool

    /// Creates an acknowledgement.
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

    /// Creates a stored message.
    public init(message: BusMessage, sequence: UInt64) {
        self.message = message
        self.sequence = sequence
    }
}
