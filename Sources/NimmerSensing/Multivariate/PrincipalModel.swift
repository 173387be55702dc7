/// Normal rows of several inputs: mean and scale of each, and the principal components in which they vary together (sensing.md, Across
/// sensors).
struct PrincipalModel: Sendable {
    /// One in so many values may be wild, however far it lies.
    private static let wildPart = 64

    /// Number of inputs.
    let inputs: Int
    /// Mean of each input.
    var mean: [Double]
    /// Standard deviation of each input; 0 for one that has never moved.
    var scale: [Double]
    /// Indicates of each input whether the components know it; one that had never moved is judged after they were made again.
    var isJudged: [Bool]
    /// Number of components that are kept.
    var kept = 0
    /// Variance that they leave.
    var left = 0.0

    /// Components, one a row; the first ``kept`` count.
    var axes: [Double]
    var variances: [Double]
    var correlation: [Double]
    private var matrix: SymmetricMatrix
    private var moved: [Double]

    /// A model of nothing.
    init(inputs: Int) {
        self.inputs = inputs
        mean = [Double](repeating: 0, count: inputs)
        (scale, variances, moved) = (mean, mean, mean)
        isJudged = [Bool](repeating: false, count: inputs)
        axes = [Double](repeating: 0, count: inputs * inputs)
        correlation = axes
        matrix = SymmetricMatrix(size: inputs)
    }

    /// Learns from rows, all but some of them.
    mutating func learn(_ rows: RowMemory, without gap: Range<Int>, _ settings: MultivariateSettings) {
        for input in 0..<inputs { learnScale(rows, gap, input) }
        for index in correlation.indices { correlation[index] = 0 }
        var used = 0
        for row in 0..<rows.count where !gap.contains(row) {
            used += 1
            var square = 0.0
            for input in 0..<inputs {
                moved[input] = deviation(rows[row, input], of: input, from: mean[input], settings.learnedClip)
                square += moved[input] * moved[input]
            }
            // A row that is far off in most inputs counts for less.
            let excess = max(1, square / (settings.learnedRow * Double(inputs)))
            let weight = 1 / (excess * excess)
            for one in 0..<inputs where moved[one] != 0 {
                let part = moved[one] * weight
                for other in 0...one { correlation[one * inputs + other] += part * moved[other] }
            }
        }
        for one in 0..<inputs {
            for other in 0...one { correlation[one * inputs + other] /= Double(max(1, used)) }
        }
        keep(Double(used), settings)
    }

    /// Learns from one more row.
    ///
    /// - Parameters:
    ///   - deviations: the row, in scales.
    ///   - weight: its weight among all rows, 0…1.
    mutating func follow(_ deviations: [Double], weight: Double) {
        for one in 0..<inputs {
            for other in 0...one {
                let place = one * inputs + other
                correlation[place] += (deviations[one] * deviations[other] - correlation[place]) * weight
            }
        }
    }

    /// Makes scales and components again from all rows so far.
    ///
    /// - Parameters:
    ///   - rows: how many there were.
    ///   - smoothed: deviations, which are brought to the new scales.
    mutating func renew(_ rows: Double, _ smoothed: inout [Double], _ settings: MultivariateSettings) {
        for input in 0..<inputs {
            let factor = correlation[input * inputs + input].squareRoot()
            moved[input] = factor >= 0.05 && scale[input] > 0 ? factor : 1
            scale[input] *= moved[input]
            smoothed[input] /= moved[input]
        }
        for one in 0..<inputs {
            for other in 0...one { correlation[one * inputs + other] /= moved[one] * moved[other] }
        }
        keep(rows, settings)
    }

    private mutating func keep(_ rows: Double, _ settings: MultivariateSettings) {
        for one in 0..<inputs {
            for other in 0...one {
                matrix.elements[one * inputs + other] = correlation[one * inputs + other]
                matrix.elements[other * inputs + one] = correlation[one * inputs + other]
            }
        }
        matrix.diagonalize()
        left = 0
        for input in 0..<inputs {
            isJudged[input] = scale[input] > 0
            left += max(0, matrix.elements[input * inputs + input])
        }
        let allowed = settings.explained * left
        let most = max(1, min(Double(inputs), rows / Double(settings.rowsForComponent)))
        var explained = 0.0
        kept = 0
        while Double(kept) < most, explained < allowed {
            var largest = 0
            for input in 1..<inputs
            where matrix.elements[input * inputs + input] > matrix.elements[largest * inputs + largest] {
                largest = input
            }
            let variance = matrix.elements[largest * inputs + largest]
            guard variance > 1e-6 else { break }
            for input in 0..<inputs {
                axes[kept * inputs + input] = matrix.vectors[largest * inputs + input]
            }
            variances[kept] = variance
            matrix.elements[largest * inputs + largest] = 0
            explained += variance
            left -= variance
            kept += 1
        }
        left = max(0, left)
    }

