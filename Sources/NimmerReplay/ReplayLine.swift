import NimmerOutput
import NimmerWave

/// Output of a replay, as lines for programs and for recordings.
extension ReplayOutput {
    /// Time of the event.
    package var at: Timestamp {
        switch self {
        case .wave(let message, _): message.header.timestamp
        case .state(let state): state.at
        case .command(_, _, let at): at
        case .transition(let transition): transition.at
        case .collapse(let collapse): collapse.windowEnd
        case .escalation(_, let at): at
        case .change(let change): change.event.at
        }
    }

    /// Indicates whether it is printed: a change event that was merged into another is recorded alone.
    package var isPrinted: Bool {
        if case .change(let change) = self { !change.isMerged } else { true }
    }

    /// Line of `--json`: `{"type": …, "at": …}` and the message's body.
    package var json: JSON {
        switch self {
        case .wave(let message, let subject):
            Self.object("wave", at, [.init("subject", .string(subject.text))], message.body.json)
        case .state(let state): Self.object("state", at, [], state.json)
        case .command(let command, let target, _):
            Self.object("command", at, [.init("target", .string(target.text))], command.json)
        case .transition(let transition): Self.object("transition", at, [], transition.json)
        case .collapse(let collapse): Self.object("collapse", at, [], collapse.json)
        case .escalation(let request, _): Self.object("escalation", at, [], request.json)
        case .change(let change):
            Self.object("change", at, [.init("cell", .string(change.cell.text))], change.event.json)
        }
    }

    private static func object(
        _ type: String, _ at: Timestamp, _ more: [JSONObject.Member], _ body: JSON
    ) -> JSON {
        var members: [JSONObject.Member] = [.init("type", .string(type)), .init("at", .string(at.rfc3339))] + more
        members += (body.object?.members ?? []).filter { $0.key != "at" && $0.key != "type" }
        return .object(JSONObject(members))
    }

    /// Line of `--record` for a wave or a change event: `{"at": …, "subject": …, "message": {…}}`; nil for everything else.
    package var recorded: JSON? {
        let (subject, message): (Subject, [UInt8])
        switch self {
        case .wave(let wave, let place): (subject, message) = (place, wave.encoded())
        case .change(let change): (subject, message) = (change.subject, change.message.encoded())
        default: return nil
        }
        return ["at": .string(at.rfc3339), "subject": .string(subject.text), "message": .raw(message)]
    }

    /// The line for a person; nil for waves and gates' releases, of which there are too many to read.
    package func line(_ formatter: EventFormatter, _ environment: Environment) -> TerminalText? {
        let id = MessageID(high: 0, low: 0)
        let source = Source(entityID: "replay", entityType: .service)
        switch self {
        case .wave: return nil
        case .state(let state):
            guard let nerve = try? Subject(foreign: "\(environment.rawValue).nervous.nerves.\(state.nerve).state")
            else {
                return nil
            }
            return formatter.line(
                subject: nerve.text, message: .nerveState(Envelope(id: id, at: at, from: source, state)))
        case .command(let command, let target, _):
            return formatter.line(
                subject: Subject.request(environment, cell: target).text,
                message: .command(Envelope(id: id, at: at, from: source, command)))
        case .transition(let transition):
            return formatter.line(
                subject: Subject.transition(environment, gate: transition.gateID).text,
                message: .gateTransition(Envelope(id: id, at: at, from: source, transition)))
        case .collapse(let collapse):
            return formatter.line(
                subject: Subject.collapse(environment).text,
                message: .collapse(Envelope(id: id, at: at, from: source, collapse)))
        case .escalation(let request, _):
            return formatter.line(
                subject: Subject.cognitiveRequest(environment).text,
                message: .cognitiveRequest(Envelope(id: id, at: at, from: source, request)))
        case .change(let change):
            return formatter.line(subject: change.subject.text, message: .changeEvent(change.message))
        }
    }
}

extension ReplayedChange {
    /// The message that a live cell would publish.
    var message: Envelope<ChangeEvent> {
        Envelope(
            id: id, at: event.at,
            from: Source(entityID: "\(cell)-replay", entityType: .cell, garden: .virtual, tier: 1),
            event)
    }
}

extension ReplayCounts {
    /// The last line for a person.
    ///
    /// - Parameter hasChanges: whether change events were asked for.
    package func summary(hasChanges: Bool = false) -> String {
        var text = NimmerOutput.count(rows, "row")
        if let first, let last { text += " over \(LocalTime.span(milliseconds: last.milliseconds(since: first)))" }
        text += ": \(NimmerOutput.count(waves, "wave")), \(NimmerOutput.count(openings, "opening")), "
        text += NimmerOutput.count(escalations, "escalation")
        if states > 0 { text += ", \(NimmerOutput.count(states, "change")) of nerves" }
        if commands > 0 { text += ", \(NimmerOutput.count(commands, "command"))" }
        if hasChanges { text += ", \(NimmerOutput.count(changes, "change event"))" }
        return text
    }

    /// The same for a program.
    ///
    /// - Parameter hasChanges: whether change events were asked for.
    package func json(hasChanges: Bool = false) -> JSON {
        var object: JSONObject = [
            "rows": .number(Double(rows)), "waves": .number(Double(waves)), "openings": .number(Double(openings)),
            "transitions": .number(Double(transitions)), "collapses": .number(Double(collapses)),
            "escalations": .number(Double(escalations)), "states": .number(Double(states)),
            "commands": .number(Double(commands)), "gaps": .number(Double(gaps.count)),
            "sentinels": .number(Double(sentinels)),
            "out_of_order": .number(Double(outOfOrder)), "refused": .number(Double(refused)),
            "ungranted": .number(Double(ungranted)),
        ]
        if hasChanges {
            object["changes"] = .number(Double(changes))
            object["changes_merged"] = .number(Double(mergedChanges))
        }
        return .object(object)
    }

    /// Notes about the recording; empty when all of it was good.
    package var notes: [String] {
        var notes = [gaps.note].compactMap { $0 }
        if let firstSentinel {
            let first = "\(sentinels == 1 ? ":" : "; the first:") \(firstSentinel)"
            notes.append(
                "\(NimmerOutput.count(sentinels, "value")) \(sentinels == 1 ? "stands" : "stand") for no reading and "
                    + "\(sentinels == 1 ? "was" : "were") left out\(first)")
        }
        if outOfOrder > 0 {
            notes.append(
                "\(NimmerOutput.count(outOfOrder, "row")) came before the row before; taken as of the same time")
        }
        if let firstUngranted {
            notes.append("\(NimmerOutput.count(ungranted, "wave")) refused, as live: \(firstUngranted)")
        }
        return notes
    }
}
