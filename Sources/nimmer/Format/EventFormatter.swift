import NimmerWave
import Synchronization

/// One line for each thing that happens, as `nimmer wave tail` and `nimmer up` print it: time, sign and kind, what it is
/// about, how sure, and what was said (oscilloscope.md, Not a terminal; The visual language).
struct EventFormatter: Sendable {
    let paint: Paint
    /// Lines are cut to this many columns, or never.
    var columns: Int?

    /// Width of the column that says what an event is about.
    static let nameWidth = 16

    /// What the last requests were about, so that their answers can say it too.
    private let questions = Questions()

    init(paint: Paint, columns: Int? = nil) {
        self.paint = paint
        self.columns = columns
    }

    /// The line for one message from the bus; what cannot be decoded is a line that says why.
    func line(subject: String, payload: [UInt8], at arrival: Timestamp) -> String {
        do throws(Refusal) {
            return line(subject: subject, message: try AnyMessage.decode(payload))
        } catch {
            return compose(arrival, "✗", "refused", .bad, lastName(in: subject), "", "\(error)")
        }
    }

    /// The line for one decoded message.
    func line(subject: String, message: AnyMessage) -> String {
        let ink = ink(of: subject)
        let name = lastName(in: subject)
        switch message {
        case .waveSignal(let wave):
            let denies = wave.body.polarity < 0
            return compose(
                wave.header.timestamp, denies ? "∾" : "∿", denies ? "denial" : "wave", ink,
                wave.body.effectiveRegion.text, decimals(wave.body.confidence), said(wave.body, by: name))
        case .gateTransition(let transition): return line(transition, ink)
        case .collapse(let collapse):
            return compose(
                collapse.body.windowEnd, "◉", "collapse", ink, collapse.body.region.text,
                decimals(collapse.body.confidence),
                collapse.body.witnesses.map { "\($0.origin.text) \(decimals($0.confidence))" }.joined(separator: " + "))
        case .cognitiveRequest(let request):
            questions.remember(request.body)
            return compose(
                request.header.timestamp, "◆", "escalate", .cognitive, request.body.domain.text,
                decimals(request.body.confidence),
                "→ bridge: \(request.body.eventType), budget \(decimals(request.body.processingBudgetLF, 1)) LF")
        case .cognitiveResponse(let response): return line(response)
        case .nerveState(let state):
            return compose(
                state.body.at, "▷", "nerve", ink, state.body.nerve.text, "",
                "\(state.body.fromState) → \(state.body.toState)  \(state.body.reason)")
        case .attention(let attention): return line(attention, ink)
        case .reject(let reject):
            return compose(
                reject.header.timestamp, "✗", "reject", .bad, reject.body.service.text, "",
                "\(reject.body.reason) (on \(reject.body.subject), \(reject.body.rejected) so far)")
        case .verificationOutcome(let outcome):
            return compose(
                outcome.header.timestamp, "✓", "verified", ink, outcome.body.domain.text, "",
                "\(outcome.body.outcome.rawValue) by \(outcome.body.verificationSource)")
        case .correlationEvent(let event):
            return compose(
                event.body.windowEnd, "≋", "correlate", ink, event.body.gateID.text,
                decimals(event.body.aggregateCorrelation), event.body.result.rawValue)
        case .command(let command):
            return compose(
                command.header.timestamp, "→", "command", ink, name, "",
                "\(command.body.command) \(command.body.payload.text)")
        case .commandResult(let result):
            return compose(
                result.header.timestamp, "←", "result", ink, name, "",
                "\(result.body.status.rawValue) \(result.body.error ?? result.body.result.text)")
        case .heartbeat(let beat):
            return compose(
                beat.header.timestamp, "♥", "mind", .cognitive, beat.body.mind.text, "",
                "\(beat.body.state.rawValue), \(beat.body.answered) answered, queue \(beat.body.queue)")
        }
    }

