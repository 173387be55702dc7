import HeapModule
import NimmerGate
import NimmerWave

/// Strength of a gate's claim on attention: how near it is to its threshold, or how far beyond.
private struct Pull: Comparable {
    let pull: Double
    let slot: Int
    let potential: Double

    init(_ pull: Double, _ slot: Int, _ potential: Double) {
        self.pull = pull
        self.slot = slot
        self.potential = potential
    }

    static func < (a: Pull, b: Pull) -> Bool { (a.pull, b.slot) < (b.pull, a.slot) }

    /// Joins the strongest, of which the weakest leaves where they are too many.
    func join(_ strongest: inout Heap<Pull>, most: Int) {
        if strongest.count < most {
            strongest.insert(self)
        } else if let weakest = strongest.min, weakest < self {
            strongest.replaceMin(with: self)
        }
    }
}

extension Thalamus {
    /// Summary of what is open, what rises, and how busy it is (protocol.md, Subjects: Attention).
    ///
    /// - Parameters:
    ///   - wavesPerSecond: the rate since the last report.
    ///   - lost: waves that the bus dropped because this reader was too slow, since the start.
    ///   - lostLately: of these, since the last report.
    public func attention(at now: Timestamp, wavesPerSecond: Double, lost: Int, lostLately: Int) -> Attention {
        // Of thousands of gates only those that are named are checked closely: waves wait meanwhile.
        var open = Heap<Pull>()
        var rising = Heap<Pull>()
        var openGates = 0
        var isAlert = false
        for slot in slots.indices {
            let potential = slots[slot].gate.potential(at: now)
            if slots[slot].gate.state == .open {
                openGates += 1
                Pull(potential, slot, potential).join(&open, most: 256)
            } else if abs(potential) >= 0.01 {
                let threshold =
                    potential > 0
                    ? slots[slot].gate.configuration.openThreshold : slots[slot].gate.configuration.closeThreshold
                let pull = potential / threshold
                if pull >= 0.5, potential > 0 { isAlert = true }
                Pull(pull, slot, potential).join(&rising, most: 64)
            }
        }
        let mode: AttentionMode =
            if openGates > configuration.focusLimit || lostLately > 0 {
                .overwhelmed
            } else if openGates > 0 {
                .focused
            } else {
                isAlert ? .alert : .idle
            }
        return Attention(
            mode: mode, openGates: named(open), risingGates: named(rising),
            regions: slots.count, wavesPerSecond: wavesPerSecond, waves: counters.waves, openings: counters.openings,
            collapses: counters.collapses, escalations: counters.escalations, rejected: counters.rejected, lost: lost)
    }

    /// Those that pull strongest first, by name where they pull alike.
    private func named(_ pulls: Heap<Pull>) -> [AttendedGate] {
        pulls.unordered.sorted { ($1.pull, slots[$0.slot].gateID) < ($0.pull, slots[$1.slot].gateID) }
            .map { attended($0.slot, $0.potential) }
    }

    private func attended(_ slot: Int, _ potential: Double) -> AttendedGate {
        let gate = slots[slot].gate
        return AttendedGate(
            gateID: slots[slot].gateID, region: slots[slot].region, state: gate.state, potential: potential,
            weight: gate.reportedWeight, witnesses: gate.witnesses.count,
            openThreshold: gate.configuration.openThreshold,
            closeThreshold: gate.configuration.closeThreshold, releaseFraction: gate.configuration.releaseFraction,
            openedAt: slots[slot].lastOpening?.transition.at)
    }

    /// Every gate in a line, for `nimmer gate list`: the open first, then by potential.
    public func gates(at now: Timestamp, limit: Int = 1000) -> [AttendedGate] {
        let all = slots.indices.map { attended($0, slots[$0].gate.potential(at: now)) }
        return Array(
            all.sorted { ($1.state, $1.potential, $0.gateID) < ($0.state, $0.potential, $1.gateID) }.prefix(limit))
    }

    /// Number of known regions.
    public var regionCount: Int { slots.count }

    /// Every gate with what its region has led to, in no order, for measuring.
    public func census(at now: Timestamp) -> [(gate: AttendedGate, tally: RegionTally)] {
        slots.indices.map { (attended($0, slots[$0].gate.potential(at: now)), slots[$0].tally) }
    }

