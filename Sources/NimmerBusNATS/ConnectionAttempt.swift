import NimmerBus
import Synchronization

/// A connection that is being opened on a thread of its own, while the loop continues with the one it has.
final class ConnectionAttempt: Sendable {
    /// The watch of the credentials file as it was before the file was read for this.
    let credentials: CredentialsWatch?
    private let outcome = Mutex<Result<NATSConnection, BusError>?>(nil)

    init(before credentials: CredentialsWatch?) { self.credentials = credentials }

    /// The attempt has ended.
    func end(_ outcome: Result<NATSConnection, BusError>) { self.outcome.withLock { $0 = outcome } }

    /// Takes the result; nil while it continues, and after the outcome was taken.
    func take() -> Result<NATSConnection, BusError>? {
        outcome.withLock { outcome in
            defer { outcome = nil }
            return outcome
        }
    }
}
