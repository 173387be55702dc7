import NimmerSystem
import NimmerWave

/// Permission to verify, and to take back (trust.md, Who verifies): a person may do both; a cell, nerve or organ, where identities or its subject
/// name it, only what the system file grants, no opening of which it is a witness, and takes back only its own outcomes.
public struct Verifiers: Sendable {
    /// Names of cells, nerves and organs, of the services, and of who only looks.
    private let names: Set<String>
    /// Services that verify: the thalamus by its rules, the bridge for minds.
    private let services: Set<String> = [ServiceName.thalamus, ServiceName.bridge]
    /// Gates whose openings each cell or nerve may verify.
    private let granted: [String: Set<GateID>]

    /// The verifiers of a system file.
    public init(_ system: SystemFile?) {
        let organisms = ((system?.cells ?? []) + (system?.nerves ?? [])).map(\.name)
        let all = (system?.cells ?? []) + (system?.nerves ?? [])
        granted = Dictionary(all.map { ($0.name, Set(Self.gates(of: $0))) }) { first, _ in first }
        names = Set(organisms + (system?.organs ?? []).map(\.name) + ServiceName.all + ["observer"])
    }

    /// The gates whose openings a cell or nerve may verify.
    package static func gates(of organism: Organism) -> [GateID] { organism.verifies.map { GateID(region: $0) } }

    /// Returns whether a sender is a person; so is one that no subject names, where senders have no identities.
    public func isPerson(_ sender: Token?) -> Bool { sender.map { !names.contains($0.text) } ?? true }

    /// Checks that a sender may verify openings of a gate.
    ///
    /// - Throws: a ``Refusal`` where the system file does not grant it.
    public func check(_ sender: Token?, gate: GateID) throws(Refusal) {
        guard let sender, !isPerson(sender), !services.contains(sender.text) else { return }
        guard granted[sender.text]?.contains(gate) != true else { return }
        throw Refusal(
            .permission, field: "subject",
            "the subject must name a gate of which the system file lets its sender verify openings (`verifies`)",
            found: "\(sender) for the gate '\(gate)'")
    }

    /// Returns whether a sender may be a witness of an opening: a cell, a nerve or an organ.
    package func mayWitness(_ sender: Token?) -> Bool {
        sender.map { !isPerson($0) && !services.contains($0.text) } ?? false
    }

    /// Checks that a sender does not judge its own word: that no witness of an opening, which asserted or denied, has its name or was spoken for
    /// by it.
    ///
    /// - Throws: a ``Refusal`` where one has.
    package func check(_ sender: Token?, judging opening: GateTransition) throws(Refusal) {
        guard let sender, mayWitness(sender) else { return }
        let own = opening.triggerSignals.first { $0.origin == sender || $0.source == sender.text }
        guard let own else { return }
        throw Refusal(
            .permission, field: "subject",
            "the subject must end in the name of one that is no witness of the opening: nothing judges its own word",
            found: own.origin == sender ? sender.text : "\(sender), which spoke as '\(own.origin)'")
    }

    /// Checks the withdrawal of an outcome.
    ///
    /// - Throws: a ``Refusal`` where its sender may not take it back.
    public func check(withdrawal sender: Token?, of outcome: AcceptedOutcome) throws(Refusal) {
        guard let sender, !isPerson(sender), outcome.sender != sender.text else { return }
        throw Refusal(
            .permission, field: "subject",
            "the subject must end in a person's identity, or in that of the outcome's own sender '\(outcome.sender)'",
            found: sender.text)
    }
}
