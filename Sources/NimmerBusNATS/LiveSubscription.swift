import CNATS
import NimmerBus
import NimmerWave

/// A subscription on the present connection. Used by the loop's thread alone, once it has taken it over.
///
/// `@unchecked Sendable`: it is made under the bus's lock by the subscriber, and then handed to the loop.
final class LiveSubscription: @unchecked Sendable {
    let subscription: NATSSubscription
    let handle: OpaquePointer
    /// Keeps the connection until this is freed: a `natsSubscription` needs it.
    private let connection: NATSConnection
    private var dropped: Int64 = 0
    /// Indicates whether the subscription was ended at the server.
    private(set) var isDraining = false
    /// Its part in a move from one connection to another; nil otherwise.
    var overlap: Overlap.Part?
    /// Maximum number of waiting messages within one burst, and of their bytes.
    private static let maximumPendingBytes: Int32 = 192 << 20

    init?(_ subscription: NATSSubscription, on connection: NATSConnection) {
        var handle: OpaquePointer?
        let status =
            if let queue = subscription.queue {
                natsConnection_QueueSubscribeSync(&handle, connection.handle, subscription.pattern.text, queue.text)
            } else {
                natsConnection_SubscribeSync(&handle, connection.handle, subscription.pattern.text)
            }
        guard status == NATS_OK, let handle else { return nil }
        self.subscription = subscription
        self.handle = handle
        self.connection = connection
        natsSubscription_SetPendingLimits(
            handle, Int32(clamping: subscription.limit), Self.maximumPendingBytes)
    }

    deinit { natsSubscription_Destroy(handle) }

    func unsubscribe() { natsSubscription_Unsubscribe(handle) }

    func startDrain(milliseconds: Int64) {
        isDraining = true
        natsSubscription_DrainTimeout(handle, milliseconds)
    }

    var isDrained: Bool { natsSubscription_DrainCompletionStatus(handle) != NATS_ILLEGAL_STATE }

    /// Number of waiting messages.
    var queued: Int {
        var count: UInt64 = 0
        return natsSubscription_QueuedMsgs(handle, &count) == NATS_OK ? Int(count) : 0
    }

    /// The messages that the library dropped since the last look.
    func newlyDropped() -> UInt64 {
        var total: Int64 = 0
        guard natsSubscription_GetDropped(handle, &total) == NATS_OK, total > dropped else { return 0 }
        defer { dropped = total }
        return UInt64(total - dropped)
    }
}

/// The message in the loop's hands, for ``Arrival``. Used by the loop's thread alone.
final class NATSCurrentMessage: ArrivalSource {
    private var serial: UInt64 = 0
    private var message: OpaquePointer?
    var at = Timestamp(nanoseconds: 0)

    @inline(__always)
    func hold(_ message: OpaquePointer) -> Arrival {
        serial &+= 1
        self.message = message
        return Arrival(at: at, serial: serial, source: self)
    }

    @inline(__always)
    func release() { message = nil }

    private func held(_ serial: UInt64) -> OpaquePointer {
        guard serial == self.serial, let message else {
            preconditionFailure("an Arrival was used after its handler had returned")
        }
        return message
    }

    func reply(of serial: UInt64) -> Subject? {
        guard let reply = natsMsg_GetReply(held(serial)) else { return nil }
        return try? Subject(foreign: String(cString: reply))
    }

    func copy(of serial: UInt64) -> BusMessage { BusMessage(copying: held(serial), at: at) }
}
