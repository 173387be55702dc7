import NimmerWave

/// Begin and end of what a person would call a change, from the same numbers as a ``Detector`` (sensing.md, Change events).
///
/// A second detector, the twin of the one that speaks to gates: it follows its baseline faster and is sooner sure, so that it marks the
/// moments at which something changed and not for how long that is unusual. A value without a clock, in O(1) memory; a sample allocates
/// nothing.
public struct ChangeDetector: Sendable {
    /// Settings.
    public let settings: ChangeSettings
    /// The twin, with what it has learned.
    public internal(set) var detector: Detector
    /// Indicates whether a change has begun and not ended, reported or not.
    public internal(set) var isChanged = false
    /// Begins and ends that were not reported, since another was shortly before.
    public internal(set) var withheld = 0

    private var bound: RateBound

    /// A detector that has seen nothing.
    public init(_ settings: ChangeSettings = ChangeSettings()) {
        self.settings = settings
        detector = Detector(settings.detector)
        bound = RateBound(milliseconds: settings.boundMilliseconds)
    }

    /// Takes a sample.
    ///
    /// - Parameters:
    ///   - value: the sample; the detector refuses those that every ``Detector`` refuses.
    ///   - moment: when it was taken, by the sensor's clock.
    ///   - interval: the sensor's own, in milliseconds, which makes the bound of a slow one longer; nil where it is not known.
    ///   - missing: how many samples are missing since the last.
    /// - Returns: the change that begins or ends with it and is to be reported; nil for most samples.
    public mutating func observe(
        _ value: Double, at moment: Timestamp, interval: Double? = nil, missing: Int = 0
    ) -> SensedChange? {
        guard let seen = detector.observe(value, missing: missing) else { return nil }
        guard isChanged ? seen.confidence < settings.end : seen.confidence >= settings.begin else { return nil }
        isChanged.toggle()
        bound.milliseconds = settings.bound(forInterval: interval)
        guard bound.admits(at: moment) else {
            withheld += 1
            return nil
        }
        return SensedChange(edge: isChanged ? .begin : .end, seen: seen, at: moment)
    }
}

/// Begin or end of a change (sensing.md, Change events).
public struct SensedChange: Hashable, Sendable {
    /// Begin or end.
    public var edge: ChangeEdge
    /// Judgement of the twin on the sample.
    public var seen: Observation
    /// Time of the sample.
    public var at: Timestamp
}
