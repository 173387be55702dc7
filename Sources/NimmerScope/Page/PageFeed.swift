import NimmerGate
import NimmerWave

/// Frames that pages are sent of an oscilloscope's state, in order: the same entries that the terminal draws, each once (web.md, Data between
/// server and page). A value: it reads a ``ScopeState`` and keeps how far it has read.
package struct PageFeed: Sendable {
    /// Facts of a gate beside its state, from the thalamus's explanations.
    package struct GateFacts: Sendable, Hashable {
        /// Time in which its potential halves, in milliseconds.
        package var halfLife = GateConfiguration().halfLifeMilliseconds
        /// Time for which a wave can be its witness, in milliseconds.
        package var window = GateConfiguration().windowMilliseconds
        /// Indicates whether its trust is earned by outcomes.
        package var isEarned = false
        /// Trust as explained: of the gate where it is declared, the greatest of its origins where it is earned; nil where it is not known.
        package var trust: Double?

        package init() {}
    }

    var names = PageNames()
    private(set) var deeds = PageDeeds()
    /// Number of the next entry that was not read.
    private var cursor = 0
    private(set) var collapses = 0
    /// Requests of a day (UTC) that got no answer.
    private var unanswered: (day: String, count: Int) = ("", 0)
    /// The frames of events that a new page begins with, the newest last.
    private(set) var recent = Ring<JSONObject>()
    private var facts: [String: GateFacts] = [:]
    /// Gates whose trust an outcome has changed since they were explained.
    private var changedTrust: Set<String> = []
    /// Potentials that pages know, by the gate's number, and the time of the report that they are from.
    private var known: [Double] = []
    private var attended = Int64.min
    /// Ends of commands, by the request of their decision, and accepted outcomes, by the opening: their entries.
    private(set) var acts: [MessageID: Int] = [:]
    private(set) var outcomes: [MessageID: Int] = [:]
    /// Reports of outcomes, by the opening: what was given as the reason.
    private(set) var reports: [MessageID: Int] = [:]

    /// Frames of events that a new page is sent at most.
    static let maximumSent = 512
    /// Frames of events that are kept for a history at most.
    private let maximumRecent: Int
    /// Ends and outcomes that are found by their ids at most.
    private static let maximumLinks = 4096

    /// A feed of nothing yet.
    package init(keeping maximumRecent: Int = 4096) { self.maximumRecent = maximumRecent }

    /// A cell or nerve that runs, and the region that it speaks in.
    package struct RunningCell: Sendable, Hashable {
        let name: String
        let region: String

        package init(name: String, region: String) {
            self.name = name
            self.region = region
        }
    }

    /// Takes in which cells run, so that each has its place before its first wave.
    package mutating func expect(_ running: [RunningCell], in state: ScopeState) { names.expect(running, in: state) }

    /// Takes in what the thalamus explains of a gate.
    package mutating func learn(_ gate: String, _ explanation: JSON) {
        changedTrust.remove(gate)
        guard facts[gate] != nil || facts.count < GateBoard.maximum else { return }
        var found = GateFacts()
        if let half = explanation["half_life_ms"]?.double, half > 0 { found.halfLife = half }
        if let window = explanation["window_ms"]?.double, window > 0 { found.window = window }
        found.isEarned = explanation["trust"]?.string == "earned"
        found.trust = explanation["weight"]?.double
        if found.isEarned {
            found.trust = (explanation["origins"]?.array ?? []).compactMap { $0["trust"]?.double }.max() ?? found.trust
        }
        facts[gate] = found
    }

    /// Gates that the thalamus is to explain: an outcome has changed their trust, or nothing is known of them yet.
    package func unexplained(of state: ScopeState) -> [String] {
        changedTrust.sorted() + state.gates.tracks.keys.sorted().filter { facts[$0] == nil }
    }

    /// The frame of a gate's facts as the thalamus explains them; nil for a gate that pages do not know.
    package func facts(_ gate: String) -> PageFrame? {
        guard let number = names.gate(gate), let facts = facts[gate] else { return nil }
        return .of(
            "facts",
            [
                (
                    "facts",
                    .array([
                        .array([
                            PageText.count(number), PageText.number(facts.halfLife, 1),
                            PageText.number(facts.window, 1),
                            .bool(facts.isEarned), facts.trust.map { PageText.number($0) } ?? .null,
                        ])
                    ])
                )
            ])
    }

    /// Frames of what happened since the last call. Names come before what uses them.
    package mutating func frames(of state: ScopeState) -> [PageFrame] {
        names.take(state)
        var events: [PageFrame] = []
        var waves: [PageWave] = []
        let entries = state.buffer.entries
        for number in max(cursor, entries.first)..<max(cursor, entries.end) {
            let entry = entries[number]
            if entry.kind == .wave {
                let cell = names.cellOfTrace[Int(entry.trace)]
                waves.append(PageWave(cell: UInt16(clamping: cell), value: entry.value, at: entry.at))
                names.felt(cell, entry.value, at: entry.at)
            } else if let message = state.kept(number) {
                for case .text(let frame) in frames(of: message, entry, number, state) {
                    events.append(.text(frame))
                    recent.append(frame)
                    if recent.count > maximumRecent { recent.removeFirst() }
                }
            }
        }
        cursor = max(cursor, entries.end)
        let potentials = potentials(of: state)
        let gates = names.unsentGates.map { JSON.object(gate($0, state)) }
        let additions = names.additions(gates: gates)
        return [additions].compactMap { $0 } + (waves.isEmpty ? [] : [.waves(waves)]) + events + potentials
    }

    // MARK: - Events

    private mutating func frames(
        of message: AnyMessage, _ entry: Entry, _ number: Int, _ state: ScopeState
    ) -> [PageFrame] {
        switch message {
        case .gateTransition(let transition): return [frame(of: transition, entry, state)].compactMap { $0 }
        case .collapse(let collapse): return [frame(of: collapse.body, entry, state)].compactMap { $0 }
        case .cognitiveRequest(let request):
            let bridge = names.mind("bridge", isBridge: true)
            return [
                .of(
                    "request",
                    [
                        ("id", .string(request.body.requestID.text)), ("c", .string(request.body.collapseID.text)),
                        ("g", gateNumber(ofRequest: request.body.requestID, state)), ("m", PageText.count(bridge)),
                        ("t", PageText.moment(entry.at)), ("until", PageText.moment(request.body.expiresAt)),
                    ])
            ]
        case .cognitiveResponse(let response): return [frame(of: response.body, entry, state)]
        case .command(let command):
            let subject = state.buffer.subjects[Int(entry.subject)]
            guard subject.domain == .organs || command.body.cause != nil else { return [] }
            return [frame(of: deeds.send(command, to: subject.owner, at: entry.at), state)]
        case .commandResult(let result):
            let subject = state.buffer.subjects[Int(entry.subject)]
            guard subject.domain == .organs else { return [] }
            let end = PageDeeds.End(
                at: entry.at, isOK: result.body.status == .ok, text: result.body.error ?? result.body.result.text)
            return [self.result(of: subject.owner, end, deeds.end(subject.owner, end), state)]
        case .act(let act):
            Self.link(&acts, act.body.requestID, number)
            return act.body.commands.map { command in
                let end = PageDeeds.End(
                    at: entry.at, isOK: command.status == .ok,
                    text: command.error
                        ?? "\(command.command) \(command.status?.rawValue ?? act.body.outcome.rawValue)")
                return self.result(
                    of: command.target, end, deeds.end(command.target, of: act.body.requestID, end), state)
            }
        case .verificationOutcome(let report):
            Self.link(&reports, report.body.originalSignalID, number)
            return []
        case .acceptedOutcome(let outcome): return [frame(of: outcome.body, entry, number)]
        default: return []
        }
    }

    private func frame(of transition: Envelope<GateTransition>, _ entry: Entry, _ state: ScopeState) -> PageFrame? {
        let body = transition.body
        guard let gate = names.gate(body.region.text) else { return nil }
        return .of(
            "gate",
            [
                ("g", PageText.count(gate)), ("state", .string(body.toState.word.uppercased())),
                ("from", .string(body.fromState.word.uppercased())), ("x", PageText.number(body.stateValue)),
                ("t", PageText.moment(entry.at)), ("w", PageText.number(body.trust ?? body.weight)),
                ("id", .string(transition.header.messageID.text)),
            ])
    }

    private mutating func frame(of body: Collapse, _ entry: Entry, _ state: ScopeState) -> PageFrame? {
        collapses += 1
        guard let gate = names.gate(state.buffer.homes.home(of: body.region.text)) ?? names.gate(body.region.text)
        else { return nil }
        let origins = Set(body.witnesses.map(\.origin.text))
        let cells = names.cells.indices.filter {
            names.cells[$0].gate == gate && origins.contains(names.cells[$0].name)
        }
        let window = elapsed(from: body.windowStart.nanoseconds, to: body.windowEnd.nanoseconds)
        return .of(
            "collapse",
            [
                ("id", .string(body.transitionID.text)), ("c", .string(body.collapseID.text)),
                ("g", PageText.count(gate)), ("t", PageText.moment(entry.at)),
                ("confidence", PageText.number(body.confidence)), ("cells", .array(cells.map { PageText.count($0) })),
                ("window", PageText.number(Double(window) / 1e6, 1)),
            ])
    }

    private mutating func frame(of body: CognitiveResponse, _ entry: Entry, _ state: ScopeState) -> PageFrame {
        if body.outcome != .answered, body.outcome != .merged {
            let day = Timestamp(nanoseconds: entry.at).utcDay
            unanswered = (day, (unanswered.day == day ? unanswered.count : 0) + 1)
        }
        deeds.announce(body, at: entry.at)
        let text = body.outcome == .answered ? body.decision : "\(body.outcome.rawValue): \(body.decision)"
        let bridge = names.mind("bridge", isBridge: true)
        names.answered(bridge, text, at: entry.at, took: body.processingTimeMilliseconds)
        var mind = bridge
        if let model = body.mind?.model {
            mind = names.mind(model)
            names.answered(mind, text, at: entry.at, took: body.processingTimeMilliseconds)
        }
        return .of(
            "response",
            [
                ("id", .string(body.requestID.text)), ("g", gateNumber(ofRequest: body.requestID, state)),
                ("m", PageText.count(mind)), ("t", PageText.moment(entry.at)),
                ("text", PageText.shown(text, PageText.answer)), ("outcome", .string(body.outcome.rawValue)),
                ("took", PageText.number(body.processingTimeMilliseconds, 1)),
                ("model", body.mind.map { PageText.shown($0.model, PageText.name) } ?? .null),
            ])
    }

    private mutating func frame(of body: AcceptedOutcome, _ entry: Entry, _ number: Int) -> PageFrame {
        Self.link(&outcomes, body.opening, number)
        if changedTrust.count < GateBoard.maximum { changedTrust.insert(body.region.text) }
        return .of(
            "outcome",
            [
                ("id", .string(body.opening.text)),
                ("g", names.gate(body.region.text).map { PageText.count($0) } ?? .null),
                ("result", .string(body.effect == .withdrawal ? "undo" : body.result.rawValue)),
                ("t", PageText.moment(entry.at)), ("by", PageText.shown(body.sender, PageText.name)),
            ])
    }

    private mutating func frame(of deed: PageDeeds.Deed, _ state: ScopeState) -> PageFrame {
        let organ = names.organ(deed.target)
        names.acted(organ, "\(deed.command) · running", at: deed.at)
        return .of(
            "command",
            [
                ("id", .string(deed.id.text)), ("o", PageText.count(organ)), ("t", PageText.moment(deed.at)),
                ("text", PageText.shown(deed.command, PageText.name)),
                ("open", deed.request.map { .string($0.text) } ?? .null),
                ("g", deed.request.map { gateNumber(ofRequest: $0, state) } ?? .null),
            ])
    }

    private mutating func result(
        of target: String, _ end: PageDeeds.End, _ deed: PageDeeds.Deed?, _ state: ScopeState
    ) -> PageFrame {
        let organ = names.organ(target)
        // One that was not seen: what the organ is shown to do.
        let before = deed?.command ?? names.organs[organ].text.halves(around: " · ")?.before
        names.acted(organ, (before.map { "\($0) · " } ?? "") + (end.isOK ? "ok" : "failed"), at: end.at)
        let took = deed.map { Double(elapsed(from: $0.at, to: end.at)) / 1e6 } ?? .nan
        return .of(
            "result",
            [
                ("id", deed.map { .string($0.id.text) } ?? .null), ("o", PageText.count(organ)),
                ("t", PageText.moment(end.at)), ("ok", .bool(end.isOK)),
                ("text", PageText.shown(end.text, PageText.answer)), ("took", PageText.number(took, 1)),
                ("open", deed?.request.map { .string($0.text) } ?? .null),
                ("g", deed?.request.map { gateNumber(ofRequest: $0, state) } ?? .null),
            ])
    }

    private func gateNumber(ofRequest id: MessageID, _ state: ScopeState) -> JSON {
        guard let region = state.regionsOfRequests[id] else { return .null }
        return (names.gate(state.buffer.homes.home(of: region)) ?? names.gate(region)).map { PageText.count($0) }
            ?? .null
    }

    private static func link(_ links: inout [MessageID: Int], _ id: MessageID, _ number: Int) {
        if links.count >= maximumLinks, links[id] == nil {
            let oldest = links.values.sorted()[links.count / 2]
            links = links.filter { $0.value > oldest }
        }
        links[id] = number
    }

    /// Requests of a day (UTC) that expired or that no mind answered, as far as they were heard.
    package func missed(on day: String) -> Int { unanswered.day == day ? unanswered.count : 0 }

    // MARK: - Gates

    /// The potentials that the thalamus has reported since the last call; of gates at rest only those that were not before. Between, a page
    /// lets them decay by itself.
    private mutating func potentials(of state: ScopeState) -> [PageFrame] {
        let at = state.gates.attended
        guard at > attended else { return [] }
        attended = at
        while known.count < names.gates.count { known.append(0) }
        var changed: [JSON] = []
        for (number, name) in names.gates.enumerated() {
            guard let gate = state.gates.tracks[name]?.gate else { continue }
            guard abs(gate.potential) > Self.rest || abs(known[number]) > Self.rest else { continue }
            known[number] = gate.potential
            changed.append(
                .array([
                    PageText.count(number), PageText.number(gate.potential), PageText.moment(at),
                    PageText.number(trust(name, gate)), PageText.count(gate.witnesses),
                ]))
        }
        return changed.isEmpty ? [] : [.of("potential", [("p", .array(changed))])]
    }

    /// Trust in a gate: as it is reported where it is declared, else as the thalamus has explained it.
    private func trust(_ name: String, _ gate: AttendedGate) -> Double {
        guard let facts = facts[name], facts.isEarned, let trust = facts.trust else { return gate.weight }
        return trust
    }

    /// A potential below it cannot be seen.
    static let rest = 0.004

    /// Time of the last report of a gate's potential: one that stays the same is reported again each second.
    private func reported(_ track: GateTrack?, _ state: ScopeState) -> Int64 {
        guard let track, let sample = track.samples.last else { return state.now.nanoseconds }
        return abs(track.gate.potential) > Self.rest ? max(sample.at, state.gates.attended) : sample.at
    }

    func gate(_ name: String, _ state: ScopeState) -> JSONObject {
        let facts = facts[name] ?? GateFacts()
        let track = state.gates.tracks[name]
        let gate = track?.gate
        let defaults = GateConfiguration()
        let opening = track?.openings.last.flatMap { $0.end == .max ? $0.start : nil }
        return [
            "key": .string(name), "n": PageText.shown(name, PageText.name),
            "state": .string((gate?.state ?? .stable).word.uppercased()),
            "x": PageText.number(gate?.potential ?? 0),
            "t": PageText.moment(reported(track, state)),
            "open": .number(gate?.openThreshold ?? defaults.openThreshold),
            "close": .number(gate?.closeThreshold ?? defaults.closeThreshold),
            "release": .number(gate?.releaseFraction ?? defaults.releaseFraction),
            "half": PageText.number(facts.halfLife, 1), "window": PageText.number(facts.window, 1),
            "w": gate.map { PageText.number(trust(name, $0)) } ?? .null, "earned": .bool(facts.isEarned),
            "witnesses": PageText.count(gate?.witnesses ?? 0),
            "since": opening.map { PageText.moment($0) } ?? .null,
        ]
    }

    // MARK: - The whole

    /// All that ``frames(of:)`` has given so far, for a page that knows nothing.
    package func snapshot(of state: ScopeState) -> JSONObject {
        let openings = recent.numbers.map { recent[$0] }.filter { $0["k"]?.string == "collapse" }.suffix(50)
        var object: JSONObject = [
            "k": .string("snapshot"), "now": PageText.moment(state.now.nanoseconds),
            "mode": state.gates.mode.map { .string($0.rawValue) } ?? .null,
            "cells": .array(names.cells.map(\.json)), "gates": .array(names.gates.map { .object(gate($0, state)) }),
            "minds": .array(names.minds.map(\.json)), "organs": .array(names.organs.map(\.json)),
            "collapses": PageText.count(collapses), "openings": .array(openings.map { .object($0) }),
        ]
        object["from"] = state.buffer.entries.oldest.map { PageText.moment($0.at) } ?? .null
        let marks = recent.numbers.suffix(Self.maximumSent).map { recent[$0] }.filter { $0["k"]?.string != "collapse" }
        object["marks"] = .array(marks.map { .object($0) })
        return object
    }
}
