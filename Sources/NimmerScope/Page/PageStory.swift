import NimmerWave

/// The messages of one opening, from an oscilloscope's buffer or from long-term memory: what a card of a decision is made of.
package struct PageStory: Sendable {
    /// The opening.
    package var transition: Envelope<GateTransition>?
    package var collapse: Envelope<Collapse>?
    package var request: Envelope<CognitiveRequest>?
    package var response: Envelope<CognitiveResponse>?
    package var act: Envelope<Act>?
    package var outcome: AcceptedOutcome?
    /// Reason that was given with the outcome.
    package var note: String?
    /// Indicates whether it is from PostgreSQL.
    package var isRemembered = false
    /// Its place among the openings of its gate that are known, from 1, and their number; nil where they were not counted.
    package var place: (number: Int, of: Int)?

    package init() {}

    /// Region of the opening.
    package var region: Region? { transition?.body.region ?? collapse?.body.region }
    /// Id of the opening.
    package var opening: MessageID? { transition?.header.messageID ?? collapse?.body.transitionID }
    /// Time of the opening.
    package var at: Timestamp? { transition?.body.at ?? collapse?.body.windowEnd }
}

extension ScopeState {
    /// The messages of an opening that are kept.
    ///
    /// - Parameter id: the id of the transition, the collapse or the request.
    /// - Returns: nil where nothing of it is kept.
    package func pageStory(of id: MessageID, _ feed: PageFeed) -> PageStory? {
        guard let found = stories.story(of: id) ?? stories.story(ofRequest: id) ?? storyOfTransition(id) else {
            return nil
        }
        var story = PageStory()
        if let entry = found.transition, case .gateTransition(let message)? = kept(entry) { story.transition = message }
        if let entry = found.collapse, case .collapse(let message)? = kept(entry) { story.collapse = message }
        if let entry = found.request, case .cognitiveRequest(let message)? = kept(entry) { story.request = message }
        if let entry = found.response, case .cognitiveResponse(let message)? = kept(entry) { story.response = message }
        guard story.transition != nil || story.collapse != nil else { return nil }
        if let request = story.request?.body.requestID, let entry = feed.acts[request],
            case .act(let message)? = kept(entry)
        {
            story.act = message
        }
        if let opening = story.opening, let entry = feed.outcomes[opening],
            case .acceptedOutcome(let message)? = kept(entry), message.body.effect != .withdrawal
        {
            story.outcome = message.body
            if let entry = feed.reports[opening], case .verificationOutcome(let report)? = kept(entry),
                report.header.messageID == message.body.verification
            {
                story.note = report.body.actualResult?.string
            }
        }
        if let region = story.region?.text, let entry = found.transition, let track = gates.tracks[region] {
            let opened = track.changes.numbers.map { track.changes[$0] }.filter { $0.to == .open }
            if let place = opened.firstIndex(where: { $0.entry == entry }) { story.place = (place + 1, opened.count) }
        }
        return story
    }

    private func storyOfTransition(_ id: MessageID) -> Stories.Story? {
        guard let entry = stories.entry(ofTransition: id) else { return nil }
        return stories.story(ofTransition: entry) ?? Stories.Story(transition: entry)
    }
}