    /// Mean and scale of an input. Values that are wild are left out, and an eighth of the rows that is far louder than the rest, so
    /// that one excursion makes neither.
    private mutating func learnScale(_ rows: RowMemory, _ gap: Range<Int>, _ input: Int) {
        let believed = believed(of: input, in: rows, without: gap)
        let all = moments(of: input, in: rows, without: gap, nor: 0..<0, believed)
        var rest = all
        for part in 0..<8 {
            let other = moments(of: input, in: rows, without: gap, nor: rows.part(part), believed)
            if other.count > 0, other.square < rest.square { rest = other }
        }
        let quiet = rest.square < all.square / 2 ? rest : all
        // It moved in one eighth only: no excursion from a noise, but all that is known of how it moves.
        let furthest = all.furthest / 8
        let scale = quiet.square.squareRoot() <= furthest / 5 ? furthest : quiet.square.squareRoot()
        mean[input] = quiet.mean
        self.scale[input] = scale > Self.grain(quiet.mean) ? scale : 0
    }

    /// Range of an input beyond which a value is wild: twice as far from the median as all but a 64th of the values are.
    private func believed(of input: Int, in rows: RowMemory, without gap: Range<Int>) -> ClosedRange<Double> {
        var values = (0..<rows.count).filter { !gap.contains($0) }.map { rows[$0, input] }.filter(\.isFinite)
        guard !values.isEmpty else { return 0...0 }
        values.sort()
        let median = values[values.count / 2]
        for place in values.indices { values[place] = abs(values[place] - median) }
        values.sort()
        let few = max(1, values.count / Self.wildPart)
        let reach = 2 * values[max(0, values.count - 1 - few)] + Self.grain(median)
        return median - reach...median + reach
    }

    /// Mean, mean square from it, the furthest value from it, and how many values there are.
    private func moments(
        of input: Int, in rows: RowMemory, without gap: Range<Int>, nor part: Range<Int>,
        _ believed: ClosedRange<Double>
    ) -> (mean: Double, square: Double, furthest: Double, count: Int) {
        var (mean, squares, count) = (0.0, 0.0, 0)
        var (lowest, highest) = (Double.infinity, -Double.infinity)
        for row in 0..<rows.count where !gap.contains(row) && !part.contains(row) {
            let value = rows[row, input]
            guard believed.contains(value) else { continue }
            count += 1
            let difference = value - mean
            mean += difference / Double(count)
            squares += difference * (value - mean)
            (lowest, highest) = (min(lowest, value), max(highest, value))
        }
        guard count > 0 else { return (0, 0, 0, 0) }
        return (mean, max(0, squares) / Double(count), max(highest - mean, mean - lowest), count)
    }

    private static func grain(_ value: Double) -> Double { 1e-9 * abs(value) + 1e-12 }

    /// Notes where an input stands that was not known before.
    mutating func meet(_ value: Double, of input: Int) { mean[input] = value }

    /// Learns the scale of an input that had never moved from its first step.
    mutating func wake(_ value: Double, of input: Int) {
        let step = abs(value - mean[input])
        guard scale[input] == 0, step > Self.grain(mean[input]) else { return }
        scale[input] = step
    }

    /// Deviation of a value in scales of its input, clipped; 0 where value or scale are not known.
    func deviation(_ value: Double, of input: Int, from centre: Double, _ clip: Double) -> Double {
        guard value.isFinite, scale[input] > 0 else { return 0 }
        return min(clip, max(-clip, (value - centre) / scale[input]))
    }

    /// Puts what the components make of the others in the place of those that are not known.
    func fill(_ deviations: inout [Double], _ guessed: [Bool], _ scores: inout [Double]) {
        for _ in 0..<5 {
            project(deviations, &scores)
            for input in 0..<inputs where guessed[input] {
                var value = 0.0
                for axis in 0..<kept { value += axes[axis * inputs + input] * scores[axis] }
                deviations[input] = value
            }
        }
    }

    /// Splits deviations into each input's part of T² and of Q.
    ///
    /// - Returns: T² and Q.
    func weigh(_ deviations: [Double], _ scores: inout [Double], joint: inout [Double], relation: inout [Double])
        -> (joint: Double, relation: Double)
    {
        project(deviations, &scores)
        var sums = (joint: 0.0, relation: 0.0)
        for input in 0..<inputs {
            var (pull, explained) = (0.0, 0.0)
            for axis in 0..<kept {
                let share = axes[axis * inputs + input] * scores[axis]
                explained += share
                pull += share / variances[axis]
            }
            let rest = deviations[input] - explained
            joint[input] = deviations[input] * pull
            relation[input] = rest * rest
            sums.joint += joint[input]
            sums.relation += relation[input]
        }
        return (max(0, sums.joint), sums.relation)
    }

    private func project(_ deviations: [Double], _ scores: inout [Double]) {
        for axis in 0..<kept {
            var score = 0.0
            for input in 0..<inputs { score += axes[axis * inputs + input] * deviations[input] }
            scores[axis] = score
        }
    }
}
