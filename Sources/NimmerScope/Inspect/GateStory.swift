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
