import NimmerWave

/// The thalamus's explanation of a gate, as the inspector shows it (gates.md, Explanation).
struct GateReport {
    let report: JSON
    let settings: ScopeSettings

    /// Adds its lines.
    func add(to inspection: inout Inspection) {
        addHead(to: &inspection)
        addWitnesses(to: &inspection)
        addOpening(to: &inspection)
        addSteps(to: &inspection)
    }

    /// Stands for what the thalamus does not report, or reports as another type.
    private static let absent = "?"

    private func number(_ json: JSON?, _ key: String, _ text: (Double) -> String = { decimals($0) }) -> String {
        json?[key]?.double.map(text) ?? Self.absent
    }

    private func origin(_ json: JSON) -> String { json["origin"]?.string ?? Self.absent }

    private func clock(_ json: JSON?, characters: Int) -> String? {
        guard let text = json?["at"]?.string, let at = try? Timestamp(rfc3339: text) else { return nil }
        return settings.clock(at.nanoseconds, characters: characters)
    }

    private func addHead(to inspection: inout Inspection) {
        let state = report["state"]?.string.flatMap { GateState(word: $0) }.map { EventText.state($0) }
        inspection.lines.append(
            InkLine(state?.text ?? Self.absent, state?.ink ?? .quiet)
                .and(" \(number(report, "potential") { signed($0) })", .strong)
                .and(" opens at ", .quiet).and(number(report, "open_threshold"))
                .and(" missing ", .quiet).and(number(report, "missing")))
        inspection.lines.append(
            InkLine("weight ", .quiet).and(number(report, "weight"))
                .and(report["reflex"]?.bool == true ? ", a reflex" : "").and("  window ", .quiet)
                .and(number(report, "window_ms") { span(milliseconds: $0) }).and("  half-life ", .quiet)
                .and(number(report, "half_life_ms") { span(milliseconds: $0) }))
    }

    private func addWitnesses(to inspection: inout Inspection) {
        let fresh = (report["witnesses"]?.array ?? []).filter { $0["in_window"]?.bool == true }
        inspection.section(fresh.isEmpty ? "no witness within the window" : "witnesses within the window")
        let width = heading(fresh, &inspection)
        for witness in fresh {
            var line = self.witness(witness, width)
            line.add(number(witness, "polarity") { $0 < 0 ? "  denies" : "" }, .bad)
            line.add("  \(number(witness, "age_ms") { span(milliseconds: $0) }) ago", .quiet)
            inspection.lines.append(line)
        }
        let reasons = (report["kept_from_opening"]?.array ?? []).compactMap(\.string)
        guard !reasons.isEmpty else { return }
        inspection.section("what keeps it from opening")
        for reason in reasons { inspection.lines.append(InkLine("  " + reason)) }
    }

    /// Adds the heading above witnesses.
    ///
    /// - Returns: how wide their names are.
    private func heading(_ witnesses: [JSON], _ inspection: inout Inspection) -> Int {
        let width = max(6, min(14, witnesses.map { origin($0).count }.max() ?? 0))
        if !witnesses.isEmpty {
            inspection.lines.append(InkLine("\(padded("origin", width))  sure   push", .quiet))
        }
        return width
    }

    private func witness(_ witness: JSON, _ width: Int) -> InkLine {
        let line = InkLine(padded(origin(witness), width), .nervous).and("  \(number(witness, "confidence"))  ")
        guard let push = witness["push"]?.double else { return line.and(Self.absent, .quiet) }
        return line.and(signed(push), push > 0.005 ? .good : push < -0.005 ? .bad : .quiet)
    }

    private func addOpening(to inspection: inout Inspection) {
        guard let opening = report["opening"], !opening.isNull else { return }
        inspection.section("last opening  \(clock(opening, characters: 12) ?? Self.absent)")
        let witnesses = opening["witnesses"]?.array ?? []
        let width = heading(witnesses, &inspection)
        inspection.lines += witnesses.map { witness($0, width) }
    }

    private func addSteps(to inspection: inout Inspection) {
        let steps = report["steps"]?.array ?? []
        guard !steps.isEmpty else { return }
        inspection.section("how the last waves moved it")
        inspection.lines.append(
            InkLine("  \(padded("time", 8))  \(padded("origin", 14))  sure   push  potential", .quiet))
        for step in steps.suffix(8) {
            let origin = String(self.origin(step).prefix(14))
            inspection.lines.append(
                InkLine("  \(clock(step, characters: 8) ?? padded(Self.absent, 8))  ", .quiet)
                    .and(padded(origin, 14), .nervous)
                    .and("  \(number(step, "confidence"))  \(number(step, "push") { signed($0) })  ")
                    .and("\(number(step, "before") { signed($0) }) → \(number(step, "after") { signed($0) })", .strong))
        }
    }
}
