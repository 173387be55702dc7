import NimmerOutput
import NimmerWave

/// The times of a recording's rows, judged against those around them (recordings.md, Wrong times).
///
/// A clock that was wrong for some rows sets these rows aside, or between their neighbours; one that was set back, or an hour that comes twice,
/// sets nothing aside: the rows follow each other as they stand, and the times after it count as that much later. Rows in no order, and
/// stretches in the wrong one, are sorted. Where a recording has the rows of one entity behind those of another, each has a clock of its own.
struct RowTimes {
    /// The moment of each row; nil for one that is set aside.
    private(set) var moments: [Timestamp?]
    /// Places of the rows that are set aside because their times lie far from those around them.
    private(set) var aside: [Int] = []
    /// Places of the rows that were a little before or ahead of those around them, and are set between them.
    private(set) var placed: [Int] = []
    /// Places at which the clock was set back, with how far.
    private(set) var setBack: [(row: Int, nanoseconds: Int64)] = []
    /// Indicates whether the newest row stands first, so that the rows follow each other from the last to the first.
    private(set) var isReversed: Bool
    /// Indicates whether rows were not in the order of their times, and are sorted.
    private(set) var isSorted = false
    /// Indicates whether the rows of one entity stand behind those of another, and are merged by their times.
    private(set) var isMerged = false
    /// Places of the rows in the order in which they follow each other; nil: as they stand.
    private var order: [Int]?

    /// A stretch of rows whose times follow each other.
    private struct Block {
        var rows: Range<Int>
        var first: Int64
        var last: Int64
    }

    private var typical: Int64 = 1
    private var back: Int64 = 1
    private var ahead: Int64 = 1

    /// Judges times.
    ///
    /// - Parameters:
    ///   - times: in the order of the rows; nil where a row has none.
    ///   - later: by its place the second moment that the time of a row names, in the hour that comes twice.
    ///   - groups: number of what each row is about; empty where all are about the same.
    init(_ times: [Timestamp?], later: [Int: Timestamp] = [:], groups: [Int32] = []) {
        moments = times
        let whole = RowSequence(Array(times.indices), times, later)
        isReversed = whole.isReversed
        let parts = Self.parts(groups).map { RowSequence($0, times, later) }
        // Rows that take turns share the clock that wrote them; those that stand apart begin again with each entity.
        isMerged =
            parts.count > 1
            && (parts.reduce(0) { $0 + $1.stepsBack(beyond: whole.back) } < whole.stepsBack(beyond: whole.back)
                || parts.contains { $0.rows.count > 2 && $0.isReversed != whole.isReversed })
        guard isMerged else {
            let read = judge(whole)
            order = isReversed || isSorted ? read : nil
            return
        }
        isReversed = parts.allSatisfy { $0.isReversed || $0.rows.count < 2 }
        var all: [(moment: Int64, place: Int, row: Int)] = []
        all.reserveCapacity(times.count)
        for part in parts {
            var last = Int64.min
            for row in judge(part) {
                guard let moment = moments[row]?.nanoseconds else { continue }
                last = max(last, moment)
                all.append((last, all.count, row))
            }
        }
        all.sort { ($0.moment, $0.place) < ($1.moment, $1.place) }
        order = all.map(\.row)
    }

    /// Number of rows that follow each other, with those that are set aside.
    var count: Int { order?.count ?? moments.count }

    /// The place of the row that comes at a turn.
    func row(at turn: Int) -> Int { order?[turn] ?? turn }

    private static func parts(_ groups: [Int32]) -> [[Int]] {
        guard let first = groups.first, groups.contains(where: { $0 != first }) else { return [] }
        var parts: [[Int]] = []
        var places: [Int32: Int] = [:]
        for (row, group) in groups.enumerated() {
            let place = places[group] ?? parts.count
            if place == parts.count {
                places[group] = place
                parts.append([])
            }
            parts[place].append(row)
        }
        return parts
    }

    /// Judges the rows of one clock.
    ///
    /// - Returns: their places in the order in which they follow each other.
    private mutating func judge(_ sequence: RowSequence) -> [Int] {
        var sequence = sequence
        (typical, back, ahead) = (sequence.typical, sequence.back, sequence.ahead)
        let before = (aside.count, placed.count, setBack.count)
        for (row, value) in zip(sequence.rows, sequence.values) { moments[row] = Timestamp(nanoseconds: value) }
        let all = sequence
        let disorder = sequence.disorder()
        if disorder.isUnordered {
            isSorted = true
            sequence.sort()
            follow(sequence.rows)
        } else {
            let slips = takeOut(disorder.wrong, &sequence)
            follow(sequence.rows)
            set(slips)
        }
        guard aside.count - before.0 > max(1, all.rows.count / 5) else {
            return disorder.isUnordered ? sequence.rows : all.rows
        }
        // Where that many lie apart there is no time from which they could: all count as they are written, sorted.
        aside.removeSubrange(before.0...)
        placed.removeSubrange(before.1...)
        setBack.removeSubrange(before.2...)
        sequence = all
        sequence.sort()
        isSorted = true
        for (row, value) in zip(sequence.rows, sequence.values) { moments[row] = Timestamp(nanoseconds: value) }
        return sequence.rows
    }

