import NimmerWave

/// A place that outlives the process, where an ``Outbox`` keeps what waits while its streams cannot be reached.
///
/// Nothing is written while acknowledgements come: only once an attempt has failed. Members are called from any thread, also from
/// the bus's, and must not wait for a disk: what they write has to be safe within a bounded time, not when they return.
public protocol OutboxJournal: AnyObject, Sendable {
    /// The messages that an earlier run kept and whose storing it did not note, in the order in which they were kept. Called once,
    /// before any other member. Their bytes stay in the journal: ``payload(of:)`` gives them.
    func takeUp() -> [OutboxMessage]

    /// Keeps a message; one that is kept already stays as it is.
    ///
    /// - Returns: whether it is kept: ``payload(of:)`` can give its bytes back.
    func keep(_ message: OutboxMessage) -> Bool

    /// The bytes of a message that is kept.
    func payload(of id: MessageID) -> [UInt8]?

    /// A stream holds a message, or never will: it need not be kept.
    func release(_ id: MessageID)

    /// Tries whether a write that failed succeeds now, and updates ``status``.
    func retry()

    /// Gives room back, where most of it is of messages that need not be kept any more. Called now and then, and may take its time.
    func tidy()

    /// Status.
    var status: OutboxJournalStatus { get }
}

extension OutboxJournal {
    /// A journal in memory has nothing to give back.
    public func tidy() {}
}

/// Status of a journal.
public struct OutboxJournalStatus: Sendable, Hashable {
    /// Messages that are kept.
    public var messages: Int
    /// Bytes of its file.
    public var bytes: Int
    /// Damaged records that were found at the start and skipped.
    public var damaged: Int
    /// Reason why nothing can be kept now, such as a full disk; nil while it can.
    public var trouble: String?

    /// Creates a status.
    public init(messages: Int = 0, bytes: Int = 0, damaged: Int = 0, trouble: String? = nil) {
        self.messages = messages
        self.bytes = bytes
        self.damaged = damaged
        self.trouble = trouble
    }
}
