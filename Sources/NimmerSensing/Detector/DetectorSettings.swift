import NimmerWave

/// Settings of a ``Detector`` (sensing.md). All times count in samples, so that the defaults fit a sensor at any pace; in the common case
/// nothing needs to be set but, for a sensor that publishes seldom, ``learningSamples``.
public struct DetectorSettings: Hashable, Sendable {
    /// Number of samples that are learned from; at least 20. The first 15 % only make the baseline; from a quarter on the
    /// detector may speak, of what is far beyond anything it has seen.
    public var learningSamples = 400
    /// The time constant of the slow baseline, in samples; at least 2.
    public var baselineSamples = 50.0
    /// Slowing of the baseline's adaptation while the detector is sure of a surprise, 0…1.
    public var surpriseSlows = 0.7
    /// Bound at which a residual is clipped, in learned standard deviations; above 0.
    public var clip = 2.5
    /// Limit of the pull of one sample on the baseline and the short spread, in learned deviations; at least 1. It keeps one
    /// wild value from being remembered for long.
    public var outlier = 10.0
    /// The same for the short spread where the next sample comes back: one bad row is no noise; at least 1.
    public var spike = 3.0
    /// Limit of one step on the learned noise, as a multiple of the noise learned so far; at least 1.
    public var learningOutlier = 3.0
    /// Most that one sample adds to the sums, in units of the level; above 0.
    public var sampleLimit = 1.0
    /// Deviation that the sums forgive each sample, in units of the noise; at least 0.
    public var slack = 0.5
    /// Fraction that the sums lose each sample, 0…1.
    public var leak = 0.05
    /// The time constant of the short spread, in samples; at least 2.
    public var spreadSamples = 16.0
    /// Factor by which the spread view must exceed the level view to be as loud; above 0.
    public var spreadCaution = 1.15
    /// The natural logarithm of the least ratio of a short variance to the learned one that the spread view sees; below 0. -4.6 is a
    /// tenth of the learned spread: a signal that rests is not infinitely quiet.
    public var quietest = -4.6
    /// Smallest unit of the leap view, in units of the noise; above 0.
    public var leapUnit = 8.0
    /// Indicates whether a residual is also taken from where the signal was at home, so that coming home is no surprise.
    public var returnsHome = true
    /// Limit of a unit at the end of learning, as a multiple of the second greatest excursion among eight parts of it; at least 1.
    public var extreme = 1.2
    /// Step of the unit towards a larger excursion while learning, a sample, 0…1.
    public var learningRate = 0.25
    /// The same after learning: habituation, 0…1.
    public var habituation = 0.004
    /// Step of the units towards the greatest excursion of a surprise once it is over, 0…1; they do not grow while the confidence is at
    /// least 0.9, so that what is certain is heard again. Without one they grow at ``habituation`` all the time.
    public var surpriseStep: Double? = 0.1
    /// Time in which the learning rate falls by a factor of e after learning, until it is that of habituation, as a multiple of
    /// ``learningSamples``; at least 0.
    public var settling = 0.04
    /// Limit of the unit's growth, as a multiple of its learned size; at least 1.
    public var habituationLimit = 5.0
    /// Multiple of the worst learned that gives a confidence of a half; above 0.
    public var halfConfidence = 2.75
    /// Steepness of confidence there; above 0.
    public var steepness = 5.0

    /// The defaults.
    public init() {}

    /// Checks the settings that are given from outside.
    ///
    /// - Throws: a `Refusal` that names the setting, what was found and what was expected.
    public func validate() throws(Refusal) {
        let checks: [(String, Double, ClosedRange<Double>)] = [
            ("learning_samples", Double(learningSamples), 20...1e9),
            ("baseline_samples", baselineSamples, 2...1e9), ("surprise_slows", surpriseSlows, 0...1),
            ("clip", clip, 0.1...1e6), ("outlier", outlier, 1...1e6), ("spike", spike, 1...1e6),
            ("learning_outlier", learningOutlier, 1...1e6), ("sample_limit", sampleLimit, 0.01...1e6),
            ("slack", slack, 0...1e6), ("leak", leak, 0...1), ("quietest", quietest, -100 ... -0.01),
            ("leap_unit", leapUnit, 0.01...1e6), ("extreme", extreme, 1...1e6),
            ("spread_samples", spreadSamples, 2...1e9), ("spread_caution", spreadCaution, 0.01...1e6),
            ("learning_rate", learningRate, 0...1), ("habituation", habituation, 0...1),
            ("surprise_step", surpriseStep ?? 0, 0...1), ("settling", settling, 0...1e6),
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
