import NimmerWave

/// Status of a bus (architecture.md, Degrade visibly).
public struct BusStatus: Sendable, Hashable {
    /// The connection's phase.
    public enum Phase: String, Sendable {
        /// Not connected yet; trying.
        case connecting
        /// Connected.
        case connected
        /// The connection was lost; trying again forever.
        case reconnecting
        /// Leaving: receives no more, sends what is buffered.
        case draining
        /// The end.
        case closed
    }

    /// The connection's phase.
    public var phase: Phase
    /// The server of the present or last connection; nil before the first.
    public var server: ServerIdentity?
    /// The counters since the start.
    public var counters: BusCounters
    /// Reason why the last attempt to connect failed, or the connection ended; nil when it stands.
    public var trouble: BusError?

    /// Creates a status.
    public init(phase: Phase, server: ServerIdentity?, counters: BusCounters, trouble: BusError? = nil) {
        self.phase = phase
        self.server = server
        self.counters = counters
        self.trouble = trouble
    }

    /// Indicates whether messages travel now.
    public var isConnected: Bool { phase == .connected || phase == .draining }
}

/// Identity of a server, and its features (protocol.md, Compatibility).
public struct ServerIdentity: Sendable, Hashable {
    /// The server's name; often its id.
    public var name: String
    /// The server's id, new at each start of the server.
    public var id: String
    /// The version, such as `2.9.10`; `in-memory` for a bus without a server.
    public var version: String
    /// The address, without credentials.
    public var url: String
    /// The largest payload that it takes, in bytes.
    public var maximumPayload: Int
    /// Features that it supports.
    public var features: Set<BusFeature>

    /// Creates an identity.
    public init(
        name: String, id: String, version: String, url: String, maximumPayload: Int, features: Set<BusFeature>
    ) {
        self.name = name
        self.id = id
        self.version = version
        self.url = url
        self.maximumPayload = maximumPayload
        self.features = features
    }
}

/// A feature that a server may or may not support; detected at the start, named, never assumed.
public enum BusFeature: String, Sendable, CaseIterable, Comparable {
    /// Headers on messages.
    case headers
    /// Streams, consumers and key-value.
    case streams
    /// Reads of single stored messages by any replica (2.9).
    case directGet = "direct-get"
    /// Consumers with several filters (2.10).
    case multipleFilters = "multiple-filters"
    /// Metadata on streams and consumers (2.10).
    case metadata
    /// Streams that sync to disk before they acknowledge (2.10, `sync_interval: always`).
    case syncBeforeAck = "sync-before-ack"
    /// Time to live per message (2.11).
    case messageTTL = "message-ttl"

    /// Order by name.
    public static func < (a: BusFeature, b: BusFeature) -> Bool { a.rawValue < b.rawValue }
}

/// Counters of messages passed and lost since the start of the bus.
public struct BusCounters: Sendable, Hashable {
    /// Messages handed to handlers.
    public var messagesIn: UInt64 = 0
    /// Messages published.
    public var messagesOut: UInt64 = 0
    /// Payload bytes handed to handlers.
    public var bytesIn: UInt64 = 0
    /// Payload bytes published.
    public var bytesOut: UInt64 = 0
    /// Messages dropped because a handler was too slow.
    public var lost: UInt64 = 0
    /// Number of reconnections.
    public var reconnects: UInt64 = 0
    /// Publications that were refused (too large, buffer full, closed).
    public var refused: UInt64 = 0

    /// Publications and subscriptions that the server did not permit this client.
    public var notPermitted: UInt64 = 0

    /// Answers that did not leave, since the request named no inbox to answer to.
    public var repliesRefused: UInt64 = 0

    /// Messages that came with more headers than are read, and were read without them.
    public var headersCut: UInt64 = 0

    /// All zero.
    public init() {}
}

/// Something that happened to the connection.
public enum BusEvent: Sendable, Hashable {
    /// Connected for the first time.
    case connected(ServerIdentity)
    /// Connected again.
    case reconnected(ServerIdentity)
    /// The connection was lost; the bus keeps trying.
    case disconnected(BusError?)
    /// An attempt to connect failed; the bus keeps trying. Sent when the reason changes, not at each attempt.
    case connectFailed(BusError)
    /// A subscription was too slow and lost messages; sent at the first loss of a run. The total of the subscription.
    case slowConsumer(pattern: String, lost: UInt64)
    /// The server or library reported an error that belongs to no call (a permission, for example).
    case failed(BusError)
    /// The server announced that it will leave.
    case serverLeaving
    /// The end.
    case closed
}
