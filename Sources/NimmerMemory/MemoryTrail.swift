import NimmerWave

/// One decision, from its waves to its verification: what `nimmer memory why ID` shows.
///
/// Every part may be missing: not yet arrived, pruned, or it never was (a release has no collapse).
public struct MemoryTrail: Sendable, Hashable {
    /// The id that was asked for.
    public var asked: MessageID
    /// The environment.
    public var environment: Environment
    /// The transition with its trigger signals.
    public var transition: Envelope<GateTransition>?
    /// The gate's next transition: when and how it ended.
    public var next: Envelope<GateTransition>?
    /// Collapse of the asserting witnesses.
    public var collapse: Envelope<Collapse>?
    /// Request to a mind.
    public var request: Envelope<CognitiveRequest>?
    /// Response of the mind.
    public var response: Envelope<CognitiveResponse>?
    /// Outcome of its commands.
    public var act: Envelope<Act>?
    /// Verifications, oldest first.
    public var verifications: [Envelope<VerificationOutcome>] = []

    /// A trail with nothing on it yet.
    public init(asked: MessageID, environment: Environment) {
        self.asked = asked
        self.environment = environment
    }

    /// The trail for a program: the messages as they were, absent parts as null.
    public var json: JSON {
        func message<Body: MessageBody>(_ envelope: Envelope<Body>?) -> JSON {
            envelope.map { .raw($0.encoded()) } ?? .null
        }
        return [
            "asked": .string(asked.text), "environment": .string(environment.rawValue),
            "transition": message(transition), "next_transition": message(next), "collapse": message(collapse),
            "request": message(request), "response": message(response), "act": message(act),
            "verifications": .array(verifications.map { message($0) }),
        ]
    }

    /// One line of the story: what it is about, when, and what happened.
    public struct Line: Sendable, Hashable {
        /// `wave`, `transition`, `collapse`, `witness`, `artifact`, `request`, `response`, `recalled`, `asked`, `saw`, `left out`, `reason`,
        /// `command`, `act`, `verification` or `next`.
        public var kind: String
        /// Time; nil for parts of the line before and for what is missing.
        public var at: Timestamp?
        /// Text for a person.
        public var text: String
        /// Indicates whether this part is not remembered.
        public var isMissing: Bool
    }

    /// The trail for a person, in the order in which it happened.
    public var story: [Line] {
        transitionLines + collapseLines + requestLines + responseLines + actLines + verificationLines
    }

    private var opened: Bool { transition.map { $0.body.toState == .open } ?? (collapse != nil) }

    private var transitionLines: [Line] {
        guard let transition else { return [missing("transition", "the transition is not remembered")] }
        let body = transition.body
        let waves = body.triggerSignals.sorted { $0.timestamp < $1.timestamp }.map { signal in
            line(
                "wave", signal.timestamp,
                "\(signal.source) \(signal.polarity < 0 ? "denied" : "asserted") with confidence "
                    + "\(short(signal.confidence))\(signal.origin.text == signal.source ? "" : ", origin \(signal.origin)"), "
                    + "push \(signed(signal.push))")
        }
        let cause = body.correlationScore == 0 ? "" : ", support \(short(body.correlationScore))"
        var lines =
            waves + [
                line(
                    "transition", body.at,
                    "gate \(body.gateID): \(body.fromState.word) → \(body.toState.word) at potential "
                        + "\(short(body.stateValue))\(cause), weight \(short(body.weight)), cost "
                        + "\(short(body.lifeforceCost)) LF")
            ]
        if let next {
            let seconds = short(next.body.at.milliseconds(since: body.at) / 1000)
            lines.append(
                line("next", next.body.at, "\(next.body.fromState.word) → \(next.body.toState.word) after \(seconds) s")
            )
        }
        return lines
    }

