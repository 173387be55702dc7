import NimmerGate
import NimmerWave

/// The sender whose wave has tipped a gate, and what that takes in the streams.
struct Payer: Sendable {
    let source: Int32
    let size: OpeningAdmission.Size
    let at: Timestamp
}

extension Thalamus {
    /// Bounds what openings take by the streams that keep them; until then by streams of the usual size.
    public mutating func keepOpenings(within room: OpeningRoom) { openings = OpeningAdmission(room) }

    /// Concludes what a wave has brought about. Where it tips its gate and its sender has tipped more than its share, the gate stays
    /// STABLE, so that it is in no state that is not stored; releases are paid for with what they end, and always happen.
    ///
    /// - Parameter arrival: when the wave came in, on the wall; nil in replay, where nothing is bounded.
    /// - Throws: a ``Refusal`` where the gate was held.
    @inline(never)
    mutating func concludeBounded(_ slot: Int, _ source: Int32, _ arrival: Timestamp?) throws(Refusal) {
        guard configuration.boundsNewRegions, let arrival, let last = transitions.last, last.from == .stable else {
            return conclude(slot)
        }
        let now = Timestamp(nanoseconds: arrival.nanoseconds &- clock.drift)
        let size = size(of: slot, opens: last.to == .open)
        guard openings.admits(source, slots[slot].region, size, at: now) else {
            transitions.removeLast()
            slots[slot].gate.holdBack()
            conclude(slot)
            counters.heldGates &+= 1
            throw Refusal(
                .rate, field: "body.region",
                "limited: its sender opens more gates than its share (\(OpeningAdmission.words)); the gate stays as it is",
                found: "'\(slots[slot].region)'")
        }
        payer = Payer(source: source, size: size, at: now)
        conclude(slot)
        payer = nil
    }

    /// Returns whether the question of the opening that is being concluded may go up.
    mutating func paysForQuestion() -> Bool {
        guard let payer else { return true }
        if openings.admitsQuestion(payer.source, payer.size, at: payer.at) { return true }
        counters.heldQuestions &+= 1
        return false
    }

    private func size(of slot: Int, opens: Bool) -> OpeningAdmission.Size {
        let contents = opens ? slots[slot].records.reduce(0) { $0 + $1.content.count + $1.artifacts.count } : 0
        return OpeningAdmission.Size(
            witnesses: min(Self.namedWitnesses, slots[slot].gate.witnesses.count),
            contents: min(Self.carriedContent, contents))
    }
}
