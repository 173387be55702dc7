import Glibc
import NimmerWave

/// From a stream of numbers to confidence that something lasting has changed (sensing.md).
///
/// It learns online what is normal, in O(1) memory and without a clock. Three views watch: the *level* (a leaky two-sided
/// sum of clipped residuals), the *spread* (how far the short-term noise is from the learned one) and the *leap* (how far the
/// last samples all lie on one side). Each is measured in units of the greatest value that it reached while learning, so that
/// "3" means "three times the worst I saw while all was well" for every sensor; the loudest view speaks.
public struct Detector: Sendable {
    /// Settings.
    public let settings: DetectorSettings
    /// Side of normal on which a change counts.
    package let side: Side
    /// Number of samples that it has taken.
    public internal(set) var samples = 0
    /// Number of samples that were refused because they were not finite, or beyond ±1e150.
    public internal(set) var refused = 0
    /// Number of times that it began to learn again.
    public internal(set) var relearned = 0
    /// Reason why it last began to learn again; nil while it learns for the first time, or has not begun again.
    public internal(set) var relearns: RelearnReason?

    private let warmUp: Int
    private let speaksAfter: Int
    private let halfConfidence: Double
    var memory: Memory

    /// Reason to learn again what is normal (sensing.md, Learning again).
    public enum RelearnReason: String, Sendable, Hashable {
        /// It was loud for as long as it learns: what was a change is normal now.
        case loud
        /// It learned from a signal that hardly moved, and this moves now.
        case moves
    }

    /// Everything that learning again forgets.
    struct Memory: Sendable {
        /// Samples, and the time of missing ones, since it began to learn.
        var age = 0
        var samples = 0
        /// Samples since then that differ from the one before.
        var changes = 0
        /// The greatest of the first changes.
        var resolution = 0.0
        /// Changes since learning, forgotten with its time.
        var moves = 0.0
        var loud = 0
        /// Greatest excursions of a surprise that is not over.
        var surprise: Learning.Excursions?
        var learning = Learning()
        /// True from the end of learning on.
        var hasLearned = false
        /// Indicates whether it learned from a signal that hardly moved.
        var hasRested = false
        var meanStep = 0.0
        var variance = 0.0
        var previous: Double?
        var baseline = 0.0
        var home: Double?
        var above = 0.0
        var below = 0.0
        /// The last residuals, oldest first.
        var residuals = (0.0, 0.0, 0.0, 0.0, 0.0)
        var shortSteps = 0.0
        var lastStep = 0.0
        /// Samples that were missing before the last step.
        var lastGap = 0
        /// Indicates whether the last step and the one before it led back.
        var cameBack = false
        /// Number of spikes, fading with the short spread's time constant.
        var spikes = 0.0
        /// The second half of the warm-up.
        var settled = Learning.Sums()
        var level: Unit
        var spread: Unit
        var leap: Unit

        init(_ settings: DetectorSettings) {
            level = Unit(smallest: 1)
            spread = Unit(smallest: 0.25)
            leap = Unit(smallest: settings.leapUnit)
        }
    }

    /// Scale of the signal as known at a sample.
    private struct Scale {
        /// The least that counts as a difference.
        var grain: Double
        /// Standard deviation of the noise.
        var noise: Double
        /// Standard deviation of the samples.
        var deviation: Double
        /// Expected square of a step.
        var calm: Double
    }

    /// Number of samples from which on the worst that was learned is believed as it is.
    private static let enoughSamples = 100.0
    /// Number of changes below which a signal hardly moves.
    private static let fewChanges = 8
    /// Ratio of a change to those before from which on it does not show the resolution.
    private static let coarsest = 4.0
    /// Limit of a unit's growth right after learning, as a multiple of its learned size.
    private static let settlingLimit = 1.5
    /// Confidence below which nothing is heard: a surprise is over.
    private static let quiet = 0.2
    /// Most that a run of missing samples adds to the age: an outage teaches nothing.
    private static let longestGap = 10

    /// A detector that has seen nothing, and takes both sides.
    public init(_ settings: DetectorSettings = DetectorSettings()) { self.init(settings, side: .both) }

