import NimmerWave

/// What a ``Detector`` is tuned by (sensing.md). The defaults fit a sensor that speaks about once a second; in the common
/// case nothing needs to be set but, for a slow sensor, ``learningSamples``.
public struct DetectorSettings: Hashable, Sendable {
    /// How many samples are learned from; at least 20. The first 15 % only make the baseline; from a quarter on the
    /// detector may speak, of what is far beyond anything it has seen.
    public var learningSamples = 400
    /// The time constant of the slow baseline, in samples; at least 2.
    public var baselineSamples = 60.0
    /// How much slower the baseline adapts while the detector is sure of a surprise, 0…1.
    public var surpriseSlows = 0.7
    /// Where a residual is clipped, in learned standard deviations; above 0.
    public var clip = 2.5
    /// How far one sample may pull the baseline and the short spread, in learned deviations; at least 1. It keeps one
    /// wild value from being remembered for long.
    public var outlier = 10.0
    /// What the sums forgive each sample, in units of the noise; at least 0.
    public var slack = 0.5
    /// What the sums lose each sample, 0…1.
    public var leak = 0.05
    /// The time constant of the short spread, in samples; at least 2.
    public var spreadSamples = 20.0
    /// How far the spread view must go beyond the level view to be as loud; above 0.
    public var spreadCaution = 1.25
    /// How far the unit moves towards a larger excursion while learning, a sample, 0…1.
    public var learningRate = 0.35
    /// The same after learning: habituation, 0…1.
    public var habituation = 0.004
    /// How many times its learned size the unit may grow to; at least 1.
    public var habituationLimit = 3.0
    /// How many times the worst learned gives a confidence of a half; above 0.
    public var halfConfidence = 2.75
    /// How steeply confidence rises there; above 0.
    public var steepness = 4.0

    /// The defaults.
    public init() {}

    /// Checks the settings that are given from outside.
    ///
    /// - Throws: a `Refusal` that names the setting, what was found and what was expected.
    public func validate() throws(Refusal) {
        let checks: [(String, Double, ClosedRange<Double>)] = [
            ("learning_samples", Double(learningSamples), 20...1e9),
            ("baseline_samples", baselineSamples, 2...1e9), ("surprise_slows", surpriseSlows, 0...1),
            ("clip", clip, 0.1...1e6), ("outlier", outlier, 1...1e6), ("slack", slack, 0...1e6), ("leak", leak, 0...1),
            ("spread_samples", spreadSamples, 2...1e9), ("spread_caution", spreadCaution, 0.01...1e6),
            ("learning_rate", learningRate, 0...1), ("habituation", habituation, 0...1),
            ("habituation_limit", habituationLimit, 1...1e6), ("half_confidence", halfConfidence, 0.01...1e6),
            ("steepness", steepness, 0.1...100),
        ]
        for (name, value, range) in checks where !range.contains(value) {
            throw Refusal(
                .value, field: name, "\(name) must be from \(range.lowerBound) to \(range.upperBound)",
                found: "\(value)")
        }
    }
}
