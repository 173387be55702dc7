import NimmerGate
import NimmerWave

extension Thalamus {
    /// Follows an outcome that another thalamus accepted, as a recording holds it: what that one held of the region's origins afterwards is
    /// held here too, to the last digit, and the opening awaits no other outcome.
    ///
    /// - Returns: false where the outcome holds no records: it is about a gate whose trust is declared.
    @discardableResult
    public mutating func follow(_ outcome: AcceptedOutcome) -> Bool {
        guard let records = outcome.origins else { return false }
        restore(records, region: outcome.region)
        switch outcome.effect {
        case .outcome: break
        case .reset: return true
        case .replacement, .withdrawal: counters.takenBack += 1
        }
        if outcome.effect == .withdrawal {
            awaitAgain(outcome)
            return true
        }
        counters.outcomes[outcome.result, default: 0] += 1
        guard let slot = slotOfRegion[outcome.region] else {
            keptTrust.change(outcome.region) { _ = $0.decide(outcome.opening, by: outcome.opener) }
            return true
        }
        slots[slot].gate.decide(outcome.opening, by: origins.number(of: outcome.opener.text))
        return true
    }
}