    /// A detector that has seen nothing.
    package init(_ settings: DetectorSettings, side: Side) {
        (self.settings, self.side) = (settings, side)
        warmUp = max(3, settings.learningSamples * 15 / 100)
        speaksAfter = max(4, settings.learningSamples / 4)
        halfConfidence = settings.halfConfidence * max(1, cbrt(Self.enoughSamples / Double(settings.learningSamples)))
        memory = Memory(settings)
    }

    /// Indicates whether it is still learning what is normal.
    public var isLearning: Bool { memory.age < settings.learningSamples }

    /// Progress of learning, 0…1.
    public var learned: Double { min(1, Double(memory.age) / Double(max(1, settings.learningSamples))) }

    /// Samples, and the time of missing ones, since it began to learn; it learns until these are as many as its `learningSamples`.
    public var age: Int { memory.age }

    /// Takes a sample.
    ///
    /// - Parameters:
    ///   - value: the sample.
    ///   - missing: how many samples are missing since the last: time that passed, and taught nothing.
    /// - Returns: what it means; nil when the number is not finite, or beyond ±1e150 (it is counted in ``refused`` and changes
    ///   nothing).
    public mutating func observe(_ value: Double, missing: Int = 0) -> Observation? {
        guard Self.accepts(value) else {
            refused += 1
            return nil
        }
        samples += 1
        if isMoving(value) { relearn(.moves) }
        let step = take(value, missing: max(0, missing))
        let scale = scale()
        weighSpread(step, scale, missing: max(0, missing))
        var observation = Observation(value: value, normal: memory.baseline)
        guard memory.age > warmUp else {
            memory.baseline = beginning(value)
            observation.normal = memory.baseline
            return observation
        }
        let away = away(value)
        observation.normal = value - away
        let seen = views(away, scale, missing: max(0, missing))
        judge(seen, scale, &observation)
        follow(value, scale, observation.confidence)
        return observation
    }

    // MARK: - Learning

    /// Counts a sample, learns from it while that lasts, and returns how far it is from the one before.
    private mutating func take(_ value: Double, missing: Int) -> Double {
        memory.samples += 1
        // At least half of what is learned from are samples, whatever is missing.
        memory.age = min(memory.age + 1 + min(missing, Self.longestGap), 2 * memory.samples)
        let step = memory.previous.map { value - $0 }
        memory.previous = value
        if let step, step != 0 {
            if memory.changes < Self.fewChanges { memory.resolution = resolution(with: abs(step), from: value - step) }
            memory.changes += 1
        }
        if memory.age <= settings.learningSamples {
            memory.learning.add(believed(value), step: step.map(bounded), at: fraction)
            memory.meanStep = memory.learning.sums.meanStep
            memory.variance = memory.learning.sums.variance
        } else if !memory.hasLearned {
            settle()
        }
        return step ?? 0
    }

    /// The baseline of the warm-up: the mean, without its first half where that was a start-up transient.
    private mutating func beginning(_ value: Double) -> Double {
        if 2 * memory.age > warmUp { memory.settled.add(value, step: nil) }
        let (all, late) = (memory.learning.sums.mean, memory.settled)
        guard late.count > 2 else { return all }
        return abs(all - late.mean) > 3 * late.variance.squareRoot() ? late.mean : all
    }

    /// The greatest of the first changes; one far beyond those before is a change, and not how finely the signal moves.
    /// So is a first one that is greater than the value that it leaves.
    private func resolution(with step: Double, from value: Double) -> Double {
        if memory.resolution == 0 { return value == 0 ? step : min(step, abs(value)) }
        return step > Self.coarsest * memory.resolution ? memory.resolution : max(memory.resolution, step)
    }

    /// A step as far as learning believes it: one wild value must not become the noise.
    private func bounded(_ step: Double) -> Double {
        guard memory.age > warmUp, memory.changes >= Self.fewChanges else { return step }
        let most = settings.learningOutlier * max(1e-12, memory.learning.sums.meanStep.squareRoot())
        return min(most, max(-most, step))
    }

    /// A value as far as learning believes it.
    private func believed(_ value: Double) -> Double {
        guard memory.age > warmUp, memory.changes >= Self.fewChanges else { return value }
        let sums = memory.learning.sums
        let most = 2 * settings.learningOutlier * max(1e-12, sums.variance.squareRoot())
        return min(sums.mean + most, max(sums.mean - most, value))
    }

    private var fraction: Double { Double(memory.age - 1) / Double(settings.learningSamples) }

