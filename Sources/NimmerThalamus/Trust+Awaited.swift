import NimmerGate
import NimmerWave

// Openings that await an outcome, as they are published and taken up again (trust.md, Replay and restart).

extension Thalamus {
    /// The openings of a region that await an outcome, in the order in which they go, and its newest opening, decided or not.
    public func awaited(in region: Region) -> (undecided: [MessageID], newest: MessageID?) {
        guard let slot = slotOfRegion[region] else {
            let kept = keptTrust[region]
            return (kept?.undecided.map(\.id) ?? [], kept?.newest)
        }
        return (slots[slot].gate.undecided.compactMap(\.id), slots[slot].gate.newestOpening)
    }

    /// The region of a gate that there is, or of which records or openings are kept.
    public func region(of gate: GateID) -> Region? {
        slots.first { $0.gateID == gate }?.region ?? keptTrust.region(of: gate)
    }

    /// Replaces the openings of a region that await an outcome by those that streams hold.
    package mutating func restore(_ awaited: AwaitedOpenings, region: Region) {
        let slot = slotOfRegion[region]
        if let slot {
            slots[slot].gate.forgetUndecided(newest: awaited.newest)
        } else {
            keptTrust.change(region) { $0.setUndecided([], newest: nil) }
        }
        for opening in awaited.openings { restore(undecided: opening.body, id: opening.header.messageID) }
        if slot == nil { keptTrust.change(region) { $0.setUndecided($0.undecided, newest: awaited.newest) } }
    }
}