    private var collapseLines: [Line] {
        guard let collapse else { return opened ? [missing("collapse", "no collapse is remembered")] : [] }
        let body = collapse.body
        return [
            line(
                "collapse", body.windowEnd,
                "\(body.witnesses.count) witnesses in region \(body.region) became one signal of confidence "
                    + short(body.confidence))
        ]
            + body.witnesses.flatMap { witness in
                [
                    line(
                        "witness", nil,
                        "\(witness.source), confidence \(short(witness.confidence)), similarity "
                            + "\(short(witness.similarity)): \(witness.semanticContent.text)")
                ] + witness.artifacts.map { line("artifact", nil, "of \(witness.source): \($0.name)") }
            }
    }

    private var requestLines: [Line] {
        guard let request else { return opened ? [missing("request", "no request is remembered")] : [] }
        let body = request.body
        let actions = body.suggestedActions.map { "\($0.action) \(short($0.confidence))" }.joined(separator: ", ")
        return [
            line(
                "request", request.header.timestamp,
                "\(body.eventType), confidence \(short(body.confidence)), budget \(short(body.processingBudgetLF)) LF"
                    + (actions.isEmpty ? "" : ", suggested: \(actions)"))
        ]
    }

    private var responseLines: [Line] {
        guard let response else {
            return request == nil ? [] : [missing("response", "no response is remembered")]
        }
        let body = response.body
        let who = body.mind.map { "\($0.model) at \($0.server)" } ?? "the \(body.boundary.rawValue) boundary"
        return [
            line(
                "response", response.header.timestamp,
                "\(body.outcome.rawValue) by \(who) in \(short(body.processingTimeMilliseconds)) ms for "
                    + "\(short(body.lifeforceSpent)) LF: \(body.decision)")
        ] + reasonLines(body)
            + body.downstreamCommands.map { line("command", nil, "\($0.target): \($0.command) \($0.payload.text)") }
    }

    private func reasonLines(_ response: CognitiveResponse) -> [Line] {
        let record = response.record
        let asked = (record?.asked ?? []).flatMap { asked in
            (asked.verdict == "valid" ? [] : [line("asked", nil, "\(asked.mind): \(asked.verdict)")])
                + asked.saw.map { line("saw", nil, "\(asked.mind) saw \($0.short)") }
                + asked.leftOut.map { line("left out", nil, "\(asked.mind) did not get \($0)") }
        }
        let recalled = (record?.recalled ?? []).map { line("recalled", nil, "reminded of the decision \($0.text)") }
        return recalled + asked
            + [
                record?.reason.map { line("reason", nil, $0) },
                record?.why.map { line("reason", nil, "by rule: \($0)") },
            ]
            .compactMap { $0 }
    }

    private var actLines: [Line] {
        guard let act else { return [] }
        let by = act.body.word.map { ", by the word of \($0)" } ?? ""
        return [line("act", act.body.at, "\(act.body.outcome.rawValue)\(by)")]
            + act.body.commands.map { command in
                let end = command.status.map { $0.rawValue } ?? "not known to have been sent"
                let more = command.error ?? (command.result.isNull ? "" : command.result.text)
                return line(
                    "act", nil, "\(command.target): \(command.command) \(end)\(more.isEmpty ? "" : ": \(more)")")
            }
    }

    private var verificationLines: [Line] {
        if verifications.isEmpty { return opened ? [missing("verification", "not verified")] : [] }
        return verifications.map {
            let word = $0.body.kind == .withdrawal ? "taken back" : $0.body.outcome.rawValue
            return line("verification", $0.header.timestamp, "\(word) by \($0.body.verificationSource)")
        }
    }

    private func line(_ kind: String, _ at: Timestamp?, _ text: String) -> Line {
        Line(kind: kind, at: at, text: text, isMissing: false)
    }

    private func missing(_ kind: String, _ text: String) -> Line {
        Line(kind: kind, at: nil, text: text, isMissing: true)
    }

    private func signed(_ number: Double) -> String { (number < 0 ? "" : "+") + short(number) }

    /// A number with at most three decimals.
    private func short(_ number: Double) -> String {
        let thousandths = (number * 1000).rounded() / 1000
        return JSON.number(thousandths).text
    }
}
