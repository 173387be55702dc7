import NimmerOutput
import NimmerWave

/// The times of a recording's rows, judged against those around them (recordings.md, Wrong times).
///
/// A clock that was wrong for some rows sets these rows aside; one that was set back, or an hour that comes twice, sets nothing aside: the
/// rows follow each other as they stand, and the times after it count as that much later.
struct RowTimes {
    /// The moment of each row; nil for one that is set aside.
    private(set) var moments: [Timestamp?]
    /// Places of the rows that are set aside because their times lie far from those around them.
    private(set) var aside: [Int] = []
    /// Places at which the clock was set back, with how far.
    private(set) var setBack: [(row: Int, nanoseconds: Int64)] = []
    /// Indicates whether the newest row stands first, so that the rows follow each other from the last to the first.
    let isReversed: Bool

    /// A stretch of rows whose times follow each other.
    private struct Block {
        var rows: Range<Int>
        var first: Int64
        var last: Int64
    }

    private let typical: Int64
    private let back: Int64
    private let ahead: Int64

    /// Judges times.
    ///
    /// - Parameter times: in the order of the rows; nil where a row has none.
    init(_ times: [Timestamp?]) {
        moments = times
        var known = times.indices.filter { times[$0] != nil }
        isReversed = Self.isReversed(times, known)
        if isReversed { known.reverse() }
        typical = Self.typicalStep(times, known)
        back = max(2 * typical, 2_000_000_000)
        ahead = max(20 * typical, 60_000_000_000)
        judge(known)
        // Where that many lie apart there is no time from which they could: all count as they are written.
        if aside.count > max(1, known.count / 5) { (moments, aside, setBack) = (times, [], []) }
    }

    /// The step between two rows that most have: the median of those that are above 0; a second where there is none.
    private static func typicalStep(_ times: [Timestamp?], _ known: [Int]) -> Int64 {
        guard known.count > 1 else { return 1_000_000_000 }
        var steps: [Int64] = []
        let stride = max(1, known.count / 20_000)
        for place in Swift.stride(from: 1, to: known.count, by: stride) {
            guard let one = times[known[place - 1]], let next = times[known[place]] else { continue }
            let step = next.nanoseconds(since: one)
            if step > 0 { steps.append(step) }
        }
        steps.sort()
        // No step is longer than ten years, so that twenty can be counted.
        return steps.isEmpty ? 1_000_000_000 : min(steps[steps.count / 2], 3650 * day)
    }

    /// Returns whether nearly all rows lie before the one before them.
    private static func isReversed(_ times: [Timestamp?], _ known: [Int]) -> Bool {
        var (later, earlier) = (0, 0)
        for (one, next) in zip(known, known.dropFirst()) {
            guard let before = times[one], let after = times[next] else { continue }
            if after > before { later += 1 } else if after < before { earlier += 1 }
        }
        return earlier > 2 && earlier > 9 * later
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

    private mutating func judge(_ known: [Int]) {
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