    /// Ends learning: what was in one part of it only does not count as normal.
    private mutating func settle() {
        memory.hasLearned = true
        let typical = memory.learning.typical
        (memory.meanStep, memory.variance) = (typical.step, typical.variance)
        memory.hasRested = typical.changes < Self.fewChanges
        let repeated = memory.learning.repeated
        memory.level.settle(at: settings.extreme * repeated.level)
        memory.spread.settle(at: settings.extreme * repeated.spread)
        memory.leap.settle(at: settings.extreme * repeated.leap)
        memory.learning.forgetParts()
    }

    /// Indicates whether the signal has shown too few changes to know its noise.
    private var hardlyMoves: Bool { memory.hasLearned ? memory.hasRested : memory.changes < Self.fewChanges }

    /// Indicates whether a signal that was learned at rest moves often now: a count of its changes that forgets with the time of learning.
    private mutating func isMoving(_ value: Double) -> Bool {
        guard memory.hasLearned, memory.hasRested else { return false }
        memory.moves += (value != memory.previous ? 1 : 0) - memory.moves / Double(settings.learningSamples)
        return memory.moves >= 0.75 * Double(Self.fewChanges)
    }

    private mutating func relearn(_ reason: RelearnReason) {
        relearned += 1
        relearns = reason
        memory = Memory(settings)
    }

    private func scale() -> Scale {
        let grain = 1e-9 * abs(memory.learning.sums.mean) + 1e-12
        let least = hardlyMoves ? max(grain, memory.resolution) : grain
        let noise = max(least, (memory.meanStep / 2).squareRoot())
        return Scale(
            grain: grain, noise: noise, deviation: max(least, memory.variance.squareRoot()), calm: 2 * noise * noise)
    }

    // MARK: - Views

    /// Weighs the last step, now that the sample after it is known: one that leads back is a spike, and counts for little.
    private mutating func weighSpread(_ step: Double, _ scale: Scale, missing: Int) {
        let last = memory.lastStep
        let comesBack = last * step < 0 && abs(last + step) < 0.5 * max(abs(last), abs(step))
        defer {
            memory.lastStep = step
            memory.lastGap = missing
            memory.cameBack = comesBack
        }
        guard Double(memory.samples) > settings.spreadSamples else {
            memory.shortSteps = scale.calm
            return
        }
        let size = memory.lastGap > 1 ? max(0, abs(last) - scale.deviation) : abs(last)
        var square = size * size
        if memory.age > warmUp {
            memory.spikes *= 1 - 1 / settings.spreadSamples
            let spike = settings.spike * (1 + memory.spikes)
            let bound = comesBack || memory.cameBack ? min(spike, settings.outlier) : settings.outlier
            if memory.cameBack, last * last > scale.calm * settings.spike * settings.spike { memory.spikes += 1 }
            square = min(square, scale.calm * bound * bound)
        }
        memory.shortSteps += (square - memory.shortSteps) / settings.spreadSamples
    }

    /// The residual from the nearer of baseline and home.
    private func away(_ value: Double) -> Double {
        let away = value - memory.baseline
        guard let home = memory.home, abs(value - home) < abs(away) else { return away }
        return value - home
    }

    private mutating func views(_ away: Double, _ scale: Scale, missing: Int) -> Learning.Excursions {
        if missing > 0 { forget(missing) }
        let limit = settings.clip * scale.deviation
        let residual = min(limit, max(-limit, away)) / scale.noise
        memory.level.smallest = hardlyMoves ? restingLevel : 1
        let most = settings.sampleLimit * memory.level.measure
        memory.above = max(0, (memory.above + min(most, residual - settings.slack)) * (1 - settings.leak))
        memory.below = max(0, (memory.below + min(most, -residual - settings.slack)) * (1 - settings.leak))
        let last = memory.residuals
        memory.residuals = (last.1, last.2, last.3, last.4, away / scale.noise)
        return Learning.Excursions(
            level: max(memory.above, side == .both ? memory.below : 0), spread: scattered(scale), leap: leapt)
    }

    /// The level to which the sums of a signal that hardly moves rise when it stays one resolution away.
    private var restingLevel: Double { (1 - settings.slack) * (1 - settings.leak) / max(1e-3, settings.leak) }

    /// Lets the time of missing samples pass.
    private mutating func forget(_ missing: Int) {
        let kept = pow(1 - settings.leak, Double(missing))
        memory.above *= kept
        memory.below *= kept
    }

