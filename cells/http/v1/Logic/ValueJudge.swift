import NimmerCell
import NimmerSensing

/// Judge of one kind of number of the http cell: the detector that gates hear, and its twin for people.
struct ValueJudge: Sendable {
    /// Detector with what it has learned.
    var detector: Detector
    /// Twin that reports changes; nil where none are reported.
    var changes: ChangeDetector?

    init(_ settings: DetectorSettings, side: Detector.Side, reportsChanges: Bool) {
        detector = Detector(settings, side: side)
        changes = reportsChanges ? ChangeDetector(ChangeSettings(of: settings)) : nil
    }

    /// Indicates whether it does not know yet what is normal.
    var isLearning: Bool { detector.isLearning }

    /// Takes a number; reports a change that begins or ends with it.
    mutating func observe(_ number: Double, missing: Int, _ pulse: inout Pulse) -> Observation? {
        let change = changes?.observe(number, at: pulse.at, interval: pulse.interval, missing: missing)
        if let change {
            let seen = change.seen
            pulse.report(
                change.edge, view: seen.view.rawValue, value: seen.value, normal: short(seen.normal),
                times: short(seen.times), direction: seen.isAbove ? .above : .below, confidence: seen.confidence,
                spread: seen.view == .spread ? (short(seen.spread), short(seen.normalSpread)) : nil)
        }
        return detector.observe(number, missing: missing)
    }

    /// Writes or reads what it has learned.
    mutating func exchange(_ codec: inout StateCodec) throws(Refusal) {
        try detector.exchange(&codec)
        if var twin = changes {
            try twin.exchange(&codec)
            changes = twin
        }
    }
}
