import NimmerBus
import NimmerWave
import Synchronization

extension NATSBus {
    /// The most refusals that are remembered as reported; further kinds are only counted.
    private static var maximumKinds: Int { 1024 }

    /// Counts a refusal, logs the first, and completes at once the caller whose answer cannot come.
    func wasNotPermitted(_ words: String) {
        let permission = Permission(words: words)
        let isNew = state.withLock { state in
            state.counters.notPermitted += 1
            guard let permission, state.notPermitted.count < Self.maximumKinds else { return false }
            return state.notPermitted.insert(permission).inserted
        }
        guard let permission else {
            return feed.send(.failed(BusError(.badCredentials, "not permitted", cause: words)))
        }
        let error = BusError(
            .badCredentials,
            "the server does not permit \(settings.credentials.words) \(permission.verb.rawValue) \(permission.subject): "
                + "use the right identity, or generate the server's permissions again from the system file",
            cause: words)
        if isNew { feed.send(.failed(error)) }
        if permission.verb == .publish {
            for inbox in [inbox, acks] { inbox.fail(everybodyWaitingFor: permission.subject, error) }
        }
    }
}
