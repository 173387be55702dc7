import NimmerWave

/// Memory of a ``Detector`` while it learns: the samples and the views' greatest excursions, in parts of equal length, so that a
/// start-up transient, which is in one part only, can be left out of what counts as normal (sensing.md, What is learned).
struct Learning: Sendable {
    /// Number of parts.
    static let parts = 8

    /// Sums over some samples.
    struct Sums: Sendable {
        var count = 0.0
        var mean = 0.0
        /// Sum of the squared deviations from the mean.
        var squares = 0.0
        var differences = 0.0
        /// Sum of the squared differences of successive samples.
        var steps = 0.0
        /// Samples that differ from the one before.
        var changes = 0

        /// Mean squared difference of successive samples; 0 without one.
        var meanStep: Double { differences > 0 ? steps / differences : 0 }
        /// Variance of the samples.
        var variance: Double { squares / max(1, count - 1) }

        mutating func add(_ value: Double, step: Double?) {
            count += 1
            let difference = value - mean
            mean += difference / count
            squares += difference * (value - mean)
            guard let step else { return }
            differences += 1
            steps += step * step
            if step != 0 { changes += 1 }
        }

        mutating func add(_ other: Sums) {
            guard other.count > 0 else { return }
            let total = count + other.count
            let difference = other.mean - mean
            squares += other.squares + difference * difference * count * other.count / total
            mean += difference * other.count / total
            count = total
            differences += other.differences
            steps += other.steps
            changes += other.changes
        }
    }

    struct Part: Sendable {
        var sums = Sums()
        /// Greatest excursions.
        var seen = Excursions()
    }

    /// All samples so far.
    var sums = Sums()
    var parts: [Part] = []

    /// Takes a sample that lies at a fraction of learning, 0..<1.
    mutating func add(_ value: Double, step: Double?, at fraction: Double) {
        sums.add(value, step: step)
        if parts.isEmpty { parts = Array(repeating: Part(), count: Self.parts) }
        parts[part(at: fraction)].sums.add(value, step: step)
    }
}

extension Learning {
    /// Greatest excursions of the views.
    struct Excursions: Sendable {
        var level = 0.0
        var spread = 0.0
        var leap = 0.0

        /// The greater of the two in each view.
        func greatest(with other: Excursions) -> Excursions {
            Excursions(level: max(level, other.level), spread: max(spread, other.spread), leap: max(leap, other.leap))
        }
    }

    /// Ratio of mean squared steps from which a part is an exception, and is left out.
    private static let exception = 4.0

    /// Notes what the views show in the part of the last sample.
    mutating func note(_ seen: Excursions, at fraction: Double) {
        guard !parts.isEmpty else { return }
        let part = part(at: fraction)
        let before = parts[part].seen
        parts[part].seen = before.greatest(with: seen)
    }

    private func part(at fraction: Double) -> Int {
        min(Int(saturating: fraction * Double(Self.parts)), Self.parts - 1)
    }

    /// The second greatest excursion among the parts: a greater one never came again.
    var repeated: Excursions {
        Excursions(level: second(\.level), spread: second(\.spread), leap: second(\.leap))
    }

    private func second(_ view: KeyPath<Excursions, Double>) -> Double {
        var (first, second) = (0.0, 0.0)
        for part in parts {
            let value = part.seen[keyPath: view]
            if value > first { (first, second) = (value, first) } else { second = max(second, value) }
        }
        return second
    }

    /// Mean squared step and variance, without a part that is an exception in the one or the other, and the changes that remain.
    var typical: (step: Double, variance: Double, changes: Int) {
        let steps = rest(where: \.meanStep, exceeds: Self.exception)
        let values = rest(where: \.squares, exceeds: Self.exception * Self.exception)
        return (steps.meanStep, values.variance, steps.changes)
    }

    /// Gives back the memory of the parts.
    mutating func forgetParts() { parts = [] }

    /// Sums of all parts, without the one whose measure is as many times that of the next.
    private func rest(where measure: KeyPath<Sums, Double>, exceeds times: Double) -> Sums {
        let values = parts.map { $0.sums[keyPath: measure] }
        let greatest = values.indices.max { values[$0] < values[$1] }
        let next = values.indices.lazy.filter { $0 != greatest }.map { values[$0] }.max() ?? 0
        var rest = Sums()
        for index in parts.indices where index != greatest || values[index] <= times * next {
            rest.add(parts[index].sums)
        }
        return rest
    }
}
