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

    private var head: [TerminalText] {
        let gate = GateValues(explanation)
        let reflex = explanation["reflex"]?.bool == true ? ", a reflex" : ""
        return [
            "\(paint(.strong, "\(gate.text("region"))"))  \(gate.state(paint))  \(gate.signed("potential"))  "
                + "\(gate.bar)  opens at \(gate.decimals("open_threshold")), weight \(gate.decimals("weight"))\(reflex)"
        ]
    }

    private var opening: [TerminalText] {
        guard let opening = explanation["opening"], !opening.isNull else { return ["", "It has not opened yet."] }
        let values = GateValues(opening)
        var lines: [TerminalText] = [
            "",
            "It opened at \(values.clock("at")), at potential \(values.signed("potential")), "
                + "with support \(values.decimals("support")), because these agreed:",
        ]
        var table = Table([])
        for witness in opening["witnesses"]?.array ?? [] {
            let values = GateValues(witness)
            let (origin, source) = (values.text("origin"), values.text("source"))
            table.add([
                "\(origin)", "\(values.decimals("confidence"))", "push \(values.signed("push"))",
                values.polarity == "asserts" ? "" : "\(values.polarity)",
                source == origin ? "" : paint(.quiet, "\(source)"),
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
            let values = GateValues(witness)
            table.add([
                "\(values.text("origin"))", "\(values.decimals("confidence"))", "\(values.polarity)",
                "\(values.span("age_ms")) ago",
            ])
        }
        let window = GateValues(explanation).span("window_ms")
        return ["", "Witnesses within its window of \(window):"] + table.lines(paint, indent: 2)
    }

    private var steps: [TerminalText] {
        let steps = explanation["steps"]?.array ?? []
        guard !steps.isEmpty else { return [] }
        var table = Table(["time", "origin", "sure", "support", "novelty", "gain", "push", "potential"])
        for step in steps.suffix(8) {
            let values = GateValues(step)
            table.add([
                "\(values.clock("at"))", "\(values.text("origin"))", "\(values.decimals("confidence"))",
                "\(values.decimals("support"))", "\(values.decimals("novelty"))", "\(values.decimals("gain"))",
                "\(values.signed("push"))", "\(values.signed("before")) → \(values.signed("after"))",
            ])
        }
        return ["", "How the last waves moved it:"] + table.lines(paint, indent: 2)
    }
}
