import NimmerGate
import NimmerWave

// Earned trust in words and numbers (trust.md, Explanation).

extension Thalamus {
    /// Adds what a gate holds of its origins to its explanation.
    func explainTrust(_ slot: Int, _ now: Timestamp, _ report: inout JSONObject) {
        let gate = slots[slot].gate
        report["trust"] = .string(gate.configuration.trust.rawValue)
        // What an outcome will lead to follows from these.
        report["prior_weight"] = .number(gate.configuration.weight)
        report["prior_outcomes"] = .number(gate.configuration.priorOutcomes)
        report["failed_weight"] = .number(gate.configuration.failedWeight)
        report["trust_memory"] = .number(gate.configuration.trustMemory)
        report["hearing_ms"] = gate.configuration.hearingMilliseconds.map { .number($0) }
        let records = gate.records.sorted { first, second in
            let (a, b) = (gate.value(of: first), gate.value(of: second))
            return a == b ? originToken(first.origin).text < originToken(second.origin).text : a > b
        }
        report["origins"] = .array(records.map { origin($0, gate) })
        report["awaited_outcomes"] = .number(Double(gate.undecided.count))
    }

    private func origin(_ record: OriginTrust, _ gate: Gate) -> JSON {
        let trust = gate.value(of: record)
        return [
            "origin": .string(originToken(record.origin).text), "trust": .number(trust),
            "ok": .number(record.confirmed), "failed": .number(record.failed),
            "voice": .number(gate.voice(of: trust)),
        ]
    }

    /// Reason why a gate opened: its opener and the record that vouches for it.
    func openingReason(_ slot: Int, _ opening: GateTransition) -> String {
        guard let opener = opening.opener else { return "" }
        let signal = opening.triggerSignals.first { $0.origin == opener }
        let others = opening.assertingOrigins.count - 1
        let company = others > 0 ? "with \(others) other\(others == 1 ? "" : "s")" : "alone"
        let sure = signal.map { " at \(rounded($0.confidence))" } ?? ""
        // As it was at the opening, where that is still known.
        let at = clock.process(opening.at)
        let step = slots[slot].history.last { originToken($0.origin) == opener && $0.at == at }
        if let step, step.hearing == .granted { return "\(opener) \(company)\(sure): heard once, \(Self.words(step))" }
        let words = step.map(Self.words) ?? opening.trust.map { "trusted \(rounded($0))" } ?? "untried"
        return "\(opener) \(company)\(sure): \(words)"
    }

    private static func words(_ step: Explanation) -> String {
        words(trust: step.trust, confirmed: step.confirmed, failed: step.failed)
    }

    private static func words(trust: Double, confirmed: Double, failed: Double) -> String {
        guard confirmed + failed > 0 else { return "untried, trusted \(rounded(trust))" }
        return "trusted \(rounded(trust)), \(rounded(confirmed)) of \(rounded(confirmed + failed)) confirmed"
    }

    /// The state of a witness's claim, where it has not opened the gate.
    func lone(_ witness: GateWitness, _ slot: Int, _ now: Timestamp, isAlone: Bool) -> String? {
        let gate = slots[slot].gate
        guard let record = gate.records.first(where: { $0.origin == witness.origin }) else { return nil }
        let trust = gate.value(of: record)
        var words = Self.words(trust: trust, confirmed: record.confirmed, failed: record.failed)
        let voice = gate.voice(of: trust)
        if voice < 1 { words += ", speaks at \(rounded(voice))" }
        if isAlone, let wait = gate.hearing(of: witness.origin, at: now) {
            words += ", \(wait.description)"
        }
        let company = isAlone ? " alone" : ""
        return "\(originToken(witness.origin)) \(rounded(witness.confidence))\(company): \(words)"
    }
}