    /// Rows that are near those around them, between which they are set.
    private struct Slip {
        var rows: ArraySlice<Int>
        var before: Int?
        var behind: Int?
    }

    /// Takes out the rows whose clock was wrong: those far from the ones around them are set aside.
    private mutating func takeOut(_ wrong: [Range<Int>], _ sequence: inout RowSequence) -> [Slip] {
        guard !wrong.isEmpty else { return [] }
        let wrong = wrong.sorted { $0.lowerBound < $1.lowerBound }
        var removed: Set<Int> = []
        var slips: [Slip] = []
        for (index, run) in wrong.enumerated() {
            removed.formUnion(run)
            // Stretches that touch have the same neighbours; there are at most a thousand rows in them.
            var low = run.lowerBound - 1
            while low >= 0, removed.contains(low) { low -= 1 }
            var high = run.upperBound
            for next in wrong[(index + 1)...] {
                guard next.lowerBound == high else { break }
                high = next.upperBound
            }
            let before = low >= 0 ? low : nil
            let behind = high < sequence.values.count ? high : nil
            guard let either = before ?? behind else { continue }
            let first = sequence.values[either]
            let last = max(first, sequence.values[behind ?? either])
            let reach = first.subtractingSaturated(ahead)...last.addingSaturated(ahead)
            let rows = sequence.rows[run]
            if sequence.values[run].allSatisfy({ reach.contains($0) }) {
                slips.append(
                    Slip(rows: rows, before: before.map { sequence.rows[$0] }, behind: behind.map { sequence.rows[$0] })
                )
                placed += rows
            } else {
                aside += rows
                for row in rows { moments[row] = nil }
            }
        }
        sequence.remove(removed)
        return slips
    }

    /// Sets rows between those around them, in equal steps.
    private mutating func set(_ slips: [Slip]) {
        for slip in slips {
            let known = [slip.before, slip.behind].compactMap { $0.flatMap { moments[$0]?.nanoseconds } }
            guard let first = known.first, let last = known.last else { continue }
            let step = max(0, last.subtractingSaturated(first)) / Int64(slip.rows.count + 1)
            for (place, row) in slip.rows.enumerated() {
                moments[row] = Timestamp(nanoseconds: first.addingSaturated(step * Int64(place + 1)))
            }
        }
    }

    private func blocks(_ known: [Int]) -> [Block] {
        var blocks: [Block] = []
        for (place, row) in known.enumerated() {
            guard let time = moments[row]?.nanoseconds else { continue }
            if let block = blocks.last {
                let step = time.subtractingSaturated(block.last)
                if step >= -back, step <= ahead {
                    blocks[blocks.count - 1].rows = block.rows.lowerBound..<(place + 1)
                    blocks[blocks.count - 1].last = max(block.last, time)
                    continue
                }
            }
            blocks.append(Block(rows: place..<(place + 1), first: time, last: time))
        }
        return blocks
    }

    /// Takes rows after each other: those of a clock that was set back count as later.
    private mutating func follow(_ known: [Int]) {
        let blocks = blocks(known)
        /// More rows than this are no slip of a clock.
        let few = max(1, min(known.count / 20, 1000))
        var shift: Int64 = 0
        var last: Int64?
        for (place, block) in blocks.enumerated() {
            let isShort = block.rows.count <= few
            let rest = blocks[(place + 1)...]
            if isShort, isAstray(block, last: last, shift, rest, blocks[..<place]) {
                for row in block.rows {
                    aside.append(known[row])
                    moments[known[row]] = nil
                }
                continue
            }
            if let last, block.first.addingSaturated(shift) < last.subtractingSaturated(back) {
                let distance = last.addingSaturated(typical).subtractingSaturated(block.first)
                setBack.append((known[block.rows.lowerBound], distance.subtractingSaturated(shift)))
                shift = distance
            }
            for row in block.rows {
                guard let time = moments[known[row]] else { continue }
                let moment = time.nanoseconds.addingSaturated(shift)
                moments[known[row]] = Timestamp(nanoseconds: moment)
                last = max(moment, last ?? moment)
            }
        }
    }

    /// Returns whether a few rows lie where none around them lie: before what was, or ahead of what comes.
    private func isAstray(
        _ block: Block, last: Int64?, _ shift: Int64, _ rest: ArraySlice<Block>, _ before: ArraySlice<Block>
    ) -> Bool {
        let first = block.first.addingSaturated(shift)
        if let last {
            let isBefore = first < last.subtractingSaturated(back)
            // Rows that come soon lead on from where these were left.
            for next in rest.prefix(8) {
                let start = next.first.addingSaturated(shift)
                guard start >= last.subtractingSaturated(back) else { continue }
                if isBefore || start < first.subtractingSaturated(back) { return true }
                break
            }
            guard rest.isEmpty, let start = before.first?.first else { return false }
            // The end of the recording: nothing comes that could lead on.
            return isBefore || first.subtractingSaturated(last) > max(Self.day, last.subtractingSaturated(start))
        }
        // The beginning: a device that did not know the time yet.
        guard let next = rest.first else { return false }
        let jump = next.first.subtractingSaturated(block.last)
        guard jump >= -back else { return true }
        guard jump > Self.day, let end = rest.map(\.last).max() else { return false }
        return jump > end.subtractingSaturated(next.first)
    }

    private static let day: Int64 = 86_400_000_000_000
}