/// A decision as a page shows it (docs/reference/web.md, Decision).
package struct PageCard: Sendable {
    let story: PageStory
    let feed: PageFeed
    let state: ScopeState

    package init(_ story: PageStory, _ feed: PageFeed, _ state: ScopeState) {
        self.story = story
        self.feed = feed
        self.state = state
    }

    private var gate: String? { story.region.map { state.buffer.homes.home(of: $0.text) } }

    package var json: JSONObject {
        let gate = gate ?? ""
        let number = feed.names.gate(gate)
        var card: JSONObject = [
            "id": .string(story.opening?.text ?? ""),
            "collapse": story.collapse.map { .string($0.body.collapseID.text) } ?? .null,
            "gate": number.map { PageText.count($0) } ?? .null, "name": PageText.shown(gate, PageText.name),
            "title": PageText.shown("\(gate) opened", PageText.name + 8),
            "at": story.at.map { PageText.moment($0) } ?? .null,
            "number": story.place.map { PageText.count($0.number) } ?? .null,
            "of": story.place.map { PageText.count($0.of) } ?? .null,
            "confidence": PageText.number(story.collapse?.body.confidence ?? story.transition?.body.stateValue ?? 0),
            "sentence": .string(sentence), "witnesses": .array(witnesses),
        ]
        card["request"] = request
        card["answers"] = .array(answers)
        card["refused"] = .array(refused)
        card["commands"] = .array(commands)
        card["waiting"] = waiting
        card["outcome"] = outcome
        let facts = feed.gate(gate, state)
        card["open"] = facts["open"] ?? .null
        card["close"] = facts["close"] ?? .null
        card["memory"] = .bool(story.isRemembered)
        return card
    }

    /// Sentence that names why it opened.
    private var sentence: String {
        guard let body = story.transition?.body else { return "The transition that opened it is no longer kept." }
        let asserting = body.triggerSignals.filter { $0.polarity > 0 }
        let threshold = state.gates.tracks[gate ?? ""]?.gate.openThreshold ?? 0.5
        let reached =
            "pushed the potential to \(decimals(body.stateValue)), over the threshold of \(decimals(threshold))"
        let window = story.collapse.map { collapse in
            PageText.span(
                nanoseconds: elapsed(
                    from: collapse.body.windowStart.nanoseconds, to: collapse.body.windowEnd.nanoseconds))
        }
        guard asserting.count > 1 else {
            let name = asserting.first.map { $0.origin.text.visible(limit: PageText.name) } ?? "one origin"
            let trust = body.trust ?? body.weight
            return "\(name) alone, trusted \(decimals(trust)), \(reached)."
        }
        let words = ["Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"]
        let count = words.indices.contains(asserting.count - 2) ? words[asserting.count - 2] : "\(asserting.count)"
        let denied = body.triggerSignals.count - asserting.count
        let against = denied > 0 ? ", against \(denied == 1 ? "one denial" : "\(denied) denials")" : ""
        return "\(count) independent witnesses agreed\(window.map { " within \($0)" } ?? "") and \(reached)\(against)."
    }

    private var witnesses: [JSON] {
        let collapsed = story.collapse?.body.witnesses ?? []
        let signals = story.transition?.body.triggerSignals ?? []
        guard !signals.isEmpty else {
            return collapsed.map { witness($0.origin.text, $0.confidence, nil, 1, $0.semanticContent.text) }
        }
        return signals.map { signal in
            let content = collapsed.first { $0.origin == signal.origin }?.semanticContent.text ?? ""
            return witness(signal.origin.text, signal.confidence, signal.push, signal.polarity, content)
        }
    }

    private func witness(_ origin: String, _ confidence: Double, _ push: Double?, _ polarity: Int, _ content: String)
        -> JSON
    {
        let number = gate.flatMap { feed.names.gate($0) } ?? -1
        let cell = feed.names.cells.firstIndex { $0.gate == number && $0.name == origin }
        return [
            "name": PageText.shown(origin, PageText.name), "cell": cell.map { PageText.count($0) } ?? .null,
            "confidence": PageText.number(confidence), "push": push.map { PageText.number($0) } ?? .null,
            "polarity": PageText.count(polarity), "payload": PageText.shown(content, PageText.payload),
            "virtual": .bool(cell.map { feed.names.cells[$0].isVirtual } ?? false),
        ]
    }

    private var request: JSON {
        guard let message = story.request else { return .null }
        let body = message.body
        return [
            "id": .string(body.requestID.text), "at": PageText.moment(message.header.timestamp),
            "event": PageText.shown(body.eventType, PageText.name),
            "budget": PageText.number(body.processingBudgetLF, 2),
            "until": PageText.moment(body.expiresAt),
            "actions": .array(
                body.suggestedActions.map {
                    PageText.shown("\($0.action) (\(decimals($0.confidence)))", PageText.answer)
                }),
        ]
    }

    private var answers: [JSON] {
        guard let message = story.response else { return [] }
        let body = message.body
        let by = body.mind.map { "\($0.model) at \($0.server)" } ?? "the boundary, by rule"
        let text = body.outcome == .answered ? body.decision : "\(body.outcome.rawValue): \(body.decision)"
        return [
            [
                "text": PageText.shown(text, PageText.answer), "by": PageText.shown(by, PageText.answer),
                "at": PageText.moment(message.header.timestamp),
                "took": PageText.number(body.processingTimeMilliseconds, 1),
                "lf": PageText.number(body.lifeforceSpent, 2),
                "outcome": .string(body.outcome.rawValue),
                "reason": (body.record?.reason ?? body.record?.why).map { PageText.shown($0, PageText.payload) }
                    ?? .null,
            ]
        ]
    }

    /// Answers of minds that were not used.
    private var refused: [JSON] {
        (story.response?.body.record?.asked ?? []).filter { $0.verdict != "valid" }.map { asked in
            [
                "what": PageText.shown("\(asked.mind): \(asked.refused ?? asked.verdict)", PageText.answer),
                "why": PageText.shown(
                    asked.problems.isEmpty ? asked.verdict : asked.problems.joined(separator: "; "), PageText.payload),
            ]
        }
    }

    private var commands: [JSON] {
        guard let body = story.response?.body else { return [] }
        let mode = body.record?.commands
        return body.downstreamCommands.enumerated().map { place, command in
            let acted = story.act.flatMap { $0.body.commands.indices.contains(place) ? $0.body.commands[place] : nil }
            let deed = feed.deeds.deed(command.target, command.command, of: body.requestID)
            let ended = deed?.end.map { $0.isOK ? "ok" : "failed" } ?? deed.map { _ in "running" }
            let status =
                acted?.status?.rawValue ?? story.act?.body.outcome.rawValue ?? ended ?? mode.map { $0.rawValue }
                ?? "sent"
            let start = story.response?.header.timestamp
            let at = story.act?.body.at ?? deed?.end.map { Timestamp(nanoseconds: $0.at) }
            let took = at.flatMap { at in start.map { at.milliseconds(since: $0) } }
            let result = acted.map { $0.error ?? $0.result.text } ?? deed?.end?.text
            return [
                "target": PageText.shown(command.target, PageText.name),
                "command": PageText.shown(command.command, PageText.name),
                "payload": PageText.shown(command.payload.text, PageText.payload), "state": .string(status),
                "result": result.map { PageText.shown($0, PageText.payload) } ?? .null,
                "took": took.map { PageText.number($0, 1) } ?? .null,
                "at": at.map { PageText.moment($0) } ?? .null,
            ]
        }
    }

    /// The decision that waits for a person; null where none does.
    private var waiting: JSON {
        guard let body = story.response?.body, body.record?.commands == .confirm, story.act == nil,
            let until = body.record?.commandsUntil, until > state.now
        else { return .null }
        return ["id": .string(body.requestID.text), "until": PageText.moment(until)]
    }

    private var outcome: JSON {
        guard let outcome = story.outcome else { return .null }
        return [
            "result": .string(outcome.result.rawValue), "by": PageText.shown(outcome.sender, PageText.name),
            "at": PageText.moment(outcome.at), "note": story.note.map { PageText.shown($0, PageText.payload) } ?? .null,
        ]
    }
}
