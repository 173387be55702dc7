import NimmerWave

/// Contents of the inspector: a title and lines, the longest not yet cut.
struct Inspection: Sendable {
    var title: String
    var lines: [InkLine] = []

    /// A line of a name and what it is.
    mutating func field(_ name: String, _ value: String, _ ink: Ink = .text) {
        lines.append(InkLine(padded(name, 11), .quiet).and(value, ink))
    }

    /// A line that begins a part, with an empty one before it.
    mutating func section(_ text: String, _ ink: Ink = .strong) {
        if !lines.isEmpty { lines.append(InkLine()) }
        lines.append(InkLine(text, ink))
    }

    /// A JSON text, its keys apart from its values.
    mutating func json(_ value: JSON) {
        for line in value.pretty.split(separator: "\n", omittingEmptySubsequences: false) {
            if let (key, rest) = line.halves(around: "\": ") {
                lines.append(InkLine(key + "\": ", .quiet).and(rest))
            } else {
                lines.append(InkLine(String(line)))
            }
        }
    }
}

extension ScopeState {
    /// Returns the current contents of the inspector.
    func inspection() -> Inspection {
        switch view.inspected {
        case .entry(let number):
            guard buffer.entries.numbers.contains(number) else {
                return Inspection(title: "gone", lines: [InkLine("This message is no longer kept.", .quiet)])
            }
            return inspection(of: buffer.entries[number], number)
        case .gate(let region): return inspection(ofGate: region)
        case nil:
            if settings.face == .gates, let gate = selectedGate { return inspection(ofGate: gate) }
            guard let number = lastOpening, case .gateTransition(let transition)? = kept(number) else {
                return Inspection(title: "", lines: introduction)
            }
            return inspection(of: transition, number)
        }
    }

    /// The entry that last opened a gate before the moment that is shown.
    private var lastOpening: Int? {
        guard let moment = momentShown else { return openings.last }
        let number = openings.firstNumber { buffer.entries.numbers.contains($0) && buffer.entries[$0].at > moment } - 1
        return number >= openings.first ? openings[number] : nil
    }

    private var introduction: [InkLine] {
        [
            InkLine(view.isLive ? "Nothing has opened yet." : "Nothing had opened by then.", .quiet), InkLine(),
            InkLine("Enter", .accent).and(" inspects what is selected:", .quiet),
            InkLine("a wave in the log, a gate, an escalation.", .quiet),
        ]
    }

    /// The message of an entry; nil when it has gone or cannot be read.
    func kept(_ number: Int) -> AnyMessage? {
        guard buffer.entries.numbers.contains(number) else { return nil }
        return try? message(buffer.entries[number])?.get()
    }

    private func inspection(of entry: Entry, _ number: Int) -> Inspection {
        switch message(entry) {
        case nil:
            var inspection = Inspection(title: Sign(entry.kind).word)
            inspection.field("subject", buffer.subjects[Int(entry.subject)].text)
            inspection.field("arrived", settings.clock(entry.at))
            if entry.value.isFinite { inspection.field("value", decimals(Double(entry.value))) }
            inspection.section("Its content is no longer kept: newer messages took its place.", .quiet)
            return inspection
        case .failure(let refusal):
            var inspection = Inspection(title: "refused")
            inspection.field("subject", buffer.subjects[Int(entry.subject)].text)
            inspection.field("arrived", settings.clock(entry.at))
            inspection.field("why", "\(refusal)", .bad)
            inspection.section("as it came")
            inspection.lines.append(InkLine(buffer.bytes(of: entry).map { String(decoding: $0, as: UTF8.self) } ?? ""))
            return inspection
        case .success(let message):
            return (view.isRaw ? nil : decision(about: message, number)) ?? inspection(of: message, entry)
        }
    }

    /// The decision that a message is part of; nil when it is not one.
    private func decision(about message: AnyMessage, _ number: Int) -> Inspection? {
        switch message {
        case .gateTransition(let transition) where transition.body.toState == .open:
            inspection(of: transition, number)
        case .collapse(let collapse): stories.story(of: collapse.body.collapseID).map(inspection(of:))
        case .cognitiveRequest(let request): stories.story(of: request.body.collapseID).map(inspection(of:))
        case .cognitiveResponse(let response): stories.story(ofRequest: response.body.requestID).map(inspection(of:))
        default: nil
        }
    }

    /// The whole message, indented or as it came.
    private func inspection(of message: AnyMessage, _ entry: Entry) -> Inspection {
        let subject = buffer.subjects[Int(entry.subject)]
        let header = message.header
        var inspection = Inspection(title: EventText(message, subject: subject) { _ in nil }.sign.word)
        inspection.field("subject", subject.text)
        let delay = elapsed(from: header.timestamp.nanoseconds, to: entry.at)
        let isNear = delay.magnitude < 86_400_000_000_000
        inspection.field(
            "sent",
            settings.clock(header.timestamp.nanoseconds)
                + (isNear && delay != 0 ? ", arrived \(span(nanoseconds: delay)) later" : ""))
        inspection.field(
            "by",
            "\(header.source.entityID), \(header.source.entityType.rawValue), \(header.source.garden.rawValue) garden")
        if case .waveSignal(let wave) = message {
            let body = wave.body
            inspection.field("region", body.effectiveRegion.text, .nervous)
            inspection.field(
                "confidence",
                decimals(body.confidence) + (body.polarity < 0 ? ", denies" : ", asserts")
                    + (body.confidence < MessageBuffer.floor ? ", below the floor" : ""))
            if let origin = body.origin { inspection.field("origin", origin.text) }
            inspection.field("cost", "\(decimals(body.lifeforceCost, 1)) LF")
        }
        let bytes = buffer.bytes(of: entry).map(Array.init) ?? []
        if view.isRaw {
            inspection.section("as it came, \(grouped(bytes.count)) bytes")
            inspection.lines.append(InkLine(String(decoding: bytes, as: UTF8.self)))
        } else {
            inspection.lines.append(InkLine())
            inspection.json((try? JSON(parsing: bytes)) ?? .null)
        }
        return inspection
    }
}
