/// Openings of one gate that await an outcome (trust.md, Replay and restart): those that its last accepted outcome names, and those behind the
/// newest that it knew.
package struct AwaitedOpenings: Sendable {
    /// Openings of a gate that await an outcome at most; the oldest goes as if `partial`.
    package static let maximum = 64

    /// The newest opening of the gate, decided or not.
    package private(set) var newest: MessageID?
    private let last: AcceptedOutcome?
    private let named: Set<MessageID>
    private var known: [MessageID: Envelope<GateTransition>] = [:]
    /// Openings behind the newest that the outcome knew; all where it names none, or there is no outcome.
    private var behind: [Envelope<GateTransition>] = []
    /// Openings later than the outcome: for one that knew no opening, or one that no stream holds.
    private var later: [Envelope<GateTransition>] = []
    private var isBehind: Bool

    /// - Parameter last: the newest accepted outcome of the gate, replacement, withdrawal or reset; nil where nothing was accepted.
    package init(after last: AcceptedOutcome?) {
        self.last = last
        named = Set(last?.undecided ?? [])
        newest = last?.newest
        isBehind = last?.undecided == nil
    }

    /// Takes the next opening, in the order in which its gate opened; of one that comes again the first counts.
    package mutating func take(_ opening: Envelope<GateTransition>) {
        let id = opening.header.messageID
        guard known[id] == nil, !behind.contains(where: { $0.header.messageID == id }) else { return }
        newest = id
        if named.contains(id) { known[id] = opening }
        guard id != last?.opening else { return isBehind = isBehind || id == last?.newest }
        if id == last?.newest { isBehind = true } else if isBehind { Self.append(opening, to: &behind) }
        if let last, opening.body.at > last.at { Self.append(opening, to: &later) }
    }

    private static func append(_ opening: Envelope<GateTransition>, to openings: inout [Envelope<GateTransition>]) {
        if openings.count >= maximum { openings.removeFirst() }
        openings.append(opening)
    }

    /// The openings, in the order in which they go.
    package var openings: [Envelope<GateTransition>] {
        let before = (last?.undecided ?? []).compactMap { known[$0] }
        let after = (isBehind ? behind : later).filter { !named.contains($0.header.messageID) }
        return (before + after).suffix(Self.maximum)
    }
}