    /// Explains why a gate opened, or what keeps it from opening (gates.md, Explanation); nil when there is no such gate.
    ///
    /// - Parameter name: the gate's name or its region.
    public func explanation(of name: String, at now: Timestamp) -> JSON? {
        let name = home(ofAsked: name)
        guard let slot = slots.firstIndex(where: { $0.gateID.text == name || $0.region.text == name }) else {
            return nil
        }
        let gate = slots[slot].gate
        let settings = gate.configuration
        let potential = gate.potential(at: now)
        let steps = slots[slot].history
        var report: JSONObject = [
            "gate": .string(slots[slot].gateID.text), "region": .string(slots[slot].region.text),
            "state": .string(gate.state.word), "potential": .number(potential), "weight": .number(gate.reportedWeight),
            "reflex": .bool(gate.isReflex), "open_threshold": .number(settings.openThreshold),
            "close_threshold": .number(settings.closeThreshold), "release_fraction": .number(settings.releaseFraction),
            "floor": .number(settings.floor), "reflex_weight": .number(settings.reflexWeight),
            "max_origins": .number(Double(settings.maximumOrigins)),
            "window_ms": .number(gate.windowMilliseconds), "half_life_ms": .number(gate.halfLifeMilliseconds),
            "missing": .number(max(0, settings.openThreshold - potential)),
            "last_wave": .string(clock.wall(slots[slot].lastWave).rfc3339),
            "witnesses": .array(gate.witnesses.map { witness(slot, $0, now) }),
            "steps": .array(steps.map { step($0, isEarned: settings.trust == .earned) }),
        ]
        if settings.trust == .earned { explainTrust(slot, now, &report) }
        let joined = members(of: slots[slot].region)
        if !joined.isEmpty { report["joined"] = .array(joined.map { .string($0.text) }) }
        if settings.quorum > 1 { report["quorum"] = .number(Double(settings.quorum)) }
        if gate.interval > 0 { report["interval_ms"] = .number(gate.interval) }
        if let conclusion = slots[slot].lastOpening {
            let opening = conclusion.transition
            var members: [JSONObject.Member] =
                opening.opener == nil
                ? []
                : [
                    .init("why", .string(openingReason(slot, opening))),
                    .init("awaited", .bool(gate.undecided.contains { $0.id == conclusion.id })),
                ]
            members += [
                .init("transition_id", .string(conclusion.id.text)),
                .init("at", .string(opening.at.rfc3339)),
                .init("potential", .number(opening.stateValue)),
                .init("support", .number(opening.correlationScore)),
                .init("witnesses", .array(opening.triggerSignals.map(\.json))),
            ]
            report["opening"] = .object(JSONObject(members))
        }
        report["kept_from_opening"] = .array(obstacles(slot, potential, now).map { .string($0) })
        return .object(report)
    }

    private func witness(_ slot: Int, _ witness: GateWitness, _ now: Timestamp) -> JSON {
        let age = now.milliseconds(since: witness.at)
        return [
            "origin": .string(originToken(witness.origin).text), "source": .string(sourceName(slot, witness.origin)),
            "confidence": .number(witness.confidence), "polarity": .number(Double(witness.polarity)),
            "push": .number(witness.push), "age_ms": .number(age.rounded()),
            "in_window": .bool(age <= slots[slot].gate.windowMilliseconds),
        ]
    }

    private func step(_ step: Explanation, isEarned: Bool) -> JSON {
        var members: JSONObject = [
            "at": .string(clock.wall(step.at).rfc3339), "origin": .string(originToken(step.origin).text),
            "confidence": .number(step.confidence), "polarity": .number(Double(step.polarity)),
            "support": .number(step.support), "novelty": .number(step.novelty), "gain": .number(step.gain),
            "push": .number(step.push), "before": .number(step.before), "after": .number(step.after),
            "witnesses": .number(Double(step.witnesses)),
        ]
        guard isEarned else { return .object(members) }
        members["trust"] = .number(step.trust)
        members["ok"] = .number(step.confirmed)
        members["failed"] = .number(step.failed)
        members["voice"] = .number(step.voice)
        members["lift"] = .number(step.lift)
        members["hearing"] = .string(step.hearing.description)
        return .object(members)
    }

    private func names(of witnesses: [GateWitness]) -> String {
        witnesses.map { originToken($0.origin).text }.sorted().joined(separator: ", ")
    }

    /// In words, what keeps a gate from opening now: missing push, and witnesses that are too old, alone or contradicting.
    private func obstacles(_ slot: Int, _ potential: Double, _ now: Timestamp) -> [String] {
        let gate = slots[slot].gate
        guard gate.state != .open else { return [] }
        let settings = gate.configuration
        let fresh = gate.witnesses.filter { now.milliseconds(since: $0.at) <= gate.windowMilliseconds }
        var reasons = [
            "potential \(rounded(potential)) of \(rounded(settings.openThreshold)): \(rounded(max(0, settings.openThreshold - potential))) is missing"
        ]
        let old = gate.witnesses.filter { now.milliseconds(since: $0.at) > gate.windowMilliseconds }
        if !old.isEmpty {
            reasons.append("too old for the window of \(rounded(gate.windowMilliseconds)) ms: \(names(of: old))")
        }
        let asserting = fresh.filter { $0.polarity > 0 }
        let denying = fresh.filter { $0.polarity < 0 }
        if fresh.isEmpty {
            reasons.append("no witness within the window")
        } else if settings.trust == .earned {
            reasons += asserting.compactMap { lone($0, slot, now, isAlone: asserting.count == 1) }
        } else if asserting.count == 1, !gate.isReflex {
            reasons.append(
                "alone: only \(names(of: asserting)) asserts, and one origin cannot open a gate that is no reflex")
        }
        if asserting.count < settings.quorum {
            reasons.append(
                "\(asserting.count) of the \(settings.quorum) asserting origins that an opening needs (quorum)")
        }
        if !denying.isEmpty { reasons.append("contradicting: \(names(of: denying))") }
        let weak = asserting.filter { $0.confidence < 0.5 }
        if asserting.count > 1, !weak.isEmpty { reasons.append("weak: \(names(of: weak))") }
        let weakWaves = (weakWaves[slots[slot].region]?.waves ?? []).filter {
            now.milliseconds(since: $0.at) <= gate.windowMilliseconds
        }
        if !weakWaves.isEmpty {
            let waves = weakWaves.map { "\(originToken($0.origin).text) \(rounded($0.confidence))" }.sorted()
            reasons.append("below the floor of \(rounded(settings.floor)): \(waves.joined(separator: ", "))")
        }
        return reasons
    }
}

func rounded(_ value: Double) -> String { JSON.number((value * 1000).rounded() / 1000).text }
