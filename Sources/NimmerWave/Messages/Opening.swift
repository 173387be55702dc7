// The two messages that follow from an opening. The one that derives them derives the same: the bridge its request, the hippocampus
// its rows, the thalamus what observers hear.

extension GateTransition {
    /// The collapse of an opening that carries one; nil for every other transition.
    ///
    /// - Parameter id: the message id of the transition.
    public func collapsed(transitionID id: MessageID) -> Collapse? {
        guard let collapse else { return nil }
        return Collapse(
            collapseID: collapse.collapseID, region: region, gateID: gateID, transitionID: id,
            confidence: collapse.confidence, windowStart: collapse.windowStart, windowEnd: at,
            witnesses: witnesses(of: collapse).map { $0.witness })
    }

    /// The question to a mind of an opening that goes up; nil for every other transition.
    public var escalated: CognitiveRequest? {
        guard let collapse, let escalation else { return nil }
        let input = EscalationInput(
            region: region, gate: gateID, openedAt: at, confidence: collapse.confidence,
            witnesses: witnesses(of: collapse).map { item in
                EscalationWitness(
                    source: item.witness.source, origin: item.witness.origin, confidence: item.witness.confidence,
                    ageMilliseconds: item.age.rounded(), content: item.witness.semanticContent,
                    artifacts: item.witness.artifacts)
            }, isReflex: escalation.isReflex)
        return CognitiveRequest(
            requestID: .request(of: collapse.collapseID), collapseID: collapse.collapseID,
            eventType: escalation.eventType, domain: domain, confidence: collapse.confidence,
            structuredInput: .raw(input.bytes), suggestedActions: escalation.suggestedActions,
            processingBudgetLF: escalation.processingBudgetLF,
            responseTimeoutMilliseconds: escalation.responseTimeoutMilliseconds, expiresAt: escalation.expiresAt)
    }

    /// The collapse's witnesses, with the data of their trigger signals; one that no signal names keeps its origin alone.
    private func witnesses(of collapse: OpeningCollapse) -> [(witness: Witness, age: Double)] {
        let signals = Dictionary(triggerSignals.map { ($0.origin, $0) }) { first, _ in first }
        return collapse.witnesses.map { witness in
            let signal = signals[witness.origin]
            return (
                Witness(
                    source: signal?.source ?? witness.origin.text, origin: witness.origin,
                    confidence: signal?.confidence ?? 0, similarity: witness.similarity,
                    semanticContent: witness.semanticContent, artifacts: witness.artifacts),
                signal.map { at.milliseconds(since: $0.timestamp) } ?? 0
            )
        }
    }
}

extension Envelope where Body == GateTransition {
    /// The collapse that this opening carries, as a message of the same sender and moment; nil where it carries none.
    public var collapsed: Envelope<Collapse>? {
        body.collapsed(transitionID: header.messageID).map {
            Envelope<Collapse>(id: $0.collapseID, at: body.at, from: header.source, $0)
        }
    }

    /// The question that this opening puts to a mind, as a message of the same sender and moment; nil where it does not go up.
    public var escalated: Envelope<CognitiveRequest>? {
        body.escalated.map { Envelope<CognitiveRequest>(id: $0.requestID, at: body.at, from: header.source, $0) }
    }
}
