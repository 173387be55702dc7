import NimmerWave
import Synchronization

/// The messages of a subscription, one after the other. One reader.
public final class MessageSequence: AsyncSequence, Sendable {
    /// Element of the sequence.
    public typealias Element = BusMessage
    /// Iterating never fails.
    public typealias Failure = Never

    private let stream: AsyncStream<BusMessage>
    private let continuation: AsyncStream<BusMessage>.Continuation
    private let dropped = Atomic<UInt64>(0)

    init(limit: Int) {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(limit))
    }

    func offer(_ message: BusMessage) {
        if case .dropped = continuation.yield(message) { dropped.add(1, ordering: .relaxed) }
    }

    func ends(with subscription: any Subscription) {
        let continuation = continuation
        subscription.onEnd { continuation.finish() }
        continuation.onTermination = { _ in subscription.cancel() }
    }

    /// Number of messages that were dropped because the reader was too slow.
    public var lost: UInt64 { dropped.load(ordering: .relaxed) }

    /// Ends the subscription; what has arrived can still be read.
    public func cancel() { continuation.finish() }

    /// The messages.
    public func makeAsyncIterator() -> AsyncStream<BusMessage>.Iterator { stream.makeAsyncIterator() }
}
