import NimmerWave

/// Rows that one clock dated, in the order in which they were read, and what their times reveal about their order.
struct RowSequence {
    /// Their places in the recording.
    private(set) var rows: [Int]
    /// Their times, in nanoseconds since 1970.
    private(set) var values: [Int64]
    /// Indicates whether the newest stands first, so that they are read from the last to the first.
    let isReversed: Bool
    /// Step that most rows have: the median of those above 0, in nanoseconds; a second where there is none.
    private(set) var typical: Int64 = 1_000_000_000

    /// Distance by which a row may lie before an earlier one without being out of order.
    var back: Int64 { max(2 * typical, 2_000_000_000) }
    /// Distance at which rows still fit together.
    private var near: Int64 { max(5 * typical, back) }
    /// Distance by which a row may lie ahead of the one before and still lead on from it.
    var ahead: Int64 { max(20 * typical, 60_000_000_000) }

    /// - Parameters:
    ///   - rows: in the order of the recording; those without a time are left out.
    ///   - times: of all rows of the recording.
    ///   - later: the second moment that the time of a row names, in the hour that comes twice.
    init(_ rows: [Int], _ times: [Timestamp?], _ later: [Int: Timestamp]) {
        let known = rows.filter { times[$0] != nil }
        let forward = Self.resolved(known, times, later)
        let (earlier, after) = Self.steps(forward)
        var reading = (known, forward, false)
        if earlier > 0 {
            // Where no local time comes twice, the steps are the same ones the other way round.
            let reversed = Array(known.reversed())
            let backward = Self.resolved(reversed, times, later)
            let remaining = later.isEmpty ? after : Self.steps(backward).earlier
            if earlier > 9 * remaining { reading = (reversed, backward, true) }
        }
        (self.rows, values, isReversed) = reading
        typical = typicalStep()
    }

    /// The moments of rows, of two with the same local time the first that does not lie before the row before; ten minutes before it is still of
    /// the same pass of the hour, unless rows are farther apart.
    private static func resolved(_ rows: [Int], _ times: [Timestamp?], _ later: [Int: Timestamp]) -> [Int64] {
        guard !later.isEmpty else { return rows.map { times[$0]?.nanoseconds ?? 0 } }
        let allowance: Int64 = 600_000_000_000
        var last: Int64?
        var lastStep: Int64 = 0
        return rows.map { row in
            var moment = times[row]?.nanoseconds ?? 0
            if let second = later[row]?.nanoseconds, let last {
                let least = lastStep > allowance ? last.addingSaturated(1) : last.subtractingSaturated(allowance)
                if moment < least { moment = second }
            }
            if let last { lastStep = moment.subtractingSaturated(last) }
            last = moment
            return moment
        }
    }

    private static func steps(_ values: [Int64]) -> (earlier: Int, later: Int) {
        var (earlier, later) = (0, 0)
        for (one, next) in zip(values, values.dropFirst()) {
            if next < one { earlier += 1 } else if next > one { later += 1 }
        }
        return (earlier, later)
    }

    private func typicalStep() -> Int64 {
        var found = Self.medianStep(values)
        // Steps between rows without order, or between a few, mean little: those between neighbours in time do.
        if values.count < 20 || Self.steps(values).earlier * 4 > values.count {
            found = [found, Self.medianStep(values.sorted())].compactMap { $0 }.min()
        }
        // No step is longer than ten years, so that twenty can be counted.
        return min(found ?? 1_000_000_000, 3650 * 86_400_000_000_000)
    }

    private static func medianStep(_ values: [Int64]) -> Int64? {
        var steps: [Int64] = []
        for place in stride(from: 1, to: values.count, by: max(1, values.count / 20_000)) {
            let step = values[place].subtractingSaturated(values[place - 1])
            if step > 0 { steps.append(step) }
        }
        steps.sort()
        return steps.isEmpty ? nil : steps[(steps.count - 1) / 2]
    }

    /// Number of rows that lie farther before the one before them than a distance.
    func stepsBack(beyond distance: Int64) -> Int {
        zip(values, values.dropFirst()).count(where: { $1.subtractingSaturated($0) < -distance })
    }

    /// Rows whose clocks were wrong for a moment, and what the others are: in order, in no order, or dated by a clock that was set back.
    struct Disorder {
        /// Indicates whether the rows are to be sorted by their times.
        var isUnordered = false
        /// Stretches of rows, as places in the sequence, whose clocks were wrong.
        var wrong: [Range<Int>] = []
    }

    /// Compares the rows off the longest rise of times with those on it.
    ///
    /// A row whose clock was wrong leaves its time free where it stands, and comes to a time that others have. One that stands elsewhere leaves
    /// no gap where it stands, and fills the one from which it came. Those that do neither, and lead on, are of a clock that was set back.
    func disorder() -> Disorder {
        let descending = Self.steps(values).earlier
        guard descending > 0 else { return Disorder() }
        if descending * 4 >= values.count, stepsBack(beyond: 2_000_000_000) * 8 >= values.count, let found = shuffled()
        {
            return found
        }
        let descents = stepsBack(beyond: back)
        var highest = Int64.min
        let isFar = values.contains { value in
            highest = max(highest, value)
            return value < highest.subtractingSaturated(back)
        }
        guard isFar else { return Disorder() }
        let rise = longestRise()
        let runs = runs(off: rise)
        let far = runs.reduce(0) { $0 + $1.count }
        if far * 3 > values.count, descents * 8 > values.count, let found = shuffled() { return found }
        return judged(runs, rise)
    }

    /// The finding that there is no order at all; nil where most times come several times.
    private func shuffled() -> Disorder? {
        let sorted = values.sorted()
        let distinct = zip(sorted, sorted.dropFirst()).count(where: { $0 != $1 }) + 1
        return distinct * 2 > sorted.count ? Disorder(isUnordered: true) : nil
    }

