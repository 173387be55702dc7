import NimmerGate
import NimmerWave

// What follows from a transition: the message about it, and for an opening the collapse and the question.

extension Thalamus {
    /// Witnesses that a message names at most, the surest first; the amplified confidence counts them all.
    static let namedWitnesses = 64
    /// What a collapse and a request may carry of their witnesses' contents, in bytes together.
    static let carriedContent = 24_576

    /// Turns what has just happened in a slot into actions.
    @inline(never)
    mutating func conclude(_ slot: Int) {
        let happened = takeTransitions()
        for transition in happened {
            let message = message(slot, transition)
            let id = transitionID(message)
            actions.append(.transition(message, id: id))
            if transition.from == .stable, transition.to == .open {
                counters.openings += 1
                slots[slot].tally.openings += 1
                slots[slot].lastOpening = message
                collapse(slot, message, id)
            }
        }
        schedule(slot)
    }

    /// The id of a transition: the same for the same gate, time and states in one environment.
    func transitionID(_ transition: GateTransition) -> MessageID {
        .named(
            "\(configuration.environment.rawValue)/transition/\(transition.gateID.text)/\(transition.at.nanoseconds)/"
                + "\(transition.fromState.word)/\(transition.toState.word)")
    }

    private func message(_ slot: Int, _ transition: Transition) -> GateTransition {
        let gate = slots[slot].gate
        let isOpening = transition.to == .open
        return GateTransition(
            gateID: slots[slot].gateID, domain: slots[slot].domain, region: slots[slot].region,
            fromState: transition.from, toState: transition.to, stateValue: transition.potential, weight: gate.weight,
            correlationScore: min(1, max(-1, transition.support)),
            triggerSignals: surest(gate.witnesses).map { witness in
                TriggerSignal(
                    source: sourceName(slot, witness.origin), origin: originToken(witness.origin),
                    confidence: witness.confidence, polarity: Int(witness.polarity), timestamp: witness.at,
                    push: witness.push)
            },
            routedToTier: isOpening ? 2 : 1,
            lifeforceCost: gate.witnesses.reduce(0) { $0 + (slots[slot].record(of: $1.origin)?.cost ?? 0) }.finite,
            at: transition.at)
    }

    private mutating func collapse(_ slot: Int, _ opening: GateTransition, _ transitionID: MessageID) {
        let gate = slots[slot].gate
        guard let opener = gate.witnesses.first(where: { $0.origin == gate.last.origin }) else { return }
        let agreeing = gate.witnesses.filter { $0.polarity > 0 }.map { witness in
            (
                witness: witness,
                similarity: witness.origin == opener.origin ? 1 : gate.similarity(of: witness, to: opener)
            )
        }
        let amplified = amplifiedConfidence(agreeing.map { ($0.witness.confidence, $0.similarity) })
        var room = Self.carriedContent
        let named = Set(surest(ContiguousArray(agreeing.map(\.witness))).map(\.origin))
        let witnesses = agreeing.filter { named.contains($0.witness.origin) }.map { item in
            Witness(
                source: sourceName(slot, item.witness.origin), origin: originToken(item.witness.origin),
                confidence: item.witness.confidence, similarity: item.similarity,
                semanticContent: content(slot, item.witness.origin, &room))
        }
        let message = Collapse(
            collapseID: .named("collapse/\(transitionID.text)"), region: slots[slot].region, gateID: slots[slot].gateID,
            transitionID: transitionID, confidence: min(1, amplified),
            windowStart: agreeing.map(\.witness.at).min() ?? opening.at, windowEnd: opening.at, witnesses: witnesses)
        counters.collapses += 1
        slots[slot].tally.collapses += 1
        actions.append(.collapse(message))
        escalate(slot, message, ages: agreeing.map(\.witness))
    }

    private mutating func escalate(_ slot: Int, _ collapse: Collapse, ages: [GateWitness]) {
        let policy = configuration.escalation
        guard collapse.confidence >= policy.minimumConfidence else { return }
        if let last = slots[slot].lastEscalation, policy.refractory > 0,
            collapse.windowEnd.milliseconds(since: last) < policy.refractory
        {
            return
        }
        slots[slot].lastEscalation = collapse.windowEnd
        counters.escalations += 1
        slots[slot].tally.escalations += 1
        let event = policy.events.first { $0.pattern.matches(collapse.region.text) }
        let agesOf = Dictionary(
            ages.map { (originToken($0.origin), collapse.windowEnd.milliseconds(since: $0.at)) }
        ) { first, _ in first }
        var input: JSONObject = [
            "region": .string(collapse.region.text), "gate": .string(collapse.gateID.text),
            "opened_at": .string(collapse.windowEnd.rfc3339), "confidence": .number(collapse.confidence),
            "witnesses": .array(
                collapse.witnesses.map { witness in
                    [
                        "source": .string(witness.source), "origin": .string(witness.origin.text),
                        "confidence": .number(witness.confidence),
                        "age_ms": .number((agesOf[witness.origin] ?? 0).rounded()), "content": witness.semanticContent,
                    ]
                }),
        ]
        if slots[slot].gate.isReflex { input["reflex"] = true }
        let observe = SuggestedAction(action: "observe", confidence: collapse.confidence)
        actions.append(
            .escalate(
                CognitiveRequest(
                    requestID: .named("request/\(collapse.collapseID.text)"), collapseID: collapse.collapseID,
                    eventType: event?.type ?? "resonance", domain: slots[slot].domain, confidence: collapse.confidence,
                    structuredInput: .object(input),
                    suggestedActions: event.map(\.actions).flatMap { $0.isEmpty ? nil : $0 } ?? [observe],
                    processingBudgetLF: policy.budget, responseTimeoutMilliseconds: policy.responseTimeout,
                    expiresAt: collapse.windowEnd.advanced(milliseconds: Double(policy.expiresAfter))),
                at: collapse.windowEnd))
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

    /// The surest witnesses, in the gate's order.
    private func surest(_ witnesses: ContiguousArray<GateWitness>) -> ContiguousArray<GateWitness> {
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
