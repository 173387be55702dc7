/// Deviations of the rows of several inputs from a model, and their four views (sensing.md, Across sensors).
struct RowWatch: Sendable {
    /// Number of ``views``.
    static let count = 4

    /// Slow baseline of each input.
    var baseline: [Double]
    /// Smoothed deviations.
    var smoothed: [Double]
    /// Deviations of the last row.
    var deviations: [Double]
    /// T² and Q of the smoothed deviations, and the smoothed T² and Q of the rows.
    var views = [Double](repeating: 0, count: Self.count)
    /// Parts of each input in each of the ``views``.
    var parts: [[Double]]

    private var counted: [Double]
    private var scores: [Double]
    private var joint: [Double]
    private var relation: [Double]

    init(inputs: Int) {
        baseline = [Double](repeating: 0, count: inputs)
        (smoothed, deviations, counted, scores) = (baseline, baseline, baseline, baseline)
        (joint, relation) = (baseline, baseline)
        parts = [[Double]](repeating: baseline, count: Self.count)
    }

    /// Starts at the mean of a model.
    mutating func begin(_ model: PrincipalModel) {
        settle(model)
        for input in baseline.indices {
            baseline[input] = model.mean[input]
            smoothed[input] = 0
        }
    }

    /// Brings the smoothed statistics to what a model expects.
    mutating func settle(_ model: PrincipalModel) {
        views[2] = Double(model.kept)
        views[3] = model.left
        for input in baseline.indices {
            parts[2][input] = views[2] / Double(model.inputs)
            parts[3][input] = views[3] / Double(model.inputs)
        }
    }

    /// Starts with an input that was not known before.
    mutating func meet(_ value: Double, of input: Int) { baseline[input] = value }

    /// Takes a row.
    ///
    /// - Parameters:
    ///   - row: its place in the rows.
    ///   - guessed: inputs that are not known, in whose place the model's expectation stands; empty for none.
    ///   - limits: bounds of what the row adds to each of the views; empty for none.
    mutating func take(
        _ row: Int, of rows: RowMemory, _ model: PrincipalModel, guessed: [Bool] = [], limits: [Double] = [],
        _ settings: MultivariateSettings
    ) {
        for input in baseline.indices {
            deviations[input] = model.deviation(rows[row, input], of: input, from: baseline[input], settings.clip)
        }
        if guessed.contains(true) {
            for input in baseline.indices where guessed[input] { deviations[input] = 0 }
            model.fill(&deviations, guessed, &scores)
        }
        for input in baseline.indices { counted[input] = model.isJudged[input] ? deviations[input] : 0 }
        let sums = model.weigh(counted, &scores, joint: &joint, relation: &relation)
        var factors = (lasting: 1.0, joint: 1.0, relation: 1.0)
        if !limits.isEmpty {
            let added = settings.smoothing * settings.smoothing
            factors.lasting = min(
                Self.part(added * sums.joint, limits[0]), Self.part(added * sums.relation, limits[1])
            ).squareRoot()
            factors.joint = Self.part(settings.smoothing * sums.joint, limits[2])
            factors.relation = Self.part(settings.smoothing * sums.relation, limits[3])
        }
        (views[2], views[3]) = (0, 0)
        for input in baseline.indices {
            smoothed[input] += (counted[input] * factors.lasting - smoothed[input]) * settings.smoothing
            parts[2][input] += (joint[input] * factors.joint - parts[2][input]) * settings.smoothing
            parts[3][input] += (relation[input] * factors.relation - parts[3][input]) * settings.smoothing
            views[2] += parts[2][input]
            views[3] += parts[3][input]
        }
        let lasting = model.weigh(smoothed, &scores, joint: &joint, relation: &relation)
        (views[0], views[1]) = (lasting.joint, lasting.relation)
        for input in baseline.indices { (parts[0][input], parts[1][input]) = (joint[input], relation[input]) }
    }

    private static func part(_ sum: Double, _ limit: Double) -> Double { sum > limit ? limit / sum : 1 }

    /// Moves the baselines towards the last row.
    mutating func follow(_ model: PrincipalModel, by step: Double) {
        for input in baseline.indices { baseline[input] += deviations[input] * model.scale[input] * step }
    }
}
