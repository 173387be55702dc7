import NimmerGate
import NimmerWave

/// An outcome that a gate has learned from.
public struct LearnedOutcome: Sendable, Hashable {
    /// The gate's region.
    public var region: Region
    /// The gate.
    public var gate: GateID
    /// The origin whose wave opened it; nil where that is no longer known.
    public var opener: Token?
    /// The origins that asserted at the opening.
    public var witnesses: [Token]
    /// Records of the gate's origins after it, where trust is earned: by name.
    public var origins: [OriginRecord]?
}

// Earned trust of regions (trust.md): outcomes count for origins, by names, whatever becomes of numbers and slots.

extension Thalamus {
    /// An outcome of an opening becomes known (trust.md, Learning; gates.md, Learning).
    ///
    /// - Parameter weight: the share of an outcome that it counts as, 0…1, where trust is earned.
    /// - Returns: what its gate learned; nil where there is no such gate, or where trust is earned and the opening is not one of the gate's
    ///   undecided ones.
    @discardableResult
    public mutating func learn(
        _ result: VerificationResult, weight: Double = 1, opening: MessageID, gate: GateID
    ) -> LearnedOutcome? {
        guard let slot = slots.firstIndex(where: { $0.gateID == gate }) else {
            return learnKept(result, weight: weight, opening: opening, gate: gate)
        }
        let decided = slots[slot].gate.learn(result, weight: weight, of: opening)
        if slots[slot].gate.configuration.trust == .declared {
            slots[slot].gate.learn(result)
        } else if decided == nil {
            return nil
        }
        counters.outcomes[result, default: 0] += 1
        rank(slot)
        return LearnedOutcome(
            region: slots[slot].region, gate: gate, opener: decided.map { originToken($0.opener) },
            witnesses: decided?.witnesses.map { originToken($0) } ?? [],
            origins: slots[slot].gate.configuration.trust == .earned ? trustRecords(slot) : nil)
    }

    /// An outcome of an opening whose region was forgotten for silence: it counts as it does at a gate.
    private mutating func learnKept(
        _ result: VerificationResult, weight: Double, opening: MessageID, gate: GateID
    ) -> LearnedOutcome? {
        guard let region = keptRegion(of: gate) else { return nil }
        let settings = gateConfiguration(region)
        let learned = keptTrust.change(region) { kept -> LearnedOutcome? in
            guard let decided = kept.decide(opening) else { return nil }
            var fold = TrustFold(kept.records, limit: settings.maximumRecords)
            fold.count(result, weight: weight, witnesses: decided.witnesses, memory: settings.trustMemory)
            kept.records = fold.records
            return LearnedOutcome(
                region: region, gate: gate, opener: decided.opener, witnesses: decided.witnesses, origins: kept.records)
        }
        if learned != nil { counters.outcomes[result, default: 0] += 1 }
        return learned
    }

    /// The region of a gate that was forgotten for silence, and whose trust is kept.
    private func keptRegion(of gate: GateID) -> Region? {
        guard let region = keptTrust.region(of: gate), configuration.earnsTrust(region) else { return nil }
        return region
    }

    /// Returns whether there is such a gate, or trust of it is kept.
    public func knows(_ gate: GateID) -> Bool { slots.contains { $0.gateID == gate } || keptRegion(of: gate) != nil }

    /// Returns whether a gate awaits the outcome of an opening.
    public func awaits(_ opening: MessageID, gate: GateID) -> Bool {
        if let slot = slots.first(where: { $0.gateID == gate }) {
            return slot.gate.undecided.contains { $0.id == opening }
        }
        return keptTrust.region(of: gate).flatMap { keptTrust[$0] }?.undecided.contains { $0.id == opening } ?? false
    }

    /// Source of the trust of a gate that there is, or of which trust is kept.
    public func trustSource(of gate: GateID) -> TrustSource? {
        slots.first { $0.gateID == gate }?.gate.configuration.trust ?? keptRegion(of: gate).map { _ in .earned }
    }

    /// Returns whether a gate that there is earns its trust.
    public func earnsTrust(_ gate: GateID) -> Bool { trustSource(of: gate) == .earned }

    /// Takes up what outcomes had shown before (trust.md, Replay and restart): the records after an outcome replace those that are there.
    ///
    /// - Parameter records: of the region's origins, as an ``AcceptedOutcome`` carries them.
    public mutating func restore(_ records: [OriginRecord], region: Region) {
        guard let slot = slotOfRegion[region] else {
            return keptTrust.change(region) { $0.records = records }
        }
        slots[slot].gate.forgetTrust()
        apply(records, to: slot)
        rank(slot)
    }

