import NimmerWave

/// Configuration of a reader of a stream.
public struct ConsumerConfiguration: Sendable, Hashable {
    /// Position at which a new consumer begins.
    public enum Start: Sendable, Hashable {
        /// With the oldest message.
        case all
        /// With the next message.
        case new
        /// With the newest message of every subject.
        case lastPerSubject
        /// With the first message stored at or after a moment.
        case at(Timestamp)
        /// With the first message whose sequence is this or a later one.
        case sequence(UInt64)
    }

    /// The stream.
    public var stream: String
    /// The name under which the position survives, such as `hippocampus`; nil: forgotten when the reader leaves.
    public var durable: Token?
    /// Filter of the stream's subjects; nil: all.
    public var filter: SubjectPattern?
    /// Position at which a new consumer begins; an existing durable continues instead.
    public var start: Start
    /// Indicates whether deliveries must be acknowledged; false reads only for `durable == nil`: in order, each message once, and what a
    /// lost connection took is read again.
    public var acknowledges: Bool
    /// After which time without acknowledgement a message comes again.
    public var ackWait: Duration
    /// Maximum number of deliveries of a message; nil: until acknowledged.
    public var maximumDeliveries: Int?
    /// Maximum number of messages that are delivered and not yet acknowledged.
    public var maximumPending: Int

    /// A consumer.
    public init(
        stream: String, durable: Token?, filter: SubjectPattern? = nil, start: Start = .all, acknowledges: Bool = true,
        ackWait: Duration = .seconds(30), maximumDeliveries: Int? = nil, maximumPending: Int = 20_000
    ) {
        self.stream = stream
        self.durable = durable
        self.filter = filter
        self.start = start
        self.acknowledges = acknowledges
        self.ackWait = ackWait
        self.maximumDeliveries = maximumDeliveries
        self.maximumPending = maximumPending
    }
}

/// Position of a consumer.
public struct ConsumerInfo: Sendable, Hashable {
    /// Number of messages that wait to be delivered.
    public var waiting: UInt64
    /// Number of messages that were delivered and not yet acknowledged.
    public var unacknowledged: Int
    /// Number of those that were delivered more than once.
    public var redelivered: Int

    /// The sequence up to which everything is acknowledged; 0 before the first.
    public var acknowledged: UInt64

    /// Creates the information.
    public init(waiting: UInt64, unacknowledged: Int, redelivered: Int, acknowledged: UInt64 = 0) {
        self.acknowledged = acknowledged
        self.waiting = waiting
        self.unacknowledged = unacknowledged
        self.redelivered = redelivered
    }
}

/// A reader of a stream that takes messages when it is ready for them. At least once: what is not acknowledged within
/// `ackWait` is delivered again, also after a crash of the reader or the server.
///
/// One task reads one consumer at a time. Several processes may read one durable: they share its messages.
public protocol Consumer: AnyObject, Sendable {
    /// Configuration that it was opened with.
    var configuration: ConsumerConfiguration { get }

    /// Takes up to `maximum` messages.
    ///
    /// Waits up to `wait` for the first; once one is there, waits up to `linger` more for the batch to fill, then returns
    /// what has come. Empty when the time passed without any: that is not an error, and neither is a lost connection, which
    /// the bus handles by itself (a deleted consumer is created again).
    ///
    /// - Parameters:
    ///   - maximum: 1…10,000.
    ///   - wait: how long to wait for the first message.
    ///   - linger: how long to let a begun batch fill.
    /// - Throws: ``BusError/Code/closed``, ``BusError/Code/cancelled``, ``BusError/Code/notFound`` when the stream is gone.
    func fetch(maximum: Int, wait: Duration, linger: Duration) async throws(BusError) -> [Delivery]

    /// Returns its position.
    func info() async throws(BusError) -> ConsumerInfo

    /// Stops reading: what was received but not yet fetched is given back at once. A durable keeps its position.
    func stop() async
}

/// One message of a consumer, to be acknowledged by its reader once its work is safe (protocol.md, What an acknowledgement
/// means). Not answering at all means that it comes again after `ackWait`.
public struct Delivery: Sendable {
    /// Answer of a reader to a delivery.
    public enum Answer: Sendable, Hashable {
        /// Done: never again.
        case ack
        /// Not now: again, after a delay.
        case nak(Duration?)
        /// Never again, though it was not done (a poisonous message).
        case term
        /// Still working: the time starts over.
        case inProgress
    }

    /// The message; its `at` is when the stream stored it.
    public let message: BusMessage
    /// Its sequence in the stream: the same at every redelivery.
    public let sequence: UInt64
    /// Number of deliveries, this one included: 1, 2, ….
    public let deliveryCount: Int
    /// Number of messages that still waited when this one was sent.
    public let waiting: UInt64
    private let answer: @Sendable (Answer) throws(BusError) -> Void

    /// For implementers of ``Consumer``.
    public init(
        message: BusMessage, sequence: UInt64, deliveryCount: Int, waiting: UInt64,
        answer: @escaping @Sendable (Answer) throws(BusError) -> Void
    ) {
        self.message = message
        self.sequence = sequence
        self.deliveryCount = deliveryCount
        self.waiting = waiting
        self.answer = answer
    }

    /// The same delivery without its bytes, for an acknowledgement much later.
    public var withoutPayload: Delivery {
        var message = message
        message.payload = []
        return Delivery(
            message: message, sequence: sequence, deliveryCount: deliveryCount, waiting: waiting, answer: answer)
    }

    /// Done: the stream need not deliver it again. Buffered; a lost acknowledgement only means one more delivery.
    public func ack() throws(BusError) { try answer(.ack) }

    /// Not now: asks for it again, at once or after a delay.
    public func nak(delay: Duration? = nil) throws(BusError) { try answer(.nak(delay)) }

    /// Sets it aside permanently.
    public func term() throws(BusError) { try answer(.term) }

    /// Asks for more time: `ackWait` starts over.
    public func inProgress() throws(BusError) { try answer(.inProgress) }
}
