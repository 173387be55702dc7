import NimmerWave

/// A message that was copied out of the bus: what the convenient, allocating side of the API works with.
///
/// The hot path never makes one; it reads the bytes where they arrived (see ``DeliveryHandler``).
public struct BusMessage: Sendable, Hashable {
    /// Subject on which the message was published.
    public var subject: Subject
    /// Subject of the answer; nil when the sender waits for none.
    public var reply: Subject?
    /// The headers, in the order in which they were sent.
    public var headers: Headers
    /// The bytes.
    public var payload: [UInt8]
    /// Time at which the message was received here, or at which the stream stored it.
    public var at: Timestamp

    /// Creates a message.
    public init(
        subject: Subject, reply: Subject? = nil, headers: Headers = [:], payload: [UInt8],
        at: Timestamp = Timestamp(nanoseconds: 0)
    ) {
        self.subject = subject
        self.reply = reply
        self.headers = headers
        self.payload = payload
        self.at = at
    }
}

/// The headers of a message: names and values in order; names are compared exactly, as NATS does.
public struct Headers: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// The names and values in order; a name may occur more than once.
    public private(set) var fields: [Field] = []

    /// One header.
    public struct Field: Sendable, Hashable {
        /// The name, such as `Nats-Msg-Id`.
        public var name: String
        /// The value.
        public var value: String
    }

    /// Headers from a literal such as `["Nats-Msg-Id": id.text]`.
    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { Field(name: $0.0, value: $0.1) }
    }

    /// Indicates whether there is none.
    public var isEmpty: Bool { fields.isEmpty }

    /// The first value of a name; setting replaces every value of that name, nil removes them.
    public subscript(name: String) -> String? {
        get { fields.first { $0.name == name }?.value }
        set {
            fields.removeAll { $0.name == name }
            if let newValue { fields.append(Field(name: name, value: newValue)) }
        }
    }

    /// Adds one more value.
    public mutating func append(_ name: String, _ value: String) { fields.append(Field(name: name, value: value)) }

    /// The header that carries a message's id, by which streams drop repetitions (protocol.md, Envelope).
    public static let messageID = "Nats-Msg-Id"

    /// The header by which a stream refuses a message when the newest one on its subject has another sequence.
    public static let expectedLastOfSubject = "Nats-Expected-Last-Subject-Sequence"

    /// The header by which a stream refuses a message when its newest one, on whichever subject, has another sequence.
    public static let expectedLast = "Nats-Expected-Last-Sequence"
    /// The header of a message that replaces those before it: `sub`, all of its subject, or `all`.
    public static let rollUp = "Nats-Rollup"
}

/// A message's time and reply subject, while its handler runs.
///
/// Valid only until the handler returns: it points at the message where it arrived. Keeping one and asking it later
/// is a programmer's error and traps.
public struct Arrival {
    /// Time at which the bytes were read from the server (one reading of the clock per burst).
    public let at: Timestamp
    private let serial: UInt64
    private unowned(unsafe) let source: any ArrivalSource

    /// For implementers of ``Bus``: the arrival of the source's current message.
    /// The source outlives the call of the handler, which is why the reference is not counted.
    @inlinable
    public init(at: Timestamp, serial: UInt64, source: any ArrivalSource) {
        self.init(at, serial, source)
    }

    @usableFromInline
    init(_ at: Timestamp, _ serial: UInt64, _ source: any ArrivalSource) {
        self.at = at
        self.serial = serial
        self.source = source
    }

    /// Indicates whether the sender waits for an answer.
    public var wantsReply: Bool { source.reply(of: serial) != nil }

    /// Subject of the answer; nil when the sender waits for none.
    public var reply: Subject? { source.reply(of: serial) }

    /// A copy of the whole message, headers included, that may outlive the handler. Allocates.
    public func message() -> BusMessage { source.copy(of: serial) }
}

/// For implementers of ``Bus``: who holds the message that is being delivered.
public protocol ArrivalSource: AnyObject {
    /// Subject of the answer to the message. Traps when the message is no longer the current one.
    func reply(of serial: UInt64) -> Subject?
    /// A copy of the message. Traps when the message is no longer the current one.
    func copy(of serial: UInt64) -> BusMessage
}
