import NimmerWave
import Synchronization

/// Both forms of a shared subject, without a sender and with any, as one subscription. No message matches both, so each comes
/// once; in a queue group each goes to one member.
final class SharedSubscription: Subscription {
    private let parts: [any Subscription]

    init(_ parts: [any Subscription]) { self.parts = parts }

    /// The form without a sender.
    var pattern: SubjectPattern { parts[0].pattern }
    var queue: Token? { parts[0].queue }
    var received: UInt64 { parts.reduce(0) { $0 + $1.received } }
    var lost: UInt64 { parts.reduce(0) { $0 + $1.lost } }

    func cancel() { for part in parts { part.cancel() } }

    func drain(timeout: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            for part in parts { group.addTask { await part.drain(timeout: timeout) } }
        }
    }

    func onEnd(_ body: @escaping @Sendable () -> Void) {
        let living = Mutex(parts.count)
        for part in parts {
            part.onEnd {
                let isLast = living.withLock { living in
                    living -= 1
                    return living == 0
                }
                if isLast { body() }
            }
        }
    }
}

extension Bus {
    /// Calls a handler for each message on either form of a shared subject; see ``Bus/subscribe(_:queue:pending:handler:)``.
    public func subscribe(
        shared subject: Subject, queue: Token? = nil, pending: Int = 524_288, handler: @escaping DeliveryHandler
    ) async throws(BusError) -> any Subscription {
        var parts: [any Subscription] = []
        for pattern in SubjectPattern.shared(subject) {
            do throws(BusError) {
                parts.append(try await subscribe(pattern, queue: queue, pending: pending, handler: handler))
            } catch {
                for part in parts { part.cancel() }
                throw error
            }
        }
        return SharedSubscription(parts)
    }
}
