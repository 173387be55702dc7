import NimmerWave
import Synchronization

/// Updates of keys whose end is not known. One that is made again goes under the id of the first, so that the stream, which may
/// have taken that, or take it yet, stores it once and logs it.
final class OpenAttempts: Sendable {
    private struct Attempt {
        let id: MessageID
        let value: [UInt8]
        let revision: UInt64
    }

    /// Keys with an attempt of unknown end; further ones are not remembered.
    private static let capacity = 4096
    private let attempts = Mutex<[String: Attempt]>([:])

    /// The id under which an update goes: that of an earlier attempt at the same, or a new one.
    func attempt(_ key: String, _ value: [UInt8], _ revision: UInt64) -> MessageID {
        attempts.withLock { attempts in
            if let open = attempts[key], open.revision == revision, open.value == value { return open.id }
            let id = MessageID.v7()
            if attempts.count < Self.capacity || attempts[key] != nil {
                attempts[key] = Attempt(id: id, value: value, revision: revision)
            }
            return id
        }
    }

    /// The end of the attempt at a key is known.
    func isOver(_ key: String) { _ = attempts.withLock { $0.removeValue(forKey: key) } }
}

extension BusError {
    /// Indicates whether the failure of a durable message states that the stream does not hold it because of this attempt. Where it does
    /// not (no answer, no connection, cancelled), the message may be stored, or be stored yet.
    package var isOutcomeKnown: Bool {
        switch code {
        case .notConnected, .timeout, .noResponders, .full, .cancelled, .closed: false
        default: true
        }
    }
}
