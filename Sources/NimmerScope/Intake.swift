import NimmerWave

extension ScopeState {
    /// Takes in a message: into the buffer, and into what is known of gates and decisions.
    mutating func take(_ subject: String, _ payload: [UInt8], _ arrival: Timestamp) -> [ScopeEffect] {
        now = max(now, Self.bounded(arrival))
        let at = max(Self.bounded(arrival).nanoseconds, lastArrival)
        lastArrival = at
        if isRecording { recorded += 1 }
        if subject.hasSuffix(".wave"), buffer.receiveWave(subject: subject, payload: payload, at: at) { return [] }
        do throws(Refusal) {
            return take(try AnyMessage.decode(payload, on: subject), subject, payload, at)
        } catch {
            buffer.receive(.refused, subject: subject, payload: payload, at: at, lane: nil)
            return []
        }
    }

    private mutating func take(
        _ message: AnyMessage, _ subject: String, _ payload: [UInt8], _ at: Int64
    ) -> [ScopeEffect] {
        switch message {
        case .waveSignal(let wave): buffer.receiveWave(wave, subject: subject, payload: payload, at: at)
        case .gateTransition(let transition):
            let body = transition.body
            let number = buffer.receive(
                .transition, subject: subject, payload: payload, at: at, lane: (body.region.text, .nervous),
                value: body.stateValue, flags: body.toState == .open ? .opens : body.toState == .closed ? .closes : [])
            gates.update(body, at: at, entry: number)
            if transition.header.source.entityType == .thalamus { learnHomes(from: body) }
            stories.add(transition: transition.header.messageID, entry: number)
            if body.toState == .open {
                openings.append(number)
                while openings.count > 1, openings[openings.first] < buffer.entries.first { openings.removeFirst() }
            }
        case .changeEvent(let change):
            let body = change.body
            var flags: EntryFlags = body.edge == .begin ? .begins : []
            if body.view == ChangeEvent.silence { flags.insert(.silence) }
            if body.view == ChangeEvent.hunger { flags.insert(.hunger) }
            buffer.receive(
                .change, subject: subject, payload: payload, at: at,
                lane: ((body.region ?? Region(body.domain)).text, .nervous), value: body.confidence,
                flags: flags)
        case .collapse(let collapse):
            let body = collapse.body
            let number = buffer.receive(
                .collapse, subject: subject, payload: payload, at: at, lane: (body.region.text, .nervous),
                value: body.confidence)
            stories.add(body, entry: number)
        case .cognitiveRequest(let request): takeRequest(request.body, subject, payload, at)
        case .cognitiveResponse(let response): takeResponse(response.body, subject, payload, at)
        case .attention(let attention):
            gates.update(attention.body, at: at)
            gates.forget(before: at.subtractingSaturated(Int64(saturating: settings.limits.ageMilliseconds * 1e6)))
            takeBackground(.attention, subject, payload, at)
            return explainAgain(at)
        case .correlationEvent: takeBackground(.correlation, subject, payload, at)
        case .heartbeat: takeBackground(.heartbeat, subject, payload, at)
        case .nerveState: buffer.receive(.nerve, subject: subject, payload: payload, at: at, lane: nil)
        case .reject: buffer.receive(.reject, subject: subject, payload: payload, at: at, lane: nil)
        case .verificationOutcome(let outcome): takeOutcome(of: outcome.body.domain.text, subject, payload, at)
        case .acceptedOutcome(let outcome): takeOutcome(of: outcome.body.region.text, subject, payload, at)
        case .command(let command): takeCommand(command, subject, payload, at)
        case .commandResult: takeResult(subject, payload, at)
        case .lifeforceSpent, .regionAssignment: takeBackground(.heartbeat, subject, payload, at)
        case .act: buffer.receive(.result, subject: subject, payload: payload, at: at, lane: nil)
        }
        return []
    }

    /// Takes from a gate's witnesses which regions live in its own, where nothing states it.
    private mutating func learnHomes(from transition: GateTransition) {
        guard !buffer.homes.isStated else { return }
        for signal in transition.triggerSignals {
            let witness = transition.collapse?.witnesses.first { $0.origin == signal.origin }
            guard let region = buffer.region(of: signal, content: witness?.semanticContent.text) else { continue }
            buffer.fold(region, into: transition.region.text)
        }
    }

    private mutating func takeOutcome(of region: String, _ subject: String, _ payload: [UInt8], _ at: Int64) {
        let isDrawn = buffer.lane(of: region) != nil || buffer.groups.contains { $0.name == region }
        let lane: (String, SubjectDomain)? = isDrawn ? (region, .nervous) : nil
        buffer.receive(.outcome, subject: subject, payload: payload, at: at, lane: lane)
    }

    private mutating func takeBackground(_ kind: EntryKind, _ subject: String, _ payload: [UInt8], _ at: Int64) {
        guard settings.showsBackground else { return }
        buffer.receive(kind, subject: subject, payload: payload, at: at, lane: nil)
    }

    private mutating func takeRequest(_ body: CognitiveRequest, _ subject: String, _ payload: [UInt8], _ at: Int64) {
        var region = body.domain.text
        if let collapse = stories.story(of: body.collapseID)?.collapse, buffer.entries.numbers.contains(collapse) {
            let lane = buffer.entries[collapse].lane
            if lane != Entry.noLane { region = buffer.lanes[Int(lane)].name }
        }
        let number = buffer.receive(
            .request, subject: subject, payload: payload, at: at, lane: (region, .nervous), value: body.confidence)
        stories.add(body, entry: number)
        regionsOfRequests[body.requestID] = region
        if regionsOfRequests.count > Stories.maximum { regionsOfRequests = [body.requestID: region] }
        buffer.ask(
            body.requestID, lane: (SubjectName(subject).owner, .cognitive), at: at,
            until: body.expiresAt.nanoseconds, value: body.confidence)
    }

    private mutating func takeResponse(_ body: CognitiveResponse, _ subject: String, _ payload: [UInt8], _ at: Int64) {
        let region = regionsOfRequests[body.requestID]
        let number = buffer.receive(
            .response, subject: subject, payload: payload, at: at, lane: region.map { ($0, .nervous) })
        stories.add(body, entry: number)
        buffer.answer(body.requestID, lane: (SubjectName(subject).owner, .cognitive), at: at)
    }

    private mutating func takeCommand(
        _ command: Envelope<Command>, _ subject: String, _ payload: [UInt8], _ at: Int64
    ) {
        let name = SubjectName(subject)
        let organ = name.domain == .organs ? name.owner : nil
        buffer.receive(
            .command, subject: subject, payload: payload, at: at, lane: organ.map { ($0, .organs) },
            value: organ == nil ? nil : 0.5)
        if let organ {
            buffer.ask(command.header.messageID, lane: (organ, .organs), at: at, value: 0.5)
            lastCommands[organ] = command.header.messageID
            if lastCommands.count > 256 { lastCommands = [organ: command.header.messageID] }
        }
    }

    private mutating func takeResult(_ subject: String, _ payload: [UInt8], _ at: Int64) {
        let name = SubjectName(subject)
        let organ = name.domain == .organs ? name.owner : nil
        buffer.receive(
            .result, subject: subject, payload: payload, at: at, lane: organ.map { ($0, .organs) },
            value: organ == nil ? nil : 0.5)
        if let organ, let asked = lastCommands.removeValue(forKey: organ) {
            buffer.answer(asked, lane: (organ, .organs), at: at)
        }
    }
}
