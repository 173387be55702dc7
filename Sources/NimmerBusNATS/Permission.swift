import NimmerBus
import NimmerWave
import Synchronization

/// What a server's permissions said no to (decision 0008).
struct Permission: Hashable, Sendable {
    enum Verb: String, Sendable {
        case publish = "publishing to"
        case subscribe = "subscribing to"
    }

    let verb: Verb
    let subject: String

    /// One verb and its subject.
    init(verb: Verb, subject: String) {
        self.verb = verb
        self.subject = subject
    }

    /// Reads the server's words: `Permissions Violation for Publish to "dev.x"`, `… for Subscription to "dev.x" using queue …`.
    init?(words: String) {
        guard let quoted = words.halves(around: "\"")?.after.halves(around: "\"")?.before else { return nil }
        verb = words.lowercased().includes("subscription to") ? .subscribe : .publish
        subject = quoted
    }
}

extension NATSBus {
    /// The most refusals that are remembered as said; further kinds are only counted.
    private static var maximumKinds: Int { 1024 }

    /// Counts a refusal, says it the first time, and tells at once whoever waits for an answer that cannot come.
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
                + "use the right identity, or generate the server's permissions anew from the system file",
            cause: words)
        if isNew { feed.send(.failed(error)) }
        if permission.verb == .publish {
            for inbox in [inbox, acks] { inbox.fail(everybodyWaitingFor: permission.subject, error) }
        }
    }
}
