import NimmerWave

/// A bucket: keys with values and revisions, kept by the server.
public struct KeyValueConfiguration: Sendable, Hashable {
    /// The name: letters, digits, `_` and `-`.
    public var bucket: String
    /// Number of values of a key that are kept, 1…64.
    public var history: Int
    /// After which time a value disappears; nil: never.
    public var maximumAge: Duration?
    /// The bytes that it keeps, beyond which nothing more can be set; nil: no bound.
    public var maximumBytes: Int64?
    /// The largest value, in bytes with what belongs to it; nil: the server's limit.
    public var maximumValueSize: Int?
    /// Storage of its values.
    public var storage: StreamConfiguration.Storage

    /// A bucket.
    public init(
        bucket: String, history: Int = 1, maximumAge: Duration? = nil, maximumBytes: Int64? = nil,
        maximumValueSize: Int? = nil, storage: StreamConfiguration.Storage = .file
    ) {
        self.maximumBytes = maximumBytes
        self.maximumValueSize = maximumValueSize
        self.bucket = bucket
        self.history = history
        self.maximumAge = maximumAge
        self.storage = storage
    }
}

/// Keys with values in a bucket. A key is dot-separated letters, digits, `_`, `-`, `/` and `=`.
public protocol KeyValue: AnyObject, Sendable {
    /// The bucket's name.
    var bucket: String { get }

    /// The present value; nil when there is none or it was deleted. Asked of the stream's leader, so that everything that was
    /// acknowledged before is seen.
    func get(_ key: String) async throws(BusError) -> KeyValueEntry?

    /// Sets a value, whatever was there. Returns its revision.
    @discardableResult
    func put(_ key: String, _ value: [UInt8]) async throws(BusError) -> UInt64

    /// Sets a value where there is none (or it was deleted); ``BusError/Code/conflict`` otherwise.
    @discardableResult
    func create(_ key: String, _ value: [UInt8]) async throws(BusError) -> UInt64

    /// Sets a value if the present revision is the expected one; ``BusError/Code/conflict`` otherwise.
    ///
    /// When the answer to an attempt was lost the bucket is asked what it holds: a value that this call has set is a success,
    /// and never a conflict with itself. Where that cannot be asked either the error can be retried: the same update made again
    /// on this bucket is stored once.
    @discardableResult
    func update(_ key: String, _ value: [UInt8], revision: UInt64) async throws(BusError) -> UInt64

    /// Deletes a value; its key may be created again.
    func delete(_ key: String) async throws(BusError)

    /// All present entries, in the order of their revisions.
    func entries() async throws(BusError) -> [KeyValueEntry]

    /// The present entries and then every change, until the sequence is dropped or the bus closes. `>` watches all keys.
    func watch(_ keys: String) async throws(BusError) -> AsyncStream<KeyValueEntry>
}

/// A value of a key at a revision.
public struct KeyValueEntry: Sendable, Hashable {
    /// The key.
    public var key: String
    /// The value; empty for a deletion.
    public var value: [UInt8]
    /// The revision: grows with each change in the bucket.
    public var revision: UInt64
    /// Time at which it was set.
    public var at: Timestamp
    /// Indicates whether this is a deletion (only seen by watchers).
    public var isDeleted: Bool

    /// Creates an entry.
    public init(key: String, value: [UInt8], revision: UInt64, at: Timestamp, isDeleted: Bool) {
        self.key = key
        self.value = value
        self.revision = revision
        self.at = at
        self.isDeleted = isDeleted
    }
}
