import NimmerWave

/// Peers that take requests in the form that names the sender, as far as one client knows (protocol.md, Compatibility).
///
/// A value: time comes in as an argument.
struct SenderForms: Sendable {
    /// A client that asks more peers than this forgets all of them and learns them again.
    static let maximumPeers = 1024
    /// Time for which a peer that does not take the form is not asked again whether it does.
    static let denialHolds = Duration.seconds(30)

    private struct Knowledge {
        var takesSender: Bool
        var since: ContinuousClock.Instant
    }

    private var peers: [Token: Knowledge] = [:]

    /// Returns whether a peer takes the form; nil: it has to be asked.
    func takesSender(_ peer: Token, at now: ContinuousClock.Instant) -> Bool? {
        guard let known = peers[peer] else { return nil }
        if !known.takesSender, now - known.since >= Self.denialHolds { return nil }
        return known.takesSender
    }

    /// Records what a peer, or the server on its behalf, reported.
    mutating func learn(_ peer: Token, takesSender: Bool, at now: ContinuousClock.Instant) {
        if peers.count >= Self.maximumPeers, peers[peer] == nil { peers = [:] }
        peers[peer] = Knowledge(takesSender: takesSender, since: now)
    }

    /// A request came to nothing: the peer may be another by now.
    mutating func forget(_ peer: Token) { peers[peer] = nil }
}