    /// What a wave says, after who says it where that is not plain from what it is about.
    private func said(_ wave: WaveSignal, by cell: String) -> String {
        let origin = wave.origin?.text ?? cell
        let content = wave.semanticContent.text
        return origin == wave.effectiveRegion.text ? content : "\(origin) \(content)"
    }

    private func line(_ transition: Envelope<GateTransition>, _ ink: Paint.Ink) -> String {
        let body = transition.body
        var text = "\(paint.state(body.fromState)) → \(paint.state(body.toState))"
        if body.correlationScore != 0 {
            text +=
                "  "
                + body.triggerSignals.map { "\($0.origin.text) \(decimals($0.confidence))" }
                .joined(separator: ", ")
        }
        return compose(body.at, "▮", "gate", ink, body.gateID.text, signed(body.stateValue), text)
    }

    private func line(_ response: Envelope<CognitiveResponse>) -> String {
        let body = response.body
        var text = body.outcome == .answered ? body.decision : "\(body.outcome.rawValue): \(body.decision)"
        let commands = body.downstreamCommands.map { "\($0.target).\($0.command)" }.joined(separator: ", ")
        if !commands.isEmpty { text += "  → \(commands)" }
        let mind = body.mind.map(\.model) ?? body.boundary.rawValue
        text += "  " + paint(.quiet, "(\(mind), \(decimals(body.processingTimeMilliseconds, 1)) ms)")
        let about = questions.about(body.requestID)
        return compose(response.header.timestamp, "◇", "decision", .cognitive, about, "", text)
    }

    private func line(_ attention: Envelope<Attention>, _ ink: Paint.Ink) -> String {
        let body = attention.body
        let open = body.openGates.map { "\($0.region.text) \(signed($0.potential))" }.joined(separator: ", ")
        return compose(
            attention.header.timestamp, "◎", "attention", ink, body.mode.rawValue, "",
            "\(decimals(body.wavesPerSecond, 1)) waves/s  \(open.isEmpty ? "no gate is open" : "open: \(open)")")
    }

    private func compose(
        _ at: Timestamp, _ sign: String, _ kind: String, _ ink: Paint.Ink, _ name: String, _ value: String,
        _ text: String
    ) -> String {
        let head =
            "\(paint(.quiet, LocalTime.clock(at))) \(paint(ink, "\(sign) \(kind.padded(9))")) "
            + "\(name.printable.padded(Self.nameWidth)) \(value.indented(to: 5))  "
        if text.contains("\u{1b}[") { return head + text }
        guard let columns else { return head + text.printable }
        return head + text.printable.cut(to: max(16, columns - head.width))
    }

    private func ink(of subject: String) -> Paint.Ink {
        let parts = subject.split(separator: ".", maxSplits: 2)
        guard parts.count > 1 else { return .nervous }
        return switch parts[1] {
        case "cognitive": .cognitive
        case "organs": .organs
        default: .nervous
        }
    }

    /// The cell, nerve or gate that a subject names: its last token but one.
    private func lastName(in subject: String) -> String {
        let parts = subject.split(separator: ".")
        return parts.count > 1 ? String(parts[parts.count - 2]) : subject
    }
}

/// Requests that were seen lately and what they were about: a response names only the request.
private final class Questions: Sendable {
    private let domains = Mutex<[MessageID: String]>([:])

    func remember(_ request: CognitiveRequest) {
        domains.withLock { domains in
            if domains.count >= 256 { domains.removeAll() }
            domains[request.requestID] = request.domain.text
        }
    }

    func about(_ id: MessageID) -> String { domains.withLock { $0[id] ?? "" } }
}

extension Paint {
    /// A gate's state by its word and its colour together.
    func state(_ state: GateState) -> String {
        switch state {
        case .open: self(.good, "OPEN")
        case .stable: self(.quiet, "STABLE")
        case .closed: self(.bad, "CLOSED")
        }
    }
}
