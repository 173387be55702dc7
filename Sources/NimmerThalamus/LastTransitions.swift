import NimmerWave

/// Last state of each gate: the latest of its transitions, out of what the stream holds and what an earlier run has not stored yet
/// (protocol.md, What an acknowledgement means).
package struct LastTransitions: Sendable {
    /// The transition that a gate was left by.
    package struct Known: Sendable {
        package let transition: Envelope<GateTransition>
        /// Time at which the stream stored it; for one that waits in an outbox, now.
        package let storedAt: Timestamp
    }

    /// Maximum difference of the stream's order from that of time, where an older version has written it, in milliseconds.
    package static let disorderMilliseconds = 120_000.0

    /// The gates, each with the latest of its transitions.
    package private(set) var gates: [GateID: Known] = [:]

    package init() {}

    package subscript(gate: GateID) -> Known? { gates[gate] }

    package var isEmpty: Bool { gates.isEmpty }

    /// Takes note of a transition; an earlier one than is known changes nothing.
    package mutating func take(_ transition: Envelope<GateTransition>, storedAt: Timestamp) {
        let gate = transition.body.gateID
        if let known = gates[gate], known.transition.body.at > transition.body.at { return }
        gates[gate] = Known(transition: transition, storedAt: storedAt)
    }

    /// The transitions in the order in which gates are taken up: by time, since of more than there is room for the latest stay.
    package var inOrder: [Envelope<GateTransition>] {
        gates.values.map(\.transition).sorted { ($0.body.at, $0.body.gateID) < ($1.body.at, $1.body.gateID) }
    }

    /// Returns whether an outcome that was stored at a moment came after what its gate was left by, and is to be learned from.
    package func precedes(outcomeOf gate: GateID, storedAt: Timestamp) -> Bool {
        gates[gate].map { storedAt > $0.storedAt } ?? false
    }

    /// Returns whether a gate was left by this very opening.
    package func isLast(_ opening: MessageID, of gate: GateID) -> Bool {
        gates[gate].map { $0.transition.header.messageID == opening && $0.transition.body.isOpening } ?? false
    }
}

extension GateID {
    /// The gate of `<env>.nervous.gates.<gate>.transition`; nil for another subject.
    package init?(transition subject: Subject) { self.init(subject, of: "transition") }

    /// The gate of `<env>.nervous.gates.<gate>.outcome`; nil for another subject.
    package init?(accepted subject: Subject) { self.init(subject, of: "outcome") }

    private init?(_ subject: Subject, of last: String) {
        let tokens = subject.text.split(separator: ".")
        guard tokens.count == 5, tokens[1] == "nervous", tokens[2] == "gates", tokens[4] == last,
            let gate = try? GateID(String(tokens[3]))
        else { return nil }
        self = gate
    }

    /// The gate that a person names, by its own name or by its region; nil for what is neither.
    package init?(asked name: String) {
        // A region's own name never holds "--" unless its gate's name is another.
        guard let gate = name.includes("--") ? try? GateID(name) : (try? Region(name)).map({ GateID(region: $0) })
        else { return nil }
        self = gate
    }
}