    /// Takes up an opening whose outcome is not known yet. Call it in the order of time.
    public mutating func restore(undecided opening: GateTransition, id: MessageID) {
        guard let opener = opening.openedBy else { return }
        let witnesses = opening.assertingOrigins
        resumeHearing(opening, id)
        guard let slot = slotOfRegion[opening.region] else {
            return keptTrust.change(opening.region) { $0.remember((id, opener, witnesses)) }
        }
        take(id, opener, witnesses, in: slot)
    }

    /// Takes the outcome of an opening back, or puts another in its place: what is held of the region's origins afterwards (trust.md, Taking
    /// back). An opening that is left without an outcome awaits one again, behind those that do already.
    ///
    /// - Parameters:
    ///   - outcome: the accepted outcome that counts no more.
    ///   - records: of the region's origins.
    ///   - isReplaced: whether another outcome counts instead.
    public mutating func takeBack(_ outcome: AcceptedOutcome, leaving records: [OriginRecord], isReplaced: Bool) {
        counters.takenBack += 1
        restore(records, region: outcome.region)
        if !isReplaced { awaitAgain(outcome) }
    }

    /// An opening awaits its outcome again, which was taken back.
    mutating func awaitAgain(_ outcome: AcceptedOutcome) {
        guard let slot = slotOfRegion[outcome.region] else {
            return keptTrust.change(outcome.region) {
                $0.remember((outcome.opening, outcome.opener, outcome.witnesses))
            }
        }
        take(outcome.opening, outcome.opener, outcome.witnesses, in: slot)
    }

    /// Records of every region's origins that outcomes have moved.
    public func trust() -> [(region: Region, records: [OriginRecord])] {
        let present = slots.indices.map { (slots[$0].region, trustRecords($0)) }
        let kept = keptTrust.entries.map { ($0.key, $0.value.records) }
        return (present + kept).filter { !$0.1.isEmpty }.sorted { $0.0.text < $1.0.text }
    }

    /// Openings that await an outcome, in all gates that there are.
    public var awaitedOutcomes: Int { slots.reduce(0) { $0 + $1.gate.undecided.count } }

    /// Forgets what outcomes have shown of a region's origins, or of one of them.
    ///
    /// - Returns: what the region holds afterwards.
    public mutating func resetTrust(of region: Region, origin: Token?) -> [OriginRecord] {
        if let slot = slotOfRegion[region] {
            let left = trustRecords(slot).filter { origin != nil && $0.origin != origin }
            slots[slot].gate.forgetTrust()
            apply(left, to: slot)
            rank(slot)
            return left
        }
        return keptTrust.change(region) { kept in
            kept.records.removeAll { origin == nil || $0.origin == origin }
            return kept.records
        }
    }

    /// Records of a region's origins that outcomes have moved, by name.
    public func records(of region: Region) -> [OriginRecord] {
        slotOfRegion[region].map { trustRecords($0) } ?? keptTrust[region]?.records ?? []
    }

    /// The records of a slot's origins that outcomes have moved, by name.
    func trustRecords(_ slot: Int) -> [OriginRecord] {
        slots[slot].gate.records.filter { $0.outcomes > 0 }.map { record in
            OriginRecord(
                origin: originToken(record.origin), confirmed: record.confirmed, failed: record.failed)
        }.sorted { $0.origin.text < $1.origin.text }
    }

    /// Hands a slot what was kept for its region.
    mutating func takeKeptTrust(_ slot: Int) {
        guard !keptTrust.isEmpty, let kept = keptTrust.remove(slots[slot].region) else { return }
        apply(kept.records, to: slot)
        slots[slot].gate.forgetUndecided(newest: kept.newest)
        for opening in kept.undecided { take(opening.id, opening.opener, opening.witnesses, in: slot) }
    }

    /// Keeps what outcomes have shown of a region that is forgotten: earned trust is never lost for silence.
    mutating func keepTrust(of slot: Int) {
        guard slots[slot].gate.configuration.trust == .earned else { return }
        let (records, undecided) = (trustRecords(slot), namedOpenings(slot))
        let newest = slots[slot].gate.newestOpening
        keptTrust.change(slots[slot].region) { kept in
            kept.records = records
            kept.setUndecided(undecided, newest: newest)
        }
    }

