import NimmerGate
import NimmerWave

/// Contents of a gate's window at a moment, as a CorrelationEvent reports it.
package struct CorrelationWindow: Sendable {
    /// The gate.
    package var gate: GateID
    /// The witnesses in the window, the surest where they are too many, in the gate's order.
    package var signals: [WindowSignal]
    /// Similarity of each of them to each other.
    package var similarity: [[Double]]
    /// Support of the wave that came last, -1…1.
    package var support: Double
    /// State of the gate.
    package var state: GateState
}

extension Thalamus {
    /// Contents of the window of a region's gate now; nil where there is no such gate, or nothing in its window.
    package func window(of region: Region) -> CorrelationWindow? {
        guard let slot = slotOfRegion[home(of: region)], let now = slots[slot].gate.time else {
            return nil
        }
        let gate = slots[slot].gate
        let witnesses = surest(gate.witnesses).filter { now.milliseconds(since: $0.at) <= gate.windowMilliseconds }
        guard !witnesses.isEmpty else { return nil }
        return CorrelationWindow(
            gate: slots[slot].gateID,
            signals: witnesses.map { witness in
                WindowSignal(
                    source: sourceName(slot, witness.origin), origin: originToken(witness.origin),
                    confidence: witness.confidence, timestamp: clock.wall(witness.at))
            },
            similarity: witnesses.map { one in
                witnesses.map { other in one.origin == other.origin ? 1 : gate.similarity(of: one, to: other) }
            }, support: min(1, max(-1, gate.last.support)), state: gate.state)
    }

    /// Time for which a wave can be a witness in a region's gate now, in milliseconds; nil where there is no such gate.
    package func windowMilliseconds(of region: Region) -> Double? {
        slotOfRegion[region].map { slots[$0].gate.windowMilliseconds }
    }

    /// Adds a part of an outcome to what a region's gate holds of some origins; where trust is declared, to the gate's weight.
    ///
    /// - Parameter amount: -1…1; above 0 so much of a confirmation, below 0 so much of a failure.
    package mutating func nudge(_ region: Region, origins: [Token], by amount: Double) {
        guard amount != 0, let slot = slotOfRegion[region] else { return }
        guard slots[slot].gate.configuration.trust == .earned else { return slots[slot].gate.nudge(by: amount) }
        change(slot, origins) { confirmed, failed in
            confirmed += max(0, amount)
            failed += max(0, -amount)
        }
    }

    /// Takes back what ``nudge(_:origins:by:)`` added, as far as it has not faded.
    package mutating func takeBack(nudge amount: Double, _ region: Region, origins: [Token]) {
        guard amount != 0, let slot = slotOfRegion[region] else { return }
        guard slots[slot].gate.configuration.trust == .earned else { return slots[slot].gate.nudge(by: -amount) }
        change(slot, origins) { confirmed, failed in
            confirmed = max(0, confirmed - max(0, amount))
            failed = max(0, failed - max(0, -amount))
        }
    }

    /// Takes an outcome that no longer counts out of what a region's gate holds of some origins, as far as it has not faded; where trust is
    /// declared, out of the gate's weight.
    ///
    /// - Parameter weight: the share of an outcome that it counted as.
    package mutating func unlearn(
        _ result: VerificationResult, weight: Double = 1, _ region: Region, origins: [Token]
    ) {
        guard result != .partial, let slot = slotOfRegion[region] else { return }
        guard slots[slot].gate.configuration.trust == .earned else {
            return slots[slot].gate.nudge(by: result == .confirmed ? -0.02 : 0.05)
        }
        takeBack(nudge: result == .confirmed ? weight : -weight, region, origins: origins)
    }

    /// Weights of the gates whose trust is declared, where outcomes have moved them.
    package var declaredWeights: [(region: Region, weight: Double)] {
        slots.compactMap { slot in
            let configuration = slot.gate.configuration
            guard configuration.trust == .declared, slot.gate.weight != configuration.weight else { return nil }
            return (slot.region, slot.gate.weight)
        }
    }

    /// Weight of a region's gate as its settings declare it; nil where its trust is earned.
    package func declaredWeight(of region: Region) -> Double? {
        let configuration = gateConfiguration(region)
        return configuration.trust == .declared ? configuration.weight : nil
    }

    private mutating func change(_ slot: Int, _ origins: [Token], _ change: (inout Double, inout Double) -> Void) {
        let settings = slots[slot].gate.configuration
        let records = Dictionary(
            trustRecords(slot).map { ($0.origin, ($0.confirmed, $0.failed)) }, uniquingKeysWith: { first, _ in first })
        for origin in origins {
            var (confirmed, failed) = records[origin] ?? (0, 0)
            change(&confirmed, &failed)
            let sum = confirmed + failed
            let part = sum > settings.trustMemory ? settings.trustMemory / sum : 1
            slots[slot].gate.set(
                originNumber(origin), confirmed: confirmed * part, failed: failed * part)
        }
        rank(slot)
    }
}
