import NimmerGate
import NimmerWave

/// A cell's gate over its own evidence, or a nerve's over the waves that it hears (architecture.md, Cell; Nerve).
struct OwnGate: Sendable {
    private(set) var gate: Gate
    let id: GateID
    private let domain: Token
    private let region: Region
    private var names: [String: Int32] = [:]
    private var witnesses: [Int32: Witness] = [:]
    /// Numbers of the cells whose intervals it follows: itself, or those that a nerve hears.
    private var members: [Token: Int32] = [:]
    private var nextNumber: Int32 = 0

    private struct Witness {
        var source: String
        var origin: Token
        var cost: Double
    }

    init(_ configuration: GateConfiguration, identity: Identity) {
        gate = Gate(configuration)
        id = identity.gateID
        domain = identity.domain
        region = identity.region ?? Region(identity.domain)
    }

    /// Goes on where another instance's gate stood.
    mutating func resume(
        _ state: GateState, potential: Double, weight: Double, interval: Double = 0, at moment: Timestamp
    ) {
        gate = Gate(
            gate.configuration, resuming: state, potential: potential, weight: weight, interval: interval, at: moment)
    }

    /// A wave for the gate.
    ///
    /// - Parameter interval: what its source states, in milliseconds; 0 where it states none.
    mutating func receive(
        source: Token, origin: Token, region: Region, confidence: Double, polarity: Int, cost: Double,
        interval: Double, at: Timestamp
    ) -> [GateTransition] {
        if interval > 0 { gate.note(interval: interval, of: member(source)) }
        let number = number(of: "o" + origin.text)
        witnesses[number] = Witness(source: source.text, origin: origin, cost: cost)
        var changes: ContiguousArray<Transition> = []
        _ = gate.receive(
            Evidence(
                origin: number, region: self.number(of: "r" + region.text), polarity: polarity < 0 ? -1 : 1,
                confidence: confidence, at: at), into: &changes)
        return changes.map(message)
    }

    /// Time passes.
    mutating func advance(to moment: Timestamp) -> [GateTransition] {
        var changes: ContiguousArray<Transition> = []
        gate.advance(to: moment, into: &changes)
        return changes.map(message)
    }

    private mutating func member(_ source: Token) -> Int32 {
        if let known = members[source] { return known }
        members[source] = Int32(members.count)
        return Int32(members.count - 1)
    }

    private mutating func number(of name: String) -> Int32 {
        if let number = names[name] { return number }
        if names.count >= 4 * gate.configuration.maximumOrigins + 256 { forget() }
        let number = nextNumber
        nextNumber = nextNumber == .max ? 0 : nextNumber + 1
        names[name] = number
        return number
    }

    /// Keeps only the names that the gate still remembers.
    private mutating func forget() {
        let living = Set(gate.witnesses.map(\.origin)).union(gate.witnesses.map(\.region))
        names = names.filter { living.contains($0.value) }
        witnesses = witnesses.filter { living.contains($0.key) }
    }

    private func message(_ change: Transition) -> GateTransition {
        GateTransition(
            gateID: id, domain: domain, region: region, fromState: change.from, toState: change.to,
            stateValue: change.potential, weight: gate.weight, correlationScore: min(1, max(-1, change.support)),
            triggerSignals: gate.witnesses.compactMap { witness in
                witnesses[witness.origin].map { known in
                    TriggerSignal(
                        source: known.source, origin: known.origin, confidence: witness.confidence,
                        polarity: Int(witness.polarity), timestamp: witness.at, push: witness.push)
                }
            },
            routedToTier: 1, lifeforceCost: gate.witnesses.reduce(0) { $0 + (witnesses[$1.origin]?.cost ?? 0) }.finite,
            at: change.at, intervalMilliseconds: gate.interval > 0 ? gate.interval : nil)
    }
}
