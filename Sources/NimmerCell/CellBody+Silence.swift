import NimmerWave

// A cell whose input has stopped is STALE (sensing.md, Stale): a log line, and a change event on the bus, when it begins and when it ends.

extension CellBody {
    /// Indicates whether its input has stopped: no reading for several of its usual intervals, or for the setting `stale_after_ms`.
    public var isStale: Bool { watch.isStale }

    /// Report of its readings for people at a moment, by their keys in `$SRV.INFO`; none for what does not apply.
    func readingFacts(at moment: Timestamp) -> [String: String] {
        var facts: [String: String] = [:]
        if let progress { facts["progress"] = "\(progress.done) of \(progress.whole)" }
        if let trouble = trouble(at: moment) { facts["stale"] = trouble }
        return facts
    }

    /// Reason why what it reads is not whole, in a few words; nil when all is well.
    func trouble(at moment: Timestamp) -> String? {
        guard watch.isStale else {
            guard !silentInputs.isEmpty else { return nil }
            return "silent: \(silentInputs.joined(separator: ", "))"
        }
        let silence = SpanText.milliseconds(watch.since.map { moment.milliseconds(since: $0) } ?? 0)
        guard watch.readings > 0 else { return "STALE: no reading yet, for \(silence)" }
        let usual = learnedInterval.map { ", usually one every \(SpanText.milliseconds($0))" } ?? ""
        return "STALE: no reading for \(silence)\(usual)"
    }

    /// It becomes STALE.
    mutating func begin(_ silence: SilenceWatch.Change, _ outer: inout Pulse) {
        var values = [
            "for": SpanText.milliseconds(silence.silence), "stale_after": SpanText.milliseconds(silence.limit),
        ]
        if let learnedInterval { values["usually_every"] = SpanText.milliseconds(learnedInterval) }
        outer.append(
            .log(.warning, silence.hadReading ? "STALE: no reading any more" : "STALE: no reading yet", values))
        report(change(.begin, silence, at: outer.at), &outer)
    }

    /// It is STALE no more.
    mutating func end(_ silence: SilenceWatch.Change, _ outer: inout Pulse) {
        outer.append(.log(.info, "Readings come again", ["after": SpanText.milliseconds(silence.silence)]))
        report(change(.end, silence, at: outer.at), &outer)
    }

    private func change(_ edge: ChangeEdge, _ silence: SilenceWatch.Change, at moment: Timestamp) -> ChangeEvent {
        ChangeEvent(
            edge: edge, domain: identity.domain, region: identity.region, view: ChangeEvent.silence,
            value: silence.silence, normal: learnedInterval ?? 0,
            times: silence.limit > 0 ? silence.silence / silence.limit : 0, direction: .above, confidence: 1,
            at: moment, intervalMilliseconds: statedInterval)
    }
}

/// Progress that a cell shows to people.
struct CellProgress: Sendable, Hashable {
    /// Amount that is done.
    var done: Int
    /// Amount that there is to do.
    var whole: Int
}

/// Spans of time in log lines and facts.
enum SpanText {
    /// The text of a span in milliseconds: `350 ms`, `5.2 s`, `12 min`, `3 h`, `2 d`.
    static func milliseconds(_ span: Double) -> String {
        let units = [("d", 86_400_000.0), ("h", 3_600_000), ("min", 60_000), ("s", 1000)]
        guard let (unit, size) = units.first(where: { span >= 2 * $0.1 || ($0.0 == "s" && span >= $0.1) }) else {
            return "\(JSON.number(span.rounded()).text) ms"
        }
        let value = span / size
        return "\(JSON.number(value < 10 ? (value * 10).rounded() / 10 : value.rounded()).text) \(unit)"
    }
}
