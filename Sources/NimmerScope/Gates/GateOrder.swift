import NimmerWave

/// Order of the gates in their pane (oscilloscope.md, Must: `o`, `O`).
enum GateOrder: String, Sendable, CaseIterable {
    /// The open first, then by how near they are to a threshold.
    case attention
    /// By name.
    case name
    /// Open, stable, closed.
    case state
    /// By potential, the highest first.
    case value
    /// The last to change its state first.
    case change
    /// By trust, the highest first.
    case trust
    /// By witnesses, the most first.
    case witnesses

    /// The order after this one, and the first after the last.
    var next: GateOrder {
        let all = Self.allCases
        return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
    }

    /// Returns whether a gate stands before another; gates that are equal in this stand by attention, then by name.
    func isBefore(_ a: Candidate, _ b: Candidate) -> Bool {
        switch self {
        case .attention: break
        case .name: return a.gate.region < b.gate.region
        case .state where a.gate.state != b.gate.state: return rank(a.gate.state) < rank(b.gate.state)
        case .value where a.gate.potential != b.gate.potential: return a.gate.potential > b.gate.potential
        case .change where a.changed != b.changed: return a.changed > b.changed
        case .trust where a.gate.weight != b.gate.weight: return a.gate.weight > b.gate.weight
        case .witnesses where a.gate.witnesses != b.gate.witnesses: return a.gate.witnesses > b.gate.witnesses
        default: break
        }
        if (a.gate.state == .open) != (b.gate.state == .open) { return a.gate.state == .open }
        let (first, second) = (GateTrack.pull(a.gate), GateTrack.pull(b.gate))
        return first == second ? a.gate.region < b.gate.region : first > second
    }

    private func rank(_ state: GateState) -> Int {
        switch state {
        case .open: 0
        case .stable: 1
        case .closed: 2
        }
    }

    /// A gate, and when its state last changed; `Int64.min` where no change was seen.
    struct Candidate {
        let gate: AttendedGate
        let changed: Int64
    }
}
