import NimmerWave

extension ScopeState {
    /// A gate: the thalamus's report of it, or, without one, what was seen of it.
    func inspection(ofGate region: String) -> Inspection {
        var inspection = Inspection(title: "gate \(region)")
        let track = gates.tracks[region]
        switch explanations[region] {
        case .success(let report): GateReport(report: report, settings: settings).add(to: &inspection)
        case .failure(let failure):
            addState(track, to: &inspection)
            inspection.lines.append(InkLine("The thalamus did not answer: \(failure)", .warning))
            addChanges(track, to: &inspection)
        case nil:
            addState(track, to: &inspection)
            if settings.source == .live, track != nil {
                inspection.lines.append(InkLine("Enter", .accent).and(" asks the thalamus why.", .quiet))
            }
            addChanges(track, to: &inspection)
        }
        return inspection
    }

    /// Adds the state of the gate, from messages alone.
    private func addState(_ track: GateTrack?, to inspection: inout Inspection) {
        guard let track else {
            inspection.lines.append(InkLine("Nothing was heard of this gate.", .quiet))
            return
        }
        let gate = view.hold.flatMap { track.gate(at: view.cursor ?? $0.end) } ?? track.gate
        let state = EventText.state(gate.state)
        inspection.lines.append(
            InkLine(state.text, state.ink).and(" \(signed(gate.potential))", .strong).and(" opens at ", .quiet)
                .and(decimals(gate.openThreshold)).and(" missing ", .quiet)
                .and(decimals(gate.state == .open ? 0 : max(0, gate.openThreshold - gate.potential))))
        inspection.lines.append(
            InkLine("weight ", .quiet).and(decimals(gate.weight)).and("  witnesses ", .quiet)
                .and("\(gate.witnesses)"))
    }

    /// Adds how it last closed or was released, and how it last opened, from messages alone.
    private func addChanges(_ track: GateTrack?, to inspection: inout Inspection) {
        let moment = momentShown ?? .max
        if let change = track?.change(notAfter: moment), change.to != .open,
            case .gateTransition(let transition)? = kept(change.entry)
        {
            let (from, to) = (EventText.state(transition.body.fromState), EventText.state(transition.body.toState))
            inspection.section("last change  \(from.text) → \(to.text)")
            inspection.lines += lines(of: transition.body, story: nil)
        }
        guard let opening = track?.change(notAfter: moment, to: .open),
            case .gateTransition(let transition)? = kept(opening.entry)
        else { return }
        inspection.section("last opening")
        inspection.lines += self.inspection(of: transition, opening.entry).lines
    }
}

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

    private func number(_ json: JSON?, _ key: String) -> Double { json?[key]?.double ?? 0 }

    private func clock(_ json: JSON?, characters: Int) -> String? {
        guard let text = json?["at"]?.string, let at = try? Timestamp(rfc3339: text) else { return nil }
        return settings.clock(at.nanoseconds, characters: characters)
    }

    private func addHead(to inspection: inout Inspection) {
        let state = EventText.state(GateState(word: report["state"]?.string ?? "") ?? .stable)
        inspection.lines.append(
            InkLine(state.text, state.ink).and(" \(signed(number(report, "potential")))", .strong)
                .and(" opens at ", .quiet).and(decimals(number(report, "open_threshold")))
                .and(" missing ", .quiet).and(decimals(number(report, "missing"))))
        inspection.lines.append(
            InkLine("weight ", .quiet).and(decimals(number(report, "weight")))
                .and(report["reflex"]?.bool == true ? ", a reflex" : "").and("  window ", .quiet)
                .and(span(milliseconds: number(report, "window_ms"))).and("  half-life ", .quiet)
                .and(span(milliseconds: number(report, "half_life_ms"))))
    }

    private func addWitnesses(to inspection: inout Inspection) {
        let fresh = (report["witnesses"]?.array ?? []).filter { $0["in_window"]?.bool == true }
        inspection.section(fresh.isEmpty ? "no witness within the window" : "witnesses within the window")
        let width = heading(fresh, &inspection)
        for witness in fresh {
            var line = self.witness(witness, width)
            line.add(number(witness, "polarity") < 0 ? "  denies" : "", .bad)
            line.add("  \(span(milliseconds: number(witness, "age_ms"))) ago", .quiet)
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
        let width = max(6, min(14, witnesses.map { $0["origin"]?.string?.count ?? 0 }.max() ?? 0))
        if !witnesses.isEmpty {
            inspection.lines.append(InkLine("\(padded("origin", width))  sure   push", .quiet))
        }
        return width
    }

    private func witness(_ witness: JSON, _ width: Int) -> InkLine {
        let push = number(witness, "push")
        return InkLine(padded(witness["origin"]?.string ?? "", width), .nervous)
            .and("  \(decimals(number(witness, "confidence")))  ")
            .and(signed(push), push > 0.005 ? .good : push < -0.005 ? .bad : .quiet)
    }

    private func addOpening(to inspection: inout Inspection) {
        guard let opening = report["opening"], !opening.isNull else { return }
        inspection.section("last opening  \(clock(opening, characters: 12) ?? "")")
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
            let origin = String((step["origin"]?.string ?? "").prefix(14))
            inspection.lines.append(
                InkLine("  \(clock(step, characters: 8) ?? padded("", 8))  ", .quiet)
                    .and(padded(origin, 14), .nervous)
                    .and("  \(decimals(number(step, "confidence")))  \(signed(number(step, "push")))  ")
                    .and("\(signed(number(step, "before"))) → \(signed(number(step, "after")))", .strong))
        }
    }
}
