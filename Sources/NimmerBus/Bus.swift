import NimmerWave

/// Called for each message of a subscription, on the bus's delivery thread.
///
/// - Parameters:
///   - subject: the bytes of the subject that the message was published to.
///   - payload: the bytes of the message, where they arrived.
///   - arrival: when it arrived, and on demand its reply subject, headers and a copy.
///
/// All three are valid only during the call. The handler must not block or wait: while it runs, no other message of the
/// process is delivered. It may publish, subscribe to nothing, and cancel its own subscription.
public typealias DeliveryHandler = @Sendable (_ subject: RawSpan, _ payload: RawSpan, _ arrival: Arrival) -> Void

/// The contract of a bus (architecture.md, Rooms; protocol.md). One conformance suite, `BusConformance`, holds every
/// implementation to this text.
///
/// **Order.** Messages that one publisher sends to one subject reach each subscription in the order of sending.
///
/// **Delivery.** `publish` is at most once: who is not subscribed, or is too slow, misses the message, and what a slow
/// reader missed is counted. Durable publishing is exactly once in effect: the stream drops repetitions of an id within its
/// window. Consumers get at least once: what was not acknowledged in time comes again.
///
/// **Threads.** Every member may be called from any thread and from inside handlers, where nothing blocks: the `async`
/// members suspend and never hold a thread of the cooperative pool. Handlers of one bus run one at a time.
///
/// **Own echo.** A bus delivers to its own subscriptions what it publishes itself.
///
/// **Disconnection.** After the start, losing the server is not an error of the caller: the bus reconnects forever with
/// jitter, subscriptions survive it, small publishing continues into a bounded buffer and then throws
/// ``BusError/Code/full``; durable publishing fails at once. The event feed announces it.
public protocol Bus: AnyObject, Sendable {
    /// Sends bytes, at most once; returns as soon as they are buffered. Called from inside a handler, they leave with the
    /// same turn of the loop.
    ///
    /// - Throws: ``BusError/Code/tooLarge`` above the server's limit, ``BusError/Code/full`` when the buffer is full,
    ///   ``BusError/Code/closed`` after the end.
    func publish(_ subject: Subject, payload: [UInt8], headers: Headers, reply: Subject?) throws(BusError)

    /// Sends bytes, at most once, and returns when the server has taken them: for a command that has nothing else to learn it by.
    ///
    /// - Throws: as ``publish(_:payload:headers:reply:)``; ``BusError/Code/badCredentials`` when the server does not permit this client
    ///   to publish to the subject, ``BusError/Code/timeout`` when it did not take them in time.
    func publishChecked(
        _ subject: Subject, payload: [UInt8], headers: Headers, timeout: Duration
    ) async throws(BusError)

    /// Calls a handler for each message that matches a pattern (hot path, see ``DeliveryHandler``).
    ///
    /// When this returns on a connected bus, the server knows the subscription: every message that is published from now on
    /// arrives. On a disconnected bus it takes effect with the connection.
    ///
    /// - Parameters:
    ///   - pattern: what to receive.
    ///   - queue: members of one queue group share the messages: each goes to one of them. Nil: every message.
    ///   - pending: how many messages may wait for the handler before further ones are dropped and counted.
    func subscribe(
        _ pattern: SubjectPattern, queue: Token?, pending: Int, handler: @escaping DeliveryHandler
    ) async throws(BusError) -> any Subscription

    /// Asks and waits for one answer.
    ///
    /// - Throws: ``BusError/Code/noResponders`` at once when the subject has no responder, ``BusError/Code/timeout`` when no
    ///   answer came, ``BusError/Code/cancelled`` when the waiting task was cancelled.
    func request(
        _ subject: Subject, payload: [UInt8], headers: Headers, timeout: Duration
    ) async throws(BusError) -> BusMessage

    /// Sends a request to all responders and collects replies until the timeout (service discovery).
    func requestMany(_ subject: Subject, payload: [UInt8], wait: Duration) async throws(BusError) -> [BusMessage]

    /// Sends a message to a stream, once, and calls back when the stream has acknowledged it, refused it, or did not answer
    /// in time. The callback runs on a thread of the bus or, when it fails at once, on the caller's; it must not block.
    ///
    /// The message carries its id as `Nats-Msg-Id`, so that the stream drops repetitions. Without a connection it fails at once
    /// with ``BusError/Code/notConnected``, and so does every one that waits for its acknowledgement when the connection is
    /// lost: nothing is kept for later, so that what is sent again goes in the order of its sender. A failure other than a
    /// refusal leaves open whether the stream holds the message; under the same id it can be sent again without harm. For
    /// retention and retries until acknowledged use ``Outbox``.
    func publishDurably(
        _ subject: Subject, payload: [UInt8], id: MessageID, headers: Headers, timeout: Duration,
        onAck: @escaping @Sendable (Result<StreamAck, BusError>) -> Void)

