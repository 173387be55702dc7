import NimmerWave

/// Requests that have been answered, so that one which is delivered again is acknowledged and not asked twice (protocol.md,
/// What an acknowledgement means). Bounded: the oldest are forgotten first.
public struct AnsweredRequests: Sendable {
    /// Maximum number of remembered requests.
    public static let capacity = 100_000

    private var known: Set<MessageID> = []
    private var order: [MessageID] = []
    private var oldest = 0

    /// None.
    public init() {}

    /// Returns whether an answer to a request is in the stream.
    public func contains(_ request: MessageID) -> Bool { known.contains(request) }

    /// An answer is in the stream: found there at the start, or just acknowledged.
    public mutating func insert(_ request: MessageID) {
        guard known.insert(request).inserted else { return }
        order.append(request)
        if known.count > Self.capacity {
            known.remove(order[oldest])
            oldest += 1
            if oldest > Self.capacity {
                order.removeFirst(oldest)
                oldest = 0
            }
        }
    }
}
