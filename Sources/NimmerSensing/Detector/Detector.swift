import Glibc
import NimmerWave

/// From a stream of numbers to confidence that something lasting has changed (sensing.md).
///
/// It learns online what is normal, in O(1) memory and without a clock. Two views watch: the *level* (a leaky two-sided
/// sum of clipped residuals against a slow baseline) and the *spread* (how far the short-term noise is from the learned
/// one). Each is measured in units of the greatest value that it reached while learning, so that "3" means "three times
/// the worst I saw while all was well" for every sensor; the louder view speaks.
public struct Detector: Sendable {
    /// Settings.
    public let settings: DetectorSettings
    /// Number of samples that it has taken.
    public private(set) var samples = 0
    /// Number of samples that were refused because they were not finite, or beyond ±1e150.
    public private(set) var refused = 0

    private let warmUp: Int
    private let speaksAfter: Int
    private var previous = 0.0
    private var baseline = 0.0
    private var mean = 0.0
    private var squares = 0.0
    private var steps = 0.0
    private var shortSteps = 0.0
    private var above = 0.0
    private var below = 0.0
    private var level = Unit(smallest: 1)
    private var spread = Unit(smallest: 0.25)

    /// The largest excursion of a view while all was well, and what it has grown to since.
    private struct Unit: Sendable {
        let smallest: Double
        var learned = 0.0
        var size = 0.0

        var measure: Double { max(size, smallest) }

        mutating func grow(_ view: Double, _ rate: Double, isLearning: Bool, limit: Double) {
            guard view > size else { return }
            size += rate * (view - size)
            if isLearning {
                learned = size
            } else {
                size = max(min(size, limit * max(learned, smallest)), learned)
            }
        }
    }

    /// A detector that has seen nothing.
    public init(_ settings: DetectorSettings = DetectorSettings()) {
        self.settings = settings
        warmUp = max(3, settings.learningSamples * 15 / 100)
        speaksAfter = max(4, settings.learningSamples / 4)
    }

    /// Indicates whether it is still learning what is normal.
    public var isLearning: Bool { samples < settings.learningSamples }

    /// Progress of learning, 0…1.
    public var learned: Double { min(1, Double(samples) / Double(max(1, settings.learningSamples))) }

    /// Takes a sample.
    ///
    /// - Returns: what it means; nil when the number is not finite (it is counted in ``refused`` and changes nothing).
    public mutating func observe(_ value: Double) -> Observation? {
        guard value.isFinite, abs(value) < 1e150 else {
            refused += 1
            return nil
        }
        samples += 1
        let learning = samples <= settings.learningSamples
        let step = samples > 1 ? value - previous : 0
        previous = value
        if learning { learn(value, step) }
        let grain = 1e-9 * abs(mean) + 1e-12
        let noise = max(grain, (steps / Double(max(1, learnedSamples - 1)) / 2).squareRoot())
        let deviation = max(grain, (squares / Double(max(1, learnedSamples - 1))).squareRoot())
        let calm = 2 * noise * noise
        if samples <= Int(saturating: settings.spreadSamples) {
            shortSteps = calm
        } else {
            let bound = calm * settings.outlier * settings.outlier
            let square = samples > warmUp ? min(bound, step * step) : step * step
            shortSteps += (square - shortSteps) / settings.spreadSamples
        }
        var observation = Observation(value: value, normal: baseline)
        guard samples > warmUp else {
            baseline = mean
            observation.normal = mean
            return observation
        }
        let limit = settings.clip * deviation
        let residual = min(limit, max(-limit, value - baseline)) / noise
        above = max(0, (above + residual - settings.slack) * (1 - settings.leak))
        below = max(0, (below - residual - settings.slack) * (1 - settings.leak))
        let moved = max(above, below)
        let scattered = min(40, abs(log((shortSteps + grain * grain) / calm)))
        let levelTimes = moved / level.measure
        let spreadTimes = scattered / (spread.measure * settings.spreadCaution)
        let rate = !learning ? settings.habituation : samples > speaksAfter ? settings.learningRate : 1
        level.grow(moved, rate, isLearning: learning, limit: settings.habituationLimit)
        spread.grow(scattered, rate, isLearning: learning, limit: settings.habituationLimit)
        observation.view = spreadTimes > levelTimes ? .spread : .level
        observation.times = max(levelTimes, spreadTimes)
        observation.isAbove = spreadTimes > levelTimes ? shortSteps > calm : above >= below
        observation.spread = (shortSteps / 2).squareRoot()
        observation.normalSpread = noise
        if samples > speaksAfter {
            observation.confidence =
                1 - exp2(-pow(observation.times / settings.halfConfidence, settings.steepness))
        }
        let pull = min(settings.outlier * deviation, max(-settings.outlier * deviation, value - baseline))
        baseline += pull / settings.baselineSamples * (1 - settings.surpriseSlows * observation.confidence)
        return observation
    }

    private var learnedSamples: Int { min(samples, settings.learningSamples) }

    private mutating func learn(_ value: Double, _ step: Double) {
        let difference = value - mean
        mean += difference / Double(samples)
        squares += difference * (value - mean)
        steps += step * step
    }
}
