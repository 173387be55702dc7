import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization

extension NATSBus {
    /// The most refusals that are remembered as reported; further kinds are only counted.
    private static var maximumKinds: Int { 1024 }

    /// See ``Bus/publishChecked(_:payload:headers:timeout:)``.
    public func publishChecked(
        _ subject: Subject, payload: [UInt8], headers: Headers, timeout: Duration
    ) async throws(BusError) {
        let name = subject.text
        state.withLock { $0.checked[name] = .some(nil) }
        defer { state.withLock { $0.checked[name] = nil } }
        try publish(subject, payload: payload, headers: headers, reply: nil)
        try await flush(timeout: timeout)
        // A refusal came before the answer to the flush; nats.c hands it over on a thread of its own, a moment later.
        let end = ContinuousClock.now.advanced(by: .seconds(1))
        while state.withLock({ $0.connection })?.wasRefused == true {
            let count = refused.count
            if let error = state.withLock({ $0.checked[name] ?? nil }) { throw error }
            guard ContinuousClock.now < end else { return }
            await refused.wait(from: count, until: end)
        }
    }

    /// The credentials that the client connects with: those in the address go before those of the settings.
    private var credentialsInUse: BusSettings.Credentials {
        if case .file = settings.credentials { return settings.credentials }
        return servers.lazy.map(\.credentials).first { $0 != .none } ?? settings.credentials
    }

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
            "the server does not permit \(credentialsInUse.words) \(permission.verb.rawValue) \(permission.subject): "
                + "use the right identity, or generate the server's permissions again from the system file",
            cause: words)
        if isNew { feed.send(.failed(error)) }
        if permission.verb == .publish {
            state.withLock { state in
                if state.checked[permission.subject] != nil { state.checked[permission.subject] = .some(error) }
            }
            refused.send()
            for inbox in [inbox, acks] { inbox.fail(everybodyWaitingFor: permission.subject, error) }
        }
    }
}