    /// Places of the longest subsequence of times of which none lies before the one before it.
    private func longestRise() -> [Int] {
        var tails: [Int] = []
        var before = [Int32](repeating: -1, count: values.count)
        for (place, value) in values.enumerated() {
            var (low, high) = (0, tails.count)
            if let last = tails.last, values[last] <= value { low = high }
            while low < high {
                let middle = (low + high) / 2
                if values[tails[middle]] <= value { low = middle + 1 } else { high = middle }
            }
            if low > 0 { before[place] = Int32(truncatingIfNeeded: tails[low - 1]) }
            if low == tails.count { tails.append(place) } else { tails[low] = place }
        }
        var rise: [Int] = []
        var next = tails.last ?? -1
        while next >= 0 {
            rise.append(next)
            next = Int(before[next])
        }
        return rise.reversed()
    }

    /// Stretches of rows off the rise, without those that come shortly before or behind their neighbours on it.
    private func runs(off rise: [Int]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var start = 0
        for next in rise + [values.count] {
            defer { start = next + 1 }
            guard start < next else { continue }
            let least = start > 0 ? values[start - 1].subtractingSaturated(back) : .min
            let most = next < values.count ? values[next].addingSaturated(back) : .max
            if !values[start..<next].allSatisfy({ (least...max(least, most)).contains($0) }) {
                runs.append(start..<next)
            }
        }
        return runs
    }

    private func judged(_ runs: [Range<Int>], _ rise: [Int]) -> Disorder {
        /// More rows than this are no slip of a clock.
        let few = max(1, min(values.count / 20, 1000))
        let kept = rise.map { values[$0] }
        let sorted = values.sorted()
        var found = Disorder()
        var either: [Range<Int>] = []
        var (elsewhere, slipped, setBack) = (0, 0, 0)
        for run in runs {
            let hasGap = isMissing(run)
            for piece in pieces(of: run) {
                let isFree = isFree(piece, kept, sorted)
                if run.count <= few, hasGap, isFree {
                    either.append(piece)
                } else if isFree {
                    elsewhere += piece.count
                } else if run.count <= few, hasGap || !leadsOn(piece) {
                    slipped += piece.count
                    found.wrong.append(piece)
                } else {
                    setBack += piece.count
                }
            }
        }
        // Rows that could be both are what most of the others are.
        if elsewhere > slipped || slipped == 0 && either.count > 1 {
            elsewhere += either.reduce(0) { $0 + $1.count }
        } else {
            found.wrong += either
        }
        found.isUnordered = elsewhere > setBack
        return found
    }

    /// Returns whether as much time passed between the rows around a stretch as the stretch would take.
    private func isMissing(_ run: Range<Int>) -> Bool {
        guard run.lowerBound > 0, run.upperBound < values.count else { return false }
        let passed = values[run.upperBound].subtractingSaturated(values[run.lowerBound - 1])
        return passed / Int64(run.count + 1) >= typical * 6 / 10
    }

    /// Returns whether a stretch continues the row before it, or the row behind it the stretch.
    private func leadsOn(_ piece: Range<Int>) -> Bool {
        guard piece.count > 1 else { return false }
        let reach = 0...near
        if piece.lowerBound > 0,
            reach.contains(values[piece.lowerBound].subtractingSaturated(values[piece.lowerBound - 1]))
        {
            return true
        }
        return piece.upperBound < values.count
            && reach.contains(values[piece.upperBound].subtractingSaturated(values[piece.upperBound - 1]))
    }

    /// Parts of a stretch whose times follow each other.
    private func pieces(of run: Range<Int>) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var start = run.lowerBound
        for place in run.dropFirst() {
            let step = values[place].subtractingSaturated(values[place - 1])
            guard step < -back || step > near else { continue }
            pieces.append(start..<place)
            start = place
        }
        pieces.append(start..<run.upperBound)
        return pieces
    }

    /// Returns whether no other rows are of the time of a stretch, and some are near it.
    private func isFree(_ piece: Range<Int>, _ kept: [Int64], _ sorted: [Int64]) -> Bool {
        let first = values[piece].min() ?? 0
        let last = values[piece].max() ?? 0
        let (low, high) = (sorted.place(of: first), sorted.place(behind: last))
        let fits =
            low > 0 && first.subtractingSaturated(sorted[low - 1]) <= near
            || high < sorted.count && sorted[high].subtractingSaturated(last) <= near
        guard fits else { return false }
        if piece.count >= 8 { return (high - low - piece.count) * 10 <= piece.count }
        let inGaps = values[piece].filter { value in
            let next = kept.place(of: value)
            guard next > 0, next < kept.count else { return true }
            return kept[next] != value && kept[next].subtractingSaturated(kept[next - 1]) > typical * 3 / 2
        }.count
        return inGaps * 2 > piece.count
    }

    /// Takes the rows into the order of their times; rows of the same time stay as they were read.
    mutating func sort() {
        let places = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        rows = places.map { rows[$0] }
        values = places.map { values[$0] }
    }

    /// Leaves out rows, by their places in the sequence.
    mutating func remove(_ places: Set<Int>) {
        guard !places.isEmpty else { return }
        let left = values.indices.filter { !places.contains($0) }
        rows = left.map { rows[$0] }
        values = left.map { values[$0] }
    }
}

extension [Int64] {
    /// The first place whose value is not below a value; the values rise.
    fileprivate func place(of value: Int64) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The first place whose value is above a value; the values rise.
    fileprivate func place(behind value: Int64) -> Int { value == .max ? count : place(of: value + 1) }
}
