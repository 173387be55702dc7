import Glibc

/// From rows of several inputs to confidence that something lasting has changed among them (sensing.md, Across sensors).
///
/// It learns what is normal in principal components, and watches T² (how far the inputs are from normal together, in ways in which they
/// do vary together) and Q (how far they are from going together as they did). Each is taken twice: of the smoothed
/// deviations, for small changes that last, and smoothed over the rows, for oscillation. All buffers are made once.
package struct MultivariateDetector: Sendable {
    /// Settings.
    package let settings: MultivariateSettings
    /// Number of inputs.
    package let inputs: Int
    /// Number of rows that it has taken.
    package internal(set) var samples = 0
    /// Number of rows in which too little was known.
    package internal(set) var skipped = 0
    /// Number of values that were refused because they were infinite, or beyond ±1e150.
    package internal(set) var refused = 0
    /// Inputs that have been silent too long to count, by place.
    package internal(set) var leftOut: [Bool]

    var isGuessed: [Bool]
    var rows: RowMemory
    var model: PrincipalModel
    var watch: RowWatch
    private var trial: PrincipalModel
    private var rehearsal: RowWatch
    var units = [LearnedUnit](repeating: LearnedUnit(), count: RowWatch.count)
    private var limits = [Double](repeating: 0, count: RowWatch.count)
    private var worst = [Double](repeating: 0, count: RowWatch.count * 8)
    var last: [Double]
    var silent: [Int]
    var longest: [Int]
    var weight = 0.0
    var renewal = 0.0
    var loud = 0

    /// A detector that has seen nothing.
    ///
    /// - Parameters:
    ///   - inputs: how many there are, 2 to 64.
    ///   - settings: `learningSamples` within `MultivariateSettings.learnable`.
    package init(inputs: Int, _ settings: MultivariateSettings = MultivariateSettings()) {
        self.settings = settings
        self.inputs = inputs
        rows = RowMemory(inputs: inputs, capacity: max(256, settings.learningSamples))
        model = PrincipalModel(inputs: inputs)
        watch = RowWatch(inputs: inputs)
        (trial, rehearsal) = (model, watch)
        last = [Double](repeating: .nan, count: inputs)
        silent = [Int](repeating: 0, count: inputs)
        longest = silent
        leftOut = [Bool](repeating: false, count: inputs)
        isGuessed = leftOut
    }

    /// Indicates whether it is still learning what is normal.
    package var isLearning: Bool { samples < settings.learningSamples }

    /// Takes a row.
    ///
    /// - Parameter row: a value for each input; NaN where there is none.
    /// - Returns: what it means; nil when too little of it is known (counted in ``skipped``).
    package mutating func observe(_ row: [Double]) -> MultivariateObservation? {
        guard hear(row) else {
            skipped += 1
            return nil
        }
        samples += 1
        rows.append(last)
        guard samples > settings.learningSamples else {
            if samples == settings.learningSamples { learn() }
            return MultivariateObservation()
        }
        for input in 0..<inputs where !isGuessed[input] { model.wake(last[input], of: input) }
        for view in units.indices {
            limits[view] = (view < 2 ? settings.rowLimit / 2 : settings.rowLimit) * units[view].size
        }
        watch.take(rows.count - 1, of: rows, model, guessed: isGuessed, limits: limits, settings)
        var seen = judge()
        for view in units.indices {
            units[view].grow(watch.views[view], settings.habituation, limit: settings.habituationLimit)
        }
        let calm = 1 - seen.confidence
        watch.follow(model, by: (1 - settings.surpriseSlows * seen.confidence) / settings.baselineSamples)
        weight += calm
        model.follow(watch.deviations, weight: calm / min(weight, memory))
        loud = seen.confidence >= 0.5 ? loud + 1 : seen.confidence < 0.2 ? 0 : loud
        if loud >= rows.capacity {
            learn()
            seen.learnedAnew = true
        } else if weight >= renewal {
            renew()
        }
        return seen
    }

    private var memory: Double { settings.memory * Double(settings.learningSamples) }

    /// Holds what is known of each input; false when too little is.
    private mutating func hear(_ row: [Double]) -> Bool {
        var (fresh, missing) = (0, 0)
        for input in 0..<inputs {
            let value = row[input]
            if Detector.accepts(value) {
                if isLearning { longest[input] = max(longest[input], silent[input]) }
                if last[input].isNaN, !isLearning {
                    model.meet(value, of: input)
                    watch.meet(value, of: input)
                }
                last[input] = value
                silent[input] = 0
                fresh += 1
            } else {
                if !value.isNaN { refused += 1 }
                silent[input] += 1
            }
            isGuessed[input] = last[input].isNaN || (!isLearning && silent[input] > longest[input])
            leftOut[input] = last[input].isNaN || silent[input] > max(3, 2 * longest[input])
            if isGuessed[input] || leftOut[input] { missing += 1 }
        }
        return fresh > 0 && missing * 2 <= inputs
    }

    private func judge() -> MultivariateObservation {
        var seen = MultivariateObservation()
        for view in units.indices {
            let times = watch.views[view] / units[view].size
            guard times > seen.times else { continue }
            seen.times = times
            seen.view = view % 2 == 0 ? .joint : .relation
        }
        seen.confidence = 1 - exp2(-pow(seen.times / settings.halfConfidence, settings.steepness))
        return seen
    }

    /// The inputs that contribute most to a view of the last row, the greatest first.
    package func contributions(to view: MultivariateObservation.View, most: Int = 3)
        -> [MultivariateObservation.Contribution]
    {
        let first = view == .joint ? 0 : 1
        let place =
            watch.views[first] / units[first].size >= watch.views[first + 2] / units[first + 2].size ? first : first + 2
        let total = watch.parts[place].reduce(0) { $0 + max(0, $1) }
        guard total > 0 else { return [] }
        return (0..<inputs).filter { watch.parts[place][$0] > 0 && !leftOut[$0] }
            .sorted { watch.parts[place][$0] > watch.parts[place][$1] }.prefix(most).map { input in
                MultivariateObservation.Contribution(
                    input: input, share: watch.parts[place][input] / total, value: last[input],
                    normal: watch.baseline[input])
            }
    }
}