    /// Runs a closure once, after what the handlers of this turn have published is on its way, with the next turn or within a
    /// millisecond: for work that follows from a message but must not hold up its answer, nor the caller that waits for it. On a bus
    /// with a thread it runs there, whether connected or not; the same rules hold as for a handler.
    func afterTurn(_ work: @escaping @Sendable () -> Void)

    /// Creates a stream, or brings an existing one to this configuration. Idempotent.
    ///
    /// - Throws: ``BusError/Code/noStreams`` when the server has none, ``BusError/Code/conflict`` when another stream holds
    ///   the subjects or the change is not possible.
    @discardableResult
    func ensureStream(_ configuration: StreamConfiguration) async throws(BusError) -> StreamInfo

    /// Returns the contents of a stream; ``BusError/Code/notFound`` when it does not exist.
    func stream(_ name: String) async throws(BusError) -> StreamInfo

    /// Deletes a stream with everything in it; a stream that does not exist is not an error.
    func deleteStream(_ name: String) async throws(BusError)

    /// The newest message of a stream on a subject; nil if absent. Asked of the stream's leader and not of a replica:
    /// everything that was acknowledged before is seen.
    func lastMessage(stream: String, subject: Subject) async throws(BusError) -> StoredMessage?

    /// The message of a stream at a sequence; nil when the stream does not hold it (any more).
    func message(stream: String, sequence: UInt64) async throws(BusError) -> StoredMessage?

    /// Removes one message of a stream.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    func deleteMessage(stream: String, sequence: UInt64) async throws(BusError) -> Bool

    /// Removes every message of one subject from a stream that permits purging.
    ///
    /// - Returns: how many there were.
    @discardableResult
    func purge(stream: String, subject: Subject) async throws(BusError) -> UInt64

    /// Returns the subjects under a pattern that a stream holds messages of, with how many.
    func subjects(of stream: String, matching pattern: SubjectPattern) async throws(BusError) -> [String: UInt64]

    /// Returns the positions of a stream's durable consumers, by their names in order. In doubt a position is too low, never too high.
    func durables(of stream: String) async throws(BusError) -> [DurablePosition]

    /// Makes an empty stream continue with a sequence, so that none below it is ever given again. A sequence that it has passed already
    /// changes nothing.
    ///
    /// - Throws: ``BusError/Code/conflict`` when the stream holds messages.
    func skip(stream: String, to sequence: UInt64) async throws(BusError)

    /// Opens a consumer of a stream; a durable one is created on first use and continues where its last reader stopped.
    func consumer(_ configuration: ConsumerConfiguration) async throws(BusError) -> any Consumer

    /// Opens a bucket of keys and values, creating it on first use.
    func keyValue(_ configuration: KeyValueConfiguration) async throws(BusError) -> any KeyValue

    /// Counts an answer that did not leave, since the request named no inbox to answer to (decision 0008); called by
    /// ``respond(on:payload:headers:)``.
    func countRefusedReply(_ reply: Subject)

    /// The name of the identity that the client connects as: what it puts behind the subjects that several identities publish
    /// to (protocol.md, Sender). Nil where none is configured; then it writes the forms without a sender.
    var identity: Token? { get }

    /// Status: the state of the connection, the server's identity and features, and the counters. Cheap; never waits.
    var status: BusStatus { get }

    /// Measures one round trip to the server; everything published before has reached it when this returns.
    @discardableResult
    func flush(timeout: Duration) async throws(BusError) -> Duration

    /// Events of the connection from now on; any number of listeners, each with its own bounded buffer.
    func events() -> AsyncStream<BusEvent>

    /// Ends cleanly: stops receiving, lets handlers finish what has arrived, sends what is buffered, closes. Bounded by the
    /// timeout, after which it closes anyway. Never throws; closing twice is not an error.
    func drain(timeout: Duration) async

    /// Closes now: what is buffered is lost, waiting callers get ``BusError/Code/closed``, every sequence ends.
    func close() async
}

/// A living subscription. Dropping the reference does not end it; ``cancel()`` or closing the bus does.
public protocol Subscription: AnyObject, Sendable {
    /// Pattern of the subjects received.
    var pattern: SubjectPattern { get }
    /// The queue group.
    var queue: Token? { get }
    /// Number of messages that were handed to the handler.
    var received: UInt64 { get }
    /// Number of messages that were dropped because the handler was too slow.
    var lost: UInt64 { get }
    /// Ends it. Idempotent, callable from its own handler; a call that already runs finishes, no other begins after this
    /// returned on the delivery thread.
    func cancel()
    /// Ends it once everything was handled that the server had sent to it by then, or the time is over. In a queue group
    /// nothing is lost and nothing comes twice: what the server has not sent yet goes to the others.
    func drain(timeout: Duration) async
    /// Calls back once when it has ended, by ``cancel()`` or by the end of the bus; at once when it has ended already.
    func onEnd(_ body: @escaping @Sendable () -> Void)
}