    /// The openings of a slot whose outcomes are not known, by names.
    private func namedOpenings(_ slot: Int) -> [KeptTrust.Opening] {
        slots[slot].gate.undecided.compactMap { opening in
            opening.id.map { ($0, originToken(opening.opener), opening.witnesses.map { originToken($0) }) }
        }
    }

    private mutating func apply(_ records: [OriginRecord], to slot: Int) {
        // Of more than it has room for, those of which outcomes show most.
        for record in TrustFold(records, limit: slots[slot].gate.configuration.maximumRecords).records {
            slots[slot].gate.set(
                originNumber(record.origin), confirmed: record.confirmed, failed: record.failed)
        }
    }

    private mutating func take(_ id: MessageID, _ opener: Token, _ witnesses: [Token], in slot: Int) {
        slots[slot].gate.take(
            UndecidedOpening(
                id: id, opener: originNumber(opener), witnesses: ContiguousArray(witnesses.map { originNumber($0) })))
    }

    /// The number of an origin by its name.
    mutating func originNumber(_ name: Token) -> Int32 {
        let known = origins.number(of: name.text)
        if known >= 0 { return known }
        renumber()
        return origins.number(of: name.text)
    }

    /// The number of a sender by its name.
    private mutating func sourceNumber(_ name: String) -> Int32 {
        let known = sources.number(of: name)
        if known >= 0 { return known }
        renumber()
        return sources.number(of: name)
    }

    // MARK: - Hearings

    /// Accounts for what a gate made of a wave's claim to be heard alone, against the sender's budget across all gates.
    @inline(never)
    mutating func accountForHearing(_ slot: Int, _ source: Int32) {
        switch slots[slot].gate.last.hearing {
        case .none: return
        case .refused: hearings.pass(source)
        case .granted:
            let origin = slots[slot].gate.last.origin
            // Taken out for the time of a question that looks at all gates.
            var budget = HearingBudget()
            swap(&budget, &hearings)
            let stands = budget.admits(
                source, origin, failed: failures(of:),
                isUndecided: { granted in
                    if let place = slotOfRegion[granted.region] {
                        return slots[place].gate.undecided.contains { $0.id == granted.opening }
                    }
                    return keptTrust[granted.region]?.undecided.contains { $0.id == granted.opening } ?? false
                })
            swap(&budget, &hearings)
            guard !stands else { return }
            if transitions.last?.to == .open { transitions.removeLast() }
            slots[slot].gate.holdBack()
            counters.heldHearings &+= 1
        }
    }

    /// Takes up the hearing that a stored opening was: while its outcome is awaited, no gate grants its sender another.
    private mutating func resumeHearing(_ opening: GateTransition, _ id: MessageID) {
        guard let signal = opening.loneVoice, let trust = opening.trust else { return }
        let gate = Gate(gateConfiguration(opening.region))
        // One that was trusted enough opened by its own word.
        guard gate.configuration.trust == .earned,
            gate.lift(gate.voice(of: trust) * signal.confidence, trust) < gate.configuration.openThreshold
        else { return }
        let source = sourceNumber(signal.source)
        guard source >= 0 else { return }
        hearings.grant(
            source, as: originNumber(signal.origin), HearingBudget.Granted(region: opening.region, opening: id))
    }

    /// Failed outcomes of an origin that count, in all gates together.
    private func failures(of origin: Int32) -> Double {
        let present = slots.reduce(0) { sum, slot in
            sum + (slot.gate.records.first { $0.origin == origin }?.failed ?? 0)
        }
        guard !keptTrust.isEmpty else { return present }
        let name = originToken(origin)
        return keptTrust.entries.values.reduce(present) { sum, kept in
            sum + (kept.records.first { $0.origin == name }?.failed ?? 0)
        }
    }
}

extension GateTransition {
    /// The origin that opened the gate; of a message that does not name it, the one that spoke last in favour.
    public var openedBy: Token? {
        opener ?? triggerSignals.filter { $0.polarity > 0 }.max { $0.timestamp < $1.timestamp }?.origin
    }

    /// The signal of the origin that opened the gate, where no other asserted.
    fileprivate var loneVoice: TriggerSignal? {
        let asserting = triggerSignals.filter { $0.polarity > 0 }
        return asserting.count == 1 && asserting[0].origin == openedBy ? asserting[0] : nil
    }

    /// The origins that asserted at an opening, as far as it names them.
    public var assertingOrigins: [Token] { triggerSignals.filter { $0.polarity > 0 }.map(\.origin) }
}
