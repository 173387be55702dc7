// What bodies state of themselves that their subject states already.

extension GateTransition {
    public func check(against provenance: Provenance) throws(Refusal) {
        try provenance.check(gate: gateID, of: region)
        guard gateID.owner != nil else { return }
        guard collapse == nil else { throw Self.beyond("body.collapse") }
        guard escalation == nil else { throw Self.beyond("body.escalation") }
        guard routedToTier <= 1 else {
            throw .wrong(
                "body.routed_to_tier", "must be at most 1: the gate of a cell or nerve does not escalate",
                found: "\(routedToTier)")
        }
    }

    private static func beyond(_ field: String) -> Refusal {
        .wrong(field, "must not stand in a transition of a cell's or nerve's own gate")
    }
}

extension Collapse {
    public func check(against provenance: Provenance) throws(Refusal) { try provenance.check(gate: gateID, of: region) }
}

extension AcceptedOutcome {
    public func check(against provenance: Provenance) throws(Refusal) { try provenance.check(gate: gateID, of: region) }
}

extension RegionAssignment {
    public func check(against provenance: Provenance) throws(Refusal) {
        guard let gate = provenance.gate, GateID(region: region) != gate else { return }
        throw .wrong("body.region", "must be the one that its subject names", found: "'\(region)'")
    }
}

extension Reject {
    public func check(against provenance: Provenance) throws(Refusal) {
        guard provenance.types == [.reject], case .service(let name) = provenance.speaker, name != service else {
            return
        }
        throw .wrong("body.service", "must be '\(name)', as in its subject", found: "'\(service)'")
    }
}

extension LifeforceSpent {
    public func check(against provenance: Provenance) throws(Refusal) {
        guard until >= since, until.dayAndRest.day - since.dayAndRest.day <= 1 else {
            throw .wrong("body.until", "must be at most a day after body.since", found: until.rfc3339)
        }
    }
}
