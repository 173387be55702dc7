import NimmerBus
import NimmerPlatform
import NimmerWave
import Synchronization

/// A publication whose refusal is waited for.
struct CheckedPublication {
    /// Its subject; nil where none of its refusals matters.
    let subject: String?
    /// Error that the server reported of its subject since.
    var refusal: BusError?
    /// Indicates whether every error that came before the answer to its flush has been reported.
    var isPastFence = false
}

extension NATSBus {
    /// Time for a refusal to be handed over by a library that has no fences.
    private static let graceWithoutFences = Duration.seconds(1)

    /// The most refusals that are remembered as reported; further kinds are only counted.
    private static var maximumKinds: Int { 1024 }

    /// See ``Bus/publishChecked(_:payload:headers:timeout:)``.
    public func publishChecked(
        _ subject: Subject, payload: [UInt8], headers: Headers, timeout: Duration
    ) async throws(BusError) {
        let end = ContinuousClock.now.advanced(by: timeout)
        // Refusals of earlier publications to the subject are reported before this one is registered.
        try await pastErrors(of: nil, until: end) {}
        try await pastErrors(of: subject, until: end) { () throws(BusError) in
            try publish(subject, payload: payload, headers: headers, reply: nil)
        }
    }

    /// Sends, and returns when the server has taken what was sent and every error that it reported until then is known.
    ///
    /// - Parameter subject: a refusal of it is thrown.
    private func pastErrors(
        of subject: Subject?, until end: ContinuousClock.Instant, _ send: () throws(BusError) -> Void
    ) async throws(BusError) {
        let (number, before) = state.withLock { state in
            state.lastChecked += 1
            state.checked[state.lastChecked] = CheckedPublication(subject: subject?.text)
            return (state.lastChecked, state.connection)
        }
        defer { state.withLock { $0.checked[number] = nil } }
        try send()
        try await flush(timeout: max(.zero, ContinuousClock.now.duration(to: end)))
        // A refusal came before the answer to the flush. nats.c hands errors over on a thread of its own: it is there when the fence is.
        let connection = state.withLock { $0.connection }
        guard connection?.postFence(number) != false else {
            return try await waitForRefusal(of: number, until: .now.advanced(by: Self.graceWithoutFences))
        }
        while true {
            let count = refused.count
            let (publication, now) = state.withLock { ($0.checked[number], $0.connection) }
            if let refusal = publication?.refusal { throw refusal }
            guard let now, now === connection, before == nil || before === now else {
                throw BusError(
                    .notConnected, "the connection was lost before the server had taken or refused a message")
            }
            if publication?.isPastFence == true { return }
            guard ContinuousClock.now < end else {
                throw BusError(.timeout, "the server's refusals were not handed over in time")
            }
            await refused.wait(from: count, until: end)
        }
    }

    private func waitForRefusal(of number: UInt64, until end: ContinuousClock.Instant) async throws(BusError) {
        while ContinuousClock.now < end {
            let count = refused.count
            if let refusal = state.withLock({ $0.checked[number]?.refusal }) { throw refusal }
            await refused.wait(from: count, until: end)
        }
    }

    /// Takes in that every error which came before a fence has been reported.
    func passedFence(_ number: UInt64?) {
        guard let number else { return }
        state.withLock { $0.checked[number]?.isPastFence = true }
        refused.send()
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
                for (number, publication) in state.checked where publication.subject.map(permission.covers) == true {
                    state.checked[number]?.refusal = error
                }
            }
            refused.send()
            for inbox in [inbox, acks] { inbox.fail(everybodyWaitingFor: permission.subject, error) }
        }
    }
}
