import NimmerWave

extension ScopeState {
    /// Explanation of an opening, from the transition itself (gates.md, Explanation): the witnesses, what each added, and the threshold.
    func inspection(of transition: Envelope<GateTransition>, _ number: Int) -> Inspection {
        let story = stories.story(ofTransition: number)
        var inspection = Inspection(title: "why \(transition.body.region) opened")
        inspection.lines = lines(of: transition.body, story: story)
        if let story { add(story, to: &inspection, withWitnesses: false) }
        return inspection
    }

    /// Lines of a transition: the witnesses and what each added, where it was then, what it cost.
    func lines(of body: GateTransition, story: Stories.Story?) -> [InkLine] {
        var lines: [InkLine] = []
        let width = max(6, min(16, body.triggerSignals.map { $0.origin.text.count }.max() ?? 0))
        if !body.triggerSignals.isEmpty {
            lines.append(InkLine("\(padded("origin", width))  sure  alike   push", .quiet))
        }
        var collapsed: [Witness] = []
        if let entry = story?.collapse, case .collapse(let collapse)? = kept(entry) {
            collapsed = collapse.body.witnesses
        }
        for signal in body.triggerSignals {
            let alike = collapsed.first { $0.origin == signal.origin }.map { decimals($0.similarity) } ?? "   —"
            var line = InkLine(padded(signal.origin.text, width), .nervous)
            line.add("  \(decimals(signal.confidence))   \(alike)  ")
            line.add(signed(signal.push), signal.push > 0.005 ? .good : signal.push < -0.005 ? .bad : .quiet)
            if signal.polarity < 0 { line.add("  denies", .bad) }
            lines.append(line)
        }
        let gate = gates.tracks[body.region.text]?.gate
        switch body.toState {
        case .open:
            lines.append(
                InkLine("threshold ", .quiet).and(decimals(gate?.openThreshold ?? 0.5)).and(" reached at ", .quiet)
                    .and(decimals(body.stateValue), .good))
        case .closed:
            lines.append(
                InkLine("threshold ", .quiet).and(decimals(gate?.closeThreshold ?? -0.5)).and(" reached at ", .quiet)
                    .and(signed(body.stateValue), .bad))
        case .stable: lines.append(InkLine("released at ", .quiet).and(signed(body.stateValue)))
        }
        lines.append(
            InkLine("support ", .quiet).and(decimals(body.correlationScore)).and("  weight ", .quiet)
                .and(decimals(body.weight)).and("  cost ", .quiet).and("\(decimals(body.lifeforceCost, 1)) LF"))
        lines.append(InkLine("at ", .quiet).and(settings.clock(body.at.nanoseconds)))
        return lines
    }

    /// A collapse, what it led to, and what was decided.
    func inspection(of story: Stories.Story) -> Inspection {
        var inspection = Inspection(title: story.request == nil ? "collapse" : "escalation")
        add(story, to: &inspection, withWitnesses: true)
        return inspection
    }

    private func add(_ story: Stories.Story, to inspection: inout Inspection, withWitnesses: Bool) {
        let collapsedAt = addCollapse(story, &inspection, withWitnesses)
        guard let number = story.request, case .cognitiveRequest(let request)? = kept(number) else {
            if story.collapse != nil { inspection.lines.append(InkLine("It was not escalated.", .quiet)) }
            return
        }
        let asked = request.body
        inspection.section("\(sign(.request)) request  \(asked.eventType)", .cognitive)
        inspection.field("at", settings.clock(request.header.timestamp.nanoseconds))
        inspection.field(
            "budget",
            "\(decimals(asked.processingBudgetLF, 1)) LF, answer by "
                + settings.clock(asked.expiresAt.nanoseconds, characters: 8))
        for action in asked.suggestedActions {
            inspection.field("could", "\(action.action) (\(decimals(action.confidence)))")
        }
        addDecision(story, &inspection, collapsedAt)
    }

    /// - Returns: when the waves collapsed.
    private func addCollapse(
        _ story: Stories.Story, _ inspection: inout Inspection, _ withWitnesses: Bool
    ) -> Int64? {
        guard let number = story.collapse, case .collapse(let collapse)? = kept(number) else { return nil }
        let body = collapse.body
        inspection.section("\(sign(.collapse)) collapse  \(body.region)  \(decimals(body.confidence))")
        let window = elapsed(from: body.windowStart.nanoseconds, to: body.windowEnd.nanoseconds)
        inspection.field(
            "at",
            settings.clock(body.windowEnd.nanoseconds)
                + ", \(body.witnesses.count) witnesses within \(span(nanoseconds: window))")
        guard withWitnesses else { return body.windowEnd.nanoseconds }
        let width = max(6, min(16, body.witnesses.map { $0.origin.text.count }.max() ?? 0))
        for witness in body.witnesses {
            inspection.lines.append(
                InkLine("  " + padded(witness.origin.text, width), .nervous)
                    .and("  \(decimals(witness.confidence))  ").and(witness.semanticContent.text, .quiet))
            for artifact in witness.artifacts {
                inspection.lines.append(
                    InkLine("  " + padded("", width), .nervous).and("  artifact \(artifact.name)", .quiet))
            }
        }
        return body.windowEnd.nanoseconds
    }

    private func sign(_ sign: Sign) -> Character { Character(sign.glyph(settings.glyphs)) }

    private func addDecision(_ story: Stories.Story, _ inspection: inout Inspection, _ collapsedAt: Int64?) {
        guard let number = story.response, case .cognitiveResponse(let response)? = kept(number) else {
            inspection.section("\(sign(.response)) no decision yet", .warning)
            return
        }
        let body = response.body
        inspection.section(
            "\(sign(.response)) decision  \(body.decision)", body.outcome == .answered ? .cognitive : .bad)
        let at = response.header.timestamp
        inspection.field(
            "at",
            settings.clock(at.nanoseconds)
                + (collapsedAt.map {
                    ", \(span(nanoseconds: elapsed(from: $0, to: at.nanoseconds))) after the collapse"
                } ?? ""))
        inspection.field("outcome", body.outcome.rawValue, body.outcome == .answered ? .good : .bad)
        inspection.field("by", body.mind.map { "\($0.model) at \($0.server)" } ?? "the boundary, by rule")
        inspection.field(
            "took",
            "\(latency(body.processingTimeMilliseconds)), \(decimals(body.lifeforceSpent, 1)) LF")
        for command in body.downstreamCommands {
            inspection.field("command", "\(command.target).\(command.command) \(command.payload.text)", .organs)
        }
        if body.result.object?.members.isEmpty == false {
            inspection.lines.append(InkLine("result", .quiet))
            inspection.json(body.result)
        }
    }
}
