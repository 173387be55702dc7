import NimmerGate
import NimmerWave

// What follows from a transition: the message about it, which for an opening carries its collapse and the terms of its question.

extension Thalamus {
    /// Witnesses that a message names at most, the surest first; the amplified confidence counts them all.
    static let namedWitnesses = 64
    /// Limit of the witnesses' contents in a collapse and a request, in bytes together.
    static let carriedContent = 24_576

    /// Turns what has just happened in a slot into conclusions: one message each, so that an opening is stored with its
    /// collapse and the terms of its question, or not at all (decision 0012).
    @inline(never)
    mutating func conclude(_ slot: Int) {
        let happened = takeTransitions()
        for transition in happened {
            var message = message(slot, transition)
            let id = transitionID(message)
            if transition.from == .stable, transition.to == .open {
                counters.openings += 1
                slots[slot].tally.openings += 1
                collapse(slot, &message, id, at: transition.at)
                var opening = message
                name(id, slot, message)
                // Reports need neither contents nor terms.
                opening.collapse = nil
                opening.escalation = nil
                slots[slot].lastOpening = Conclusion(transition: opening, id: id)
            }
            conclusions.append(Conclusion(transition: message, id: id))
        }
        rank(slot)
        schedule(slot)
    }

    /// The id of a transition: the same for the same gate, time and states in one environment and life. Times are chosen by cells, the
    /// space of names is not (decision 0017).
    func transitionID(_ transition: GateTransition) -> MessageID {
        .transition(transition, in: configuration.environment, space: names)
    }

    /// Gives an opening the id by which its outcome names it. The outcome counts for the witnesses that its message names.
    private mutating func name(_ id: MessageID, _ slot: Int, _ opening: GateTransition) {
        let named = surest(slots[slot].gate.witnesses).filter { $0.polarity > 0 }.map(\.origin)
        slots[slot].gate.nameOpening(id, witnesses: ContiguousArray(named))
        guard case .granted = slots[slot].gate.last.hearing,
            let record = slots[slot].record(of: slots[slot].gate.last.origin)
        else { return }
        hearings.grant(
            record.source, as: record.origin, HearingBudget.Granted(region: slots[slot].region, opening: id))
    }

    private mutating func message(_ slot: Int, _ transition: Transition) -> GateTransition {
        let gate = slots[slot].gate
        let isOpening = transition.to == .open
        let isEarned = gate.configuration.trust == .earned
        let at = clock.published(transition.at, after: slots[slot].lastPublished)
        slots[slot].lastPublished = at
        let shift = at.nanoseconds(since: transition.at)
        return GateTransition(
            gateID: slots[slot].gateID, domain: isOpening ? openedDomain(slot) : slots[slot].domain,
            region: slots[slot].region,
            fromState: transition.from, toState: transition.to, stateValue: transition.potential,
            weight: gate.reportedWeight,
            opener: isOpening && isEarned ? originToken(gate.last.origin) : nil,
            trust: isEarned ? gate.openerTrust : nil,
            correlationScore: min(1, max(-1, transition.support)),
            triggerSignals: surest(gate.witnesses).map { witness in
                TriggerSignal(
                    source: sourceName(slot, witness.origin), origin: originToken(witness.origin),
                    confidence: witness.confidence, polarity: Int(witness.polarity),
                    timestamp: witness.at.advanced(nanoseconds: shift), push: witness.push)
            },
            routedToTier: isOpening ? 2 : 1,
            lifeforceCost: gate.witnesses.reduce(0) { $0 + (slots[slot].record(of: $1.origin)?.cost ?? 0) }.finite,
            at: at, intervalMilliseconds: gate.interval > 0 ? gate.interval : nil)
    }

    /// Domain of an opening: that of its surest asserting witness; of equally sure ones the first by origin's name, so that all
    /// thalami and replays agree.
    private func openedDomain(_ slot: Int) -> Token {
        let asserting = slots[slot].gate.witnesses.filter { $0.polarity > 0 }
        let surest = asserting.max { first, second in
            guard first.confidence == second.confidence else { return first.confidence < second.confidence }
            return originToken(first.origin).text > originToken(second.origin).text
        }
        return surest.map { slots[slot].domain(of: $0.origin) } ?? slots[slot].domain
    }

