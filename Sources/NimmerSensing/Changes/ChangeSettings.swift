import NimmerWave

/// Settings of a ``ChangeDetector`` (sensing.md, Change events).
public struct ChangeSettings: Hashable, Sendable {
    /// Settings of its detector: quicker to forget, not slowed by a surprise, and sooner sure than the one that speaks to gates.
    public var detector: DetectorSettings
    /// Confidence from which a change has begun, 0…1.
    public var begin = 0.9
    /// Confidence below which it has ended, 0…1; at most ``begin``.
    public var end = 0.2
    /// Shortest time between two events, in milliseconds; at least 0.
    public var boundMilliseconds = 20_000.0
    /// Number of the sensor's own intervals that lie between two events at least, where its interval is known; at least 0.
    public var boundIntervals = 20.0

    /// The settings of the twin of a detector.
    ///
    /// - Parameter base: the settings of the detector that speaks to gates, of which all but five are taken as they are.
    public init(of base: DetectorSettings = DetectorSettings()) {
        detector = base
        detector.baselineSamples = 30
        detector.surpriseSlows = 0
        detector.halfConfidence = 2
        detector.returnsHome = false
        detector.surpriseStep = nil
    }

    /// Returns the shortest time between two events of a sensor, in milliseconds.
    ///
    /// - Parameter interval: the sensor's own, in milliseconds; nil where it is not known.
    public func bound(forInterval interval: Double?) -> Double {
        max(boundMilliseconds, boundIntervals * (interval ?? 0))
    }

    /// Checks the settings that are given from outside.
    ///
    /// - Throws: a `Refusal` that names the setting, what was found and what was expected.
    public func validate() throws(Refusal) {
        try detector.validate()
        let checks: [(String, Double, ClosedRange<Double>)] = [
            ("begin", begin, 0...1), ("end", end, 0...min(1, max(0, begin))),
            ("bound_ms", boundMilliseconds, 0...86_400_000), ("bound_intervals", boundIntervals, 0...1e6),
        ]
        for (name, value, range) in checks where !range.contains(value) {
            throw Refusal(
                .value, field: name, "\(name) must be from \(range.lowerBound) to \(range.upperBound)",
                found: "\(value)")
        }
    }
}