    private func scattered(_ scale: Scale) -> Double {
        let ratio = log((memory.shortSteps + scale.grain * scale.grain) / scale.calm)
        guard ratio < 0 else { return min(40, ratio) }
        return hardlyMoves || side == .above ? 0 : -max(settings.quietest, ratio)
    }

    /// The least of the last residuals when all lie on one side; else 0.
    private var leapt: Double {
        let (a, b, c, d, e) = memory.residuals
        let (least, greatest) = (min(a, b, c, d, e), max(a, b, c, d, e))
        return least > 0 ? least : greatest < 0 && side == .both ? -greatest : 0
    }

    // MARK: - Judgement

    private mutating func judge(_ seen: Learning.Excursions, _ scale: Scale, _ observation: inout Observation) {
        let isLearning = memory.age <= settings.learningSamples
        let level = seen.level / memory.level.measure
        let spread = seen.spread / (memory.spread.measure * settings.spreadCaution)
        let leap = seen.leap / memory.leap.measure
        observation.times = max(level, spread, leap)
        let confidence = 1 - exp2(-pow(observation.times / halfConfidence, settings.steepness))
        if isLearning { learn(seen) } else { habituate(seen, confidence) }
        observation.view = spread > max(level, leap) ? .spread : leap > level ? .leap : .level
        switch observation.view {
        case .level: observation.isAbove = side == .above || memory.above >= memory.below
        case .spread: observation.isAbove = memory.shortSteps > scale.calm
        case .leap: observation.isAbove = memory.residuals.4 > 0
        }
        observation.spread = (memory.shortSteps / 2).squareRoot()
        observation.normalSpread = scale.noise
        // A signal that rests more than it moves is learned in full before it can surprise.
        guard memory.age > speaksAfter, !isLearning || 2 * memory.changes > memory.samples else { return }
        observation.confidence = confidence
    }

    private mutating func learn(_ seen: Learning.Excursions) {
        let rate = memory.age > speaksAfter ? settings.learningRate : 1
        memory.learning.note(seen, at: fraction)
        memory.level.learn(seen.level, rate: rate)
        memory.spread.learn(seen.spread, rate: rate)
        memory.leap.learn(seen.leap, rate: rate)
    }

    /// Lets units grow: soon after learning nearly as while learning, but little; later slowly, and not while a surprise lasts.
    private mutating func habituate(_ seen: Learning.Excursions, _ confidence: Double) {
        let past = Double(memory.age - settings.learningSamples)
        let time = settings.settling * Double(settings.learningSamples)
        let rate = past < 40 * time ? settings.learningRate * exp(-past / time) : 0
        if rate > 2 * settings.habituation {
            grow(seen, rate: rate, limit: Self.settlingLimit)
            return
        }
        if let step = settings.surpriseStep {
            if confidence >= 0.9 {
                memory.surprise = memory.surprise?.greatest(with: seen) ?? seen
                return
            }
            if let surprise = memory.surprise, confidence < Self.quiet {
                grow(surprise, rate: step, limit: settings.habituationLimit)
                memory.surprise = nil
            }
        }
        grow(seen, rate: settings.habituation, limit: settings.habituationLimit)
    }

    private mutating func grow(_ seen: Learning.Excursions, rate: Double, limit: Double) {
        memory.level.habituate(seen.level, rate: rate, limit: limit)
        memory.spread.habituate(seen.spread, rate: rate, limit: limit)
        memory.leap.habituate(seen.leap, rate: rate, limit: limit)
    }

    /// Moves the baseline and its home, and learns again what has been loud for as long as learning takes.
    private mutating func follow(_ value: Double, _ scale: Scale, _ confidence: Double) {
        let most = settings.outlier * scale.deviation
        let pull = min(most, max(-most, value - memory.baseline))
        memory.baseline += pull / settings.baselineSamples * (1 - settings.surpriseSlows * confidence)
        let isQuiet = confidence < Self.quiet
        if settings.returnsHome, memory.age > speaksAfter {
            let home = memory.home ?? memory.baseline
            memory.home =
                isQuiet ? home + (memory.baseline - home) / Double(settings.learningSamples) : home
        }
        memory.loud = isQuiet ? 0 : memory.loud + 1
        if memory.loud >= settings.learningSamples { relearn(.loud) }
    }
}
