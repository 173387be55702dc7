import NimmerOutput
import NimmerWave

/// An explanation for a person (gates.md, Explanation).
package struct GateStory {
    package let explanation: JSON
    package let paint: Paint

    package init(_ explanation: JSON, _ paint: Paint) {
        self.explanation = explanation
        self.paint = paint
    }

    package var lines: [TerminalText] { head + opening + obstacles + witnesses + steps }

    private func number(_ json: JSON?, _ key: String) -> Double { json?[key]?.double ?? 0 }

    private var head: [TerminalText] {
        let state = GateState(word: explanation["state"]?.string ?? "") ?? .stable
        let potential = number(explanation, "potential")
        let threshold = number(explanation, "open_threshold")
        let reflex = explanation["reflex"]?.bool == true ? ", a reflex" : ""
        return [
            "\(paint(.strong, "\(explanation["region"]?.string ?? "")"))  \(paint.state(state))  \(signed(potential))  "
                + "\(Bar.potential(potential, threshold: threshold))  opens at \(decimals(threshold)), "
                + "weight \(decimals(number(explanation, "weight")))\(reflex)"
        ]
    }

    private var opening: [TerminalText] {
        guard let opening = explanation["opening"], !opening.isNull else { return ["", "It has not opened yet."] }
        let at = (opening["at"]?.string).flatMap { try? Timestamp(rfc3339: $0) }
        var lines: [TerminalText] = [
            "",
            "It opened at \(at.map(LocalTime.clock) ?? "?"), at potential \(signed(number(opening, "potential"))), "
                + "with support \(decimals(number(opening, "support"))), because these agreed:",
        ]
        var table = Table([])
        for witness in opening["witnesses"]?.array ?? [] {
            let origin = witness["origin"]?.string ?? ""
            let source = witness["source"]?.string ?? ""
            table.add([
                origin, decimals(number(witness, "confidence")), "push \(signed(number(witness, "push")))",
                number(witness, "polarity") < 0 ? "denies" : "", source == origin ? "" : paint(.quiet, "\(source)"),
            ])
        }
        lines += table.lines(paint, indent: 2)
        if let id = opening["transition_id"]?.string { lines.append(paint(.quiet, "  nimmer memory why \(id)")) }
        return lines
    }

    private var obstacles: [TerminalText] {
        let reasons = (explanation["kept_from_opening"]?.array ?? []).compactMap(\.string)
        guard !reasons.isEmpty else { return [] }
        return ["", "What keeps it from opening now:"] + reasons.map { "  \($0)" }
    }

    private var witnesses: [TerminalText] {
        let fresh = (explanation["witnesses"]?.array ?? []).filter { $0["in_window"]?.bool == true }
        guard !fresh.isEmpty else { return [] }
        var table = Table([])
        for witness in fresh {
            table.add([
                witness["origin"]?.string ?? "", decimals(number(witness, "confidence")),
                number(witness, "polarity") < 0 ? "denies" : "asserts",
                "\(LocalTime.span(milliseconds: number(witness, "age_ms"))) ago",
            ])
        }
        let window = LocalTime.span(milliseconds: number(explanation, "window_ms"))
        return ["", "Witnesses within its window of \(window):"] + table.lines(paint, indent: 2)
    }

    private var steps: [TerminalText] {
        let steps = explanation["steps"]?.array ?? []
        guard !steps.isEmpty else { return [] }
        var table = Table(["time", "origin", "sure", "support", "novelty", "gain", "push", "potential"])
        for step in steps.suffix(8) {
            let at = (step["at"]?.string).flatMap { try? Timestamp(rfc3339: $0) }
            table.add([
                at.map(LocalTime.clock) ?? "", step["origin"]?.string ?? "", decimals(number(step, "confidence")),
                decimals(number(step, "support")), decimals(number(step, "novelty")), decimals(number(step, "gain")),
                signed(number(step, "push")), "\(signed(number(step, "before"))) → \(signed(number(step, "after")))",
            ])
        }
        return ["", "How the last waves moved it:"] + table.lines(paint, indent: 2)
    }
}