    /// Adds to an opening its collapse, and the terms on which that goes up.
    ///
    /// - Parameter moment: when it opened, in the time of the gates.
    private mutating func collapse(
        _ slot: Int, _ opening: inout GateTransition, _ transitionID: MessageID, at moment: Timestamp
    ) {
        let gate = slots[slot].gate
        guard let opener = gate.witnesses.first(where: { $0.origin == gate.last.origin }) else { return }
        let agreeing = gate.witnesses.lazy.filter { $0.polarity > 0 }
        let confidence = min(
            1, amplifiedConfidence(agreeing.map { ($0.confidence, Self.similarity(of: $0, to: opener, in: gate)) }))
        opening.escalation = escalation(slot, confidence, at: moment)
        var room = room(for: opening)
        // The trigger signals name the sender and the confidence of each: contents stand here, once.
        var witnesses: [OpeningWitness] = []
        for (signal, witness) in zip(opening.triggerSignals, surest(gate.witnesses)) where witness.polarity > 0 {
            witnesses.append(
                OpeningWitness(
                    origin: signal.origin, similarity: Self.similarity(of: witness, to: opener, in: gate),
                    semanticContent: content(slot, witness.origin, &room),
                    artifacts: artifacts(slot, witness.origin, &room)))
        }
        opening.collapse = OpeningCollapse(
            collapseID: .collapse(of: transitionID), confidence: confidence,
            windowStart: (agreeing.map(\.at).min() ?? moment).advanced(
                nanoseconds: opening.at.nanoseconds(since: moment)), witnesses: witnesses)
        counters.collapses += 1
        slots[slot].tally.collapses += 1
    }

    private static func similarity(of witness: GateWitness, to opener: GateWitness, in gate: Gate) -> Double {
        witness.origin == opener.origin ? 1 : gate.similarity(of: witness, to: opener)
    }

    /// The terms on which an opening goes up; nil where the policy keeps it down.
    private mutating func escalation(_ slot: Int, _ confidence: Double, at moment: Timestamp) -> Escalation? {
        let policy = configuration.escalation
        guard confidence >= policy.minimumConfidence else { return nil }
        if let last = slots[slot].lastEscalation, policy.refractory > 0,
            moment.milliseconds(since: last) < policy.refractory
        {
            return nil
        }
        guard paysForQuestion() else { return nil }
        slots[slot].lastEscalation = moment
        counters.escalations += 1
        slots[slot].tally.escalations += 1
        let region = slots[slot].region.text
        let event = policy.events.first { $0.pattern.matches(region) }
        let observe = SuggestedAction(action: "observe", confidence: confidence)
        return Escalation(
            eventType: event?.type ?? "resonance",
            suggestedActions: event.map(\.actions).flatMap { $0.isEmpty ? nil : $0 } ?? [observe],
            processingBudgetLF: policy.budget, responseTimeoutMilliseconds: policy.responseTimeout,
            expiresAt: clock.wall(moment).advanced(milliseconds: Double(policy.expiresAfter)),
            isReflex: slots[slot].gate.isReflex)
    }

    /// Room for the contents of an opening's witnesses, in bytes together, so that the message keeps within its bound
    /// (protocol.md, Envelope: 64 KiB).
    private func room(for opening: GateTransition) -> Int {
        // Names as they are; keys, numbers, times and the envelope as long as they can be.
        let signals = opening.triggerSignals.reduce(4_096) {
            $0 + $1.source.utf8.count + 2 * $1.origin.text.utf8.count + 400
        }
        let actions = (opening.escalation?.suggestedActions ?? []).reduce(0) { $0 + 2 * $1.action.utf8.count + 64 }
        return max(0, min(Self.carriedContent, Wire.maximumBytes - signals - actions))
    }

    /// A witness's content as it came, or how long it was where it is too long to carry.
    private func content(_ slot: Int, _ origin: Int32, _ room: inout Int) -> JSON {
        guard let record = slots[slot].record(of: origin) else { return [:] }
        guard record.content.count == record.contentBytes, record.contentBytes <= room else {
            return ["omitted_bytes": .number(Double(record.contentBytes))]
        }
        room -= record.contentBytes
        return record.content.isEmpty ? [:] : .raw(record.content)
    }

    /// The artifacts that a witness's wave named, where there is room for their names.
    private func artifacts(_ slot: Int, _ origin: Int32, _ room: inout Int) -> [ArtifactReference] {
        guard let record = slots[slot].record(of: origin), !record.artifacts.isEmpty else { return [] }
        let named = ArtifactReference.list(parsing: record.artifacts)
        // Written again each takes its digest, its type, its number and the keys.
        let bytes = named.reduce(0) { $0 + $1.type.text.utf8.count + 128 }
        guard bytes <= room else { return [] }
        room -= bytes
        return named
    }

    /// The surest witnesses, in the gate's order.
    func surest(_ witnesses: ContiguousArray<GateWitness>) -> ContiguousArray<GateWitness> {
        guard witnesses.count > Self.namedWitnesses else { return witnesses }
        let kept = Set(
            witnesses.sorted { ($0.confidence, $1.origin) > ($1.confidence, $0.origin) }.prefix(Self.namedWitnesses)
                .map(\.origin))
        return witnesses.filter { kept.contains($0.origin) }
    }

    func originToken(_ origin: Int32) -> Token {
        origin < 0 ? Self.unnamed : (try? Token(origins.name(origin))) ?? Self.unnamed
    }

    func sourceName(_ slot: Int, _ origin: Int32) -> String {
        guard let record = slots[slot].record(of: origin), record.source >= 0 else { return originToken(origin).text }
        return sources.name(record.source)
    }
}
