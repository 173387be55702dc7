/// Settings of a ``MultivariateDetector`` (sensing.md, Across sensors). None needs to be set in the common case.
package struct MultivariateSettings: Hashable, Sendable {
    /// Bounds of ``learningSamples``.
    package static let learnable = 20...5000
    /// Bounds of the number of inputs.
    package static let inputs = 2...64

    /// Number of rows that are learned from, and kept.
    package var learningSamples = 400
    /// Part of the variance that the kept components explain.
    package var explained = 0.85
    /// Number of rows that a kept component needs.
    package var rowsForComponent = 5
    /// Bound of a deviation that is learned from, in standard deviations.
    package var learnedClip = 4.0
    /// Mean square of a row's deviations from which on it counts for less.
    package var learnedRow = 6.0
    /// Bound of a deviation that is judged, in standard deviations.
    package var clip = 5.0
    /// Weight of a row in what is smoothed.
    package var smoothing = 0.1
    /// Bound of what one row adds to a smoothed statistic, in units; half of it to the statistic of smoothed deviations.
    package var rowLimit = 0.8
    /// Number of rows at which a unit is taken twice, since few rows do not show the worst.
    package var fewRows = 30.0
    /// The time constant of the baselines, in rows.
    package var baselineSamples = 400.0
    /// Slowing of the baselines at confidence 1.
    package var surpriseSlows = 0.9
    /// Step of a unit towards a larger view, a row.
    package var habituation = 0.004
    /// Limit of a unit's growth, as a multiple of its learned size.
    package var habituationLimit = 4.0
    /// Multiple of the worst learned that gives a confidence of a half.
    package var halfConfidence = 2.25
    /// Steepness of confidence there.
    package var steepness = 4.0
    /// Growth of the learned rows after which the components are made again.
    package var renewal = 1.5
    /// Memory of the correlations, in multiples of ``learningSamples``.
    package var memory = 5.0

    package init() {}
}
