import NimmerWave

/// One message in one line, on the screen and elsewhere: sign and word, what it is about, how sure, and the text.
public struct EventText: Sendable {
    /// Kind of event.
    public private(set) var sign: Sign
    /// The world that it belongs to, or that it is refused.
    public private(set) var ink: Ink
    /// Topic: a region, a nerve, a mind.
    public private(set) var name: String
    /// Confidence or potential; empty where there is neither.
    public private(set) var value = ""
    /// Text of the event.
    public private(set) var text = InkLine()

    /// A gate's state by text and colour.
    static func state(_ state: GateState) -> InkLine.Run {
        switch state {
        case .open: .init(text: "OPEN", ink: .good)
        case .stable: .init(text: "STABLE", ink: .quiet)
        case .closed: .init(text: "CLOSED", ink: .bad)
        }
    }

    private init(sign: Sign, ink: Ink, name: String) {
        self.sign = sign
        self.ink = ink
        self.name = name
    }

    /// The line of a message that came on a subject.
    ///
    /// - Parameter about: the region of a request, for its answer names only the request.
    public init(_ message: AnyMessage, subject: String, about: (MessageID) -> String?) {
        self.init(message, subject: SubjectName(subject), about: about)
    }

    /// The line of what could not be read; of a device's message, which is not one of the system's, its bytes.
    public init(refused error: Refusal, subject: String, payload: [UInt8]) {
        self.init(refused: error, subject: SubjectName(subject), payload: payload)
    }

    init(_ message: AnyMessage, subject: SubjectName, about: (MessageID) -> String?) {
        self.init(sign: .wave, ink: Ink(subject.domain), name: subject.owner)
        switch message {
        case .waveSignal(let wave):
            sign = wave.body.polarity < 0 ? .denial : .wave
            name = wave.body.effectiveRegion.text
            value = decimals(wave.body.confidence)
            let origin = wave.body.origin?.text ?? subject.owner
            if origin != name { text.add(origin + " ", .quiet) }
            text.add(wave.body.semanticContent.text)
            for artifact in wave.body.artifacts { text.add("  artifact \(artifact.name)", .quiet) }
        case .gateTransition(let transition): self = EventText(transition.body, ink)
        case .changeEvent(let change): self = EventText(change.body, of: subject.owner)
        case .collapse(let collapse):
            sign = .collapse
            name = collapse.body.region.text
            value = decimals(collapse.body.confidence)
            text.add(collapse.body.witnesses.map { "\($0.origin) \(decimals($0.confidence))" }.joined(separator: " + "))
        case .cognitiveRequest(let request):
            sign = .request
            name = about(request.body.requestID) ?? request.body.domain.text
            value = decimals(request.body.confidence)
            text.add("→ bridge: \(request.body.eventType), budget \(decimals(request.body.processingBudgetLF, 1)) LF")
        case .cognitiveResponse(let response):
            self = EventText(response.body, about(response.body.requestID) ?? "")
        case .attention(let attention):
            sign = .attention
            name = attention.body.mode.rawValue
            let open = attention.body.openGates.map { "\($0.region) \(signed($0.potential))" }.joined(separator: ", ")
            text.add(
                "\(decimals(attention.body.wavesPerSecond, 1)) waves/s  \(open.isEmpty ? "no gate is open" : open)")
        case .nerveState(let state):
            sign = .nerve
            name = state.body.nerve.text
            text.add("\(state.body.fromState) → \(state.body.toState)  \(state.body.reason)")
        case .correlationEvent(let event):
            sign = .correlation
            name = event.body.gateID.text
            value = decimals(event.body.aggregateCorrelation)
            text.add(event.body.result.rawValue)
        case .verificationOutcome(let outcome):
            sign = .outcome
            name = outcome.body.domain.text
            text.add("\(outcome.body.outcome.rawValue) by \(outcome.body.verificationSource)")
        case .acceptedOutcome(let outcome):
            sign = .outcome
            name = outcome.body.region.text
            text.add("\(outcome.body.result.rawValue) by \(outcome.body.sender), opened by \(outcome.body.opener)")
        case .lifeforceSpent(let spent):
            sign = .heartbeat
            let regions = spent.body.regions
            let all = regions.reduce(0) { $0 + $1.cells + $1.nerves + $1.organs }
            text.add("\(decimals(all, 1)) LF spent in \(regions.count == 1 ? "1 region" : "\(regions.count) regions")")
        case .regionAssignment(let assignment):
            sign = .heartbeat
            name = assignment.body.region.text
            text.add("\(assignment.body.reason.rawValue): lives in \(assignment.body.home) (by \(assignment.body.by))")
        case .command(let command):
            sign = .command
            text.add("\(command.body.command) \(command.body.payload.text)")
        case .commandResult(let result):
            sign = .result
            text.add("\(result.body.status.rawValue) \(result.body.error ?? result.body.result.text)")
        case .act(let act):
            sign = .result
            text.add(act.body.summary)
        case .reject(let reject):
            sign = .refused
            ink = .bad
            name = reject.body.service.text
            text.add("\(reject.body.reason) (on \(reject.body.subject), \(grouped(reject.body.rejected)) so far)")
        case .heartbeat(let beat):
            sign = .heartbeat
            name = beat.body.mind.text
            text.add("\(beat.body.state.rawValue), \(beat.body.answered) answered, queue \(beat.body.queue)")
        }
    }

