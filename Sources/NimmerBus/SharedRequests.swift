import NimmerWave
import Synchronization

/// Asks on subjects that several identities publish to: in the form that names this client where it has an identity and the
/// peer takes that form, else in the form without a sender, which 2.0 and foreign cells know (protocol.md, Compatibility).
///
/// The peer's `$SRV.STATS` shows whether it takes the form: asked once, and again after a failure. A missing answer proves too
/// little: a subscriber to every subject keeps the server from replying "no responders".
public final class SharedRequests: Sendable {
    private let bus: any Bus
    private let forms = Mutex(SenderForms())

    /// Requests on a bus.
    public init(_ bus: any Bus) { self.bus = bus }

    /// Asks and waits for one answer; see ``Bus/request(_:payload:headers:timeout:)``.
    ///
    /// - Parameters:
    ///   - subject: the form without a sender.
    ///   - peer: who serves it, as it names itself to `$SRV`.
    public func request(
        _ subject: Subject, of peer: Token, payload: [UInt8], timeout: Duration = .seconds(2)
    ) async throws(BusError) -> BusMessage {
        guard let sender = bus.identity else {
            return try await bus.request(subject, payload: payload, timeout: timeout)
        }
        let deadline = ContinuousClock.now + timeout
        let own = subject.from(sender)
        if await takesSender(own, peer, within: timeout) {
            do throws(BusError) {
                return try await bus.request(own, payload: payload, timeout: deadline - .now)
            } catch {
                switch error.code {
                case .noResponders: forms.withLock { $0.forget(peer) }
                case .badCredentials: forms.withLock { $0.learn(peer, takesSender: false, at: .now) }
                default:
                    // It may have been heard: asking again in the other form could do it twice.
                    forms.withLock { $0.forget(peer) }
                    throw error
                }
            }
        }
        do throws(BusError) {
            return try await bus.request(subject, payload: payload, timeout: max(.milliseconds(1), deadline - .now))
        } catch {
            // It does not live: what starts by its name may take the other form.
            if error.code == .noResponders { forms.withLock { $0.forget(peer) } }
            throw error
        }
    }

    private func takesSender(_ own: Subject, _ peer: Token, within timeout: Duration) async -> Bool {
        if let known = forms.withLock({ $0.takesSender(peer, at: .now) }) { return known }
        guard let question = try? Subject(foreign: "$SRV.STATS.\(peer)") else { return false }
        let takes: Bool
        do throws(BusError) {
            let answer = try await bus.request(question, payload: [], timeout: min(.milliseconds(500), timeout / 2))
            takes = ServiceResponder.serves(own, stats: answer.payload)
        } catch {
            // It does not live, speaks no `$SRV`, or may not be asked by this identity.
            takes = false
        }
        forms.withLock { $0.learn(peer, takesSender: takes, at: .now) }
        return takes
    }
}

extension Bus {
    /// Sends a message to the stream that captures a shared subject, in the form that names this client where it has an
    /// identity; where no stream takes that form (2.0 made it), in the form without a sender. The id is the same, so that the
    /// stream holds the message once. See ``Bus/publishDurably(_:payload:id:headers:timeout:)``.
    ///
    /// - Parameter name: the sender where the client has no identity; nil: the form without one.
    @discardableResult
    public func publishDurably(
        shared subject: Subject, by name: Token? = nil, payload: [UInt8], id: MessageID, headers: Headers = [:],
        timeout: Duration = .seconds(10)
    ) async throws(BusError) -> StreamAck {
        let deadline = ContinuousClock.now + timeout
        if let sender = identity ?? name {
            let own = subject.from(sender)
            let first = min(.seconds(2), timeout / 2)
            let outcome: Result<StreamAck, BusError> = await withCheckedContinuation { continuation in
                publishDurably(own, payload: payload, id: id, headers: headers, timeout: first) {
                    continuation.resume(returning: $0)
                }
            }
            switch outcome {
            case .success(let ack): return ack
            case .failure(let error):
                guard error.canRetry || error.code == .badCredentials else { throw error }
            }
        }
        return try await publishDurably(
            subject, payload: payload, id: id, headers: headers, timeout: max(.zero, deadline - .now))
    }
}