// What is normal, and how large the views were.
extension MultivariateDetector {
    /// Learns from the rows that it holds. The units come from rows that a model was not made of: each quarter of them is judged by a
    /// model of the other three.
    private mutating func learn() {
        for place in worst.indices { worst[place] = 0 }
        for quarter in 0..<4 {
            let part = rows.part(2 * quarter).lowerBound..<rows.part(2 * quarter + 1).upperBound
            trial.learn(rows, without: part, settings)
            rehearsal.begin(trial)
            rehearse(part, trial)
        }
        model.learn(rows, without: 0..<0, settings)
        watch.begin(model)
        let caution = 1 + settings.fewRows / Double(rows.count)
        for view in units.indices { units[view] = LearnedUnit(measured(view) * caution) }
        loud = 0
        weight = Double(rows.count)
        renewal = weight * settings.renewal
    }

    /// Makes the components again from all rows so far, and the units from the rows that it holds.
    private mutating func renew() {
        let before = Double(max(1, model.kept))
        model.renew(weight, &watch.smoothed, settings)
        for place in worst.indices { worst[place] = 0 }
        rehearsal.begin(model)
        for input in 0..<inputs {
            var (mean, known) = (0.0, 0)
            for row in 0..<rows.count where rows[row, input].isFinite {
                known += 1
                mean += (rows[row, input] - mean) / Double(known)
            }
            if known > 0 { rehearsal.baseline[input] = mean }
        }
        rehearse(0..<rows.count, model)
        let grown = Double(max(1, model.kept)) / before
        for view in units.indices {
            units[view].renew(measured(view), by: view % 2 == 0 ? grown : 1, limit: settings.habituationLimit)
        }
        renewal = min(weight * settings.renewal, weight + memory / 2)
    }

    private mutating func rehearse(_ part: Range<Int>, _ model: PrincipalModel) {
        for row in part {
            rehearsal.take(row, of: rows, model, settings)
            rehearsal.follow(model, by: 1 / settings.baselineSamples)
            let eighth = min(7, row * 8 / max(1, rows.count))
            for view in units.indices {
                worst[view * 8 + eighth] = max(worst[view * 8 + eighth], rehearsal.views[view])
            }
        }
    }

    /// The size of a view's unit: the greatest value in the second loudest eighth, so that an excursion that never came again is
    /// forgotten; not less than what the model itself expects.
    private func measured(_ view: Int) -> Double {
        var (loudest, second) = (0.0, 0.0)
        for value in worst[view * 8..<view * 8 + 8] {
            if value > loudest { (loudest, second) = (value, loudest) } else { second = max(second, value) }
        }
        let part = view < 2 ? settings.smoothing : 1
        let smallest =
            view % 2 == 0
            ? 1.2 * Double(max(1, model.kept)) * part : max(0.005 * Double(inputs), 1.2 * model.left) * part
        return max(second, smallest)
    }
}

/// The largest that a view was while all was well, and what it has grown to since.
struct LearnedUnit: Sendable {
    var learned: Double
    var size: Double

    init(_ size: Double = 1) { (learned, self.size) = (size, size) }

    mutating func grow(_ view: Double, _ rate: Double, limit: Double) {
        guard view > size else { return }
        size = max(size, min(size + rate * (view - size), limit * learned))
    }

    /// Takes what a new model measured, but keeps four fifths of what it knew.
    mutating func renew(_ measured: Double, by factor: Double, limit: Double) {
        learned = max(measured, 0.8 * learned * factor)
        size = max(learned, min(size * factor, limit * learned))
    }
}
