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

    package var lines: [TerminalText] { head + opening + obstacles + witnesses + origins + steps }

    private var isEarned: Bool { explanation["trust"]?.string == "earned" }

    private var head: [TerminalText] {
        let gate = GateValues(explanation)
        let reflex = explanation["reflex"]?.bool == true ? ", a reflex" : ""
        let trust: TerminalText = isEarned ? "trust earned" : "weight \(gate.decimals("weight"))\(reflex)"
        let joined = (explanation["joined"]?.array ?? []).compactMap(\.string)
        let members: [TerminalText] =
            joined.isEmpty
            ? [] : ["the gate of \(joined.joined(separator: ", ")), too: `nimmer region why NAME` shows why"]
        return [
            "\(paint(.strong, "\(gate.text("region"))"))  \(gate.state(paint))  \(gate.signed("potential"))  "
                + "\(gate.bar)  opens at \(gate.decimals("open_threshold")), \(trust)"
        ] + members
    }

    private var opening: [TerminalText] {
        guard let opening = explanation["opening"], !opening.isNull else { return ["", "It has not opened yet."] }
        let values = GateValues(opening)
        var lines: [TerminalText] = [
            "",
            "It opened at \(values.clock("at")), at potential \(values.signed("potential")), "
                + "with support \(values.decimals("support")), because these agreed:",
        ]
        if let why = opening["why"]?.string {
            lines[1] =
                "It opened at \(values.clock("at")), at potential \(values.signed("potential")): \(paint(.strong, "\(why)"))"
        }
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
        if let id = opening["transition_id"]?.string {
            lines.append(paint(.quiet, "  nimmer memory why \(id)"))
            if isEarned, opening["awaited"]?.bool == true {
                lines.append(paint(.quiet, "  nimmer verify \(String(id.prefix(8))) confirmed|failed"))
            }
        }
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

    /// Records of the origins, where trust is earned.
    private var origins: [TerminalText] {
        let origins = explanation["origins"]?.array ?? []
        guard isEarned, !origins.isEmpty else { return [] }
        var table = Table(["origin", "trust", "confirmed", "failed", "voice"])
        for origin in origins.prefix(16) {
            let values = GateValues(origin)
            table.add([
                "\(values.text("origin"))", "\(values.decimals("trust"))", "\(values.decimals("ok"))",
                "\(values.decimals("failed"))", "\(values.decimals("voice"))",
            ])
        }
        let gate = GateValues(explanation)
        let more: [TerminalText] = origins.count > 16 ? ["  and \(origins.count - 16) more"] : []
        return ["", "Trust in its origins; from \(gate.decimals("reflex_weight")) one voice is enough:"]
            + table.lines(paint, indent: 2) + more
    }

    private var steps: [TerminalText] {
        let steps = explanation["steps"]?.array ?? []
        guard !steps.isEmpty else { return [] }
        let trust: [TerminalText] = isEarned ? ["trust", "voice", "lift"] : []
        var table = Table(
            ["time", "origin", "sure"] + trust + ["support", "novelty", "gain", "push", "potential"]
                + (isEarned ? ["hearing"] : []))
        for step in steps.suffix(8) {
            let values = GateValues(step)
            let earned: [TerminalText] =
                isEarned
                ? ["\(values.decimals("trust"))", "\(values.decimals("voice"))", "\(values.signed("lift"))"] : []
            let hearing = values.text("hearing")
            let before: [TerminalText] = [
                "\(values.clock("at"))", "\(values.text("origin"))", "\(values.decimals("confidence"))",
            ]
            let after: [TerminalText] = [
                "\(values.decimals("support"))", "\(values.decimals("novelty"))", "\(values.decimals("gain"))",
                "\(values.signed("push"))", "\(values.signed("before")) → \(values.signed("after"))",
            ]
            table.add(before + earned + after + (isEarned ? [hearing == "none" ? "" : "\(hearing)"] : []))
        }
        return ["", "How the last waves moved it:"] + table.lines(paint, indent: 2)
    }
}