    private init(_ body: GateTransition, _ ink: Ink) {
        sign = .gate
        self.ink = ink
        // A cell's own gate is about the same region as the thalamus's, and opens with it.
        name = body.gateID == GateID(region: body.region) ? body.region.text : body.gateID.text
        value = signed(body.stateValue)
        text.runs = [Self.state(body.fromState), .init(text: " → ", ink: .text), Self.state(body.toState)]
        if body.correlationScore != 0 {
            text.add(
                "  " + body.triggerSignals.map { "\($0.origin) \(decimals($0.confidence))" }.joined(separator: ", "),
                .quiet)
        }
    }

    private init(_ body: ChangeEvent, of cell: String) {
        let isBegin = body.edge == .begin
        self.init(sign: isBegin ? .changeBegins : .changeEnds, ink: isBegin ? .warning : .quiet, name: cell)
        value = decimals(body.confidence)
        func text(_ number: Double) -> String { JSON.number(number).text }
        if body.view == ChangeEvent.silence {
            let silence = latency(body.value)
            let usual = body.normal > 0 ? " where one every \(latency(body.normal)) is normal" : ""
            self.text.add(isBegin ? "STALE: " : "readings come again ", .strong)
            self.text.add(isBegin ? "no reading for \(silence)\(usual)" : "after \(silence)")
            return
        }
        if body.view == ChangeEvent.hunger {
            self.text.add(isBegin ? "HUNGRY: " : "fed: ", .strong)
            let left = "\(decimals(body.value, 1)) of \(decimals(body.normal, 1)) LF"
            self.text.add(isBegin ? "its budget is spent, the rate is lowered" : left)
            return
        }
        self.text.add(isBegin ? "begins: " : "ends: ", .strong)
        if let now = body.spread, let normal = body.normalSpread {
            self.text.add("noise of \(text(now)) where \(text(normal)) is normal")
        } else {
            self.text.add("\(text(body.value)) where \(text(body.normal)) is normal")
        }
        self.text.add(isBegin ? ", \(text(body.times)) times the worst learned" : "", .quiet)
    }

    private init(_ body: CognitiveResponse, _ about: String) {
        sign = .response
        ink = .cognitive
        name = about
        text.add(body.outcome == .answered ? body.decision : "\(body.outcome.rawValue): \(body.decision)")
        let commands = body.downstreamCommands.map { "\($0.target).\($0.command)" }.joined(separator: ", ")
        if !commands.isEmpty { text.add("  → \(commands)", .organs) }
        let mind = body.mind.map(\.model) ?? body.boundary.rawValue
        text.add("  (\(mind), \(latency(body.processingTimeMilliseconds)))", .quiet)
    }

    init(refused error: Refusal, subject: SubjectName, payload: @autoclosure () -> [UInt8]?) {
        if subject.isDevices, let payload = payload() {
            self.init(sign: .device, ink: .quiet, name: subject.text)
            text.add(String(decoding: payload.prefix(Wire.maximumExcerpt), as: UTF8.self))
            return
        }
        self.init(sign: .refused, ink: .bad, name: subject.owner)
        text = InkLine("\(error)")
    }

    /// The line of a wave, from what is kept of it and its content as it lies in its bytes: what scrolls by fast is read fast.
    init(
        wave entry: Entry, lane: String, origin: String, ink: Ink, content: String, artifacts: [ArtifactReference] = []
    ) {
        self.init(sign: entry.value < 0 ? .denial : .wave, ink: ink, name: lane)
        value = decimals(Double(entry.value.magnitude))
        if origin != lane { text.add(origin + " ", .quiet) }
        text.add(content)
        for artifact in artifacts { text.add("  artifact \(artifact.name)", .quiet) }
    }

    /// The line of a message whose bytes have gone.
    init(gone entry: Entry, subject: SubjectName, lane: String?, origin: String?) {
        sign = Sign(entry)
        ink = Ink(subject.domain)
        name = lane ?? subject.owner
        value = entry.value.isFinite ? decimals(Double(entry.value.magnitude)) : ""
        if let origin, origin != name { text.add(origin + " ", .quiet) }
        text.add("its content is no longer kept", .quiet)
    }
}

extension ScopeState {
    /// The message of an entry; nil when its bytes have gone.
    func message(_ entry: Entry) -> Result<AnyMessage, Refusal>? {
        guard let bytes = buffer.bytes(of: entry) else { return nil }
        do throws(Refusal) {
            return .success(try AnyMessage.decode(Array(bytes)))
        } catch {
            return .failure(error)
        }
    }

    /// An entry in one line.
    func line(_ entry: Entry) -> EventText {
        let subject = buffer.subjects[Int(entry.subject)]
        if entry.kind == .wave, let wave = buffer.wave(entry) {
            return EventText(
                wave: entry, lane: buffer.lanes[Int(entry.lane)].name, origin: buffer.traces[Int(entry.trace)].origin,
                ink: Ink(subject.domain), content: wave.content, artifacts: wave.artifacts)
        }
        switch message(entry) {
        case .success(let message):
            return EventText(message, subject: subject) { regionsOfRequests[$0] }
        case .failure(let refusal):
            return EventText(refused: refusal, subject: subject, payload: buffer.bytes(of: entry).map { Array($0) })
        case nil:
            return EventText(
                gone: entry, subject: subject,
                lane: entry.lane == Entry.noLane ? nil : buffer.lanes[Int(entry.lane)].name,
                origin: entry.kind == .wave ? buffer.traces[Int(entry.trace)].origin : nil)
        }
    }
}
