import NimmerCell

/// Rows made of readings that come one by one, at different moments and rates (sensing.md, Rows of live inputs).
///
/// A row is complete when every input has spoken that spoke in one of the last three rows, or when one of them speaks again. What is
/// missing then is NaN.
struct RowGathering: Sendable {
    /// Number of rows without it after which no row waits for an input.
    static let rowsWaited = 3

    /// The row so far.
    private(set) var row: [Double]

    private var hasSpoken: [Bool]
    private var rowsSilent: [Int]
    private var heard: [Timestamp?]
    private var gaps: [Double]
    private var begun: Timestamp?

    init(inputs: Int) {
        row = [Double](repeating: .nan, count: inputs)
        hasSpoken = [Bool](repeating: false, count: inputs)
        rowsSilent = [Int](repeating: 0, count: inputs)
        heard = [Timestamp?](repeating: nil, count: inputs)
        gaps = [Double](repeating: .infinity, count: inputs)
    }

    /// Indicates whether a reading belongs to the next row: its input has spoken in this one, half of an interval or more ago.
    func isClosed(by input: Int, at moment: Timestamp) -> Bool {
        guard let begun, hasSpoken[input] else { return false }
        return moment.milliseconds(since: begun) >= interval / 2
    }

    /// Indicates whether everyone has spoken that is waited for.
    var isComplete: Bool {
        guard begun != nil else { return false }
        return !hasSpoken.indices.contains { !hasSpoken[$0] && rowsSilent[$0] < Self.rowsWaited }
    }

    /// Takes a reading; the later of two counts.
    mutating func take(_ number: Double, of input: Int, at moment: Timestamp) {
        if let begun, interval > 0, moment.milliseconds(since: begun) > interval / 2 {
            // Most come half an interval after the first: that one was late, and its value stands for this row until it speaks.
            let waited = hasSpoken.indices.count { rowsSilent[$0] < Self.rowsWaited }
            if hasSpoken.count(where: { $0 }) * 2 < waited {
                for place in hasSpoken.indices { hasSpoken[place] = false }
                self.begun = moment
            }
        }
        if let before = heard[input] {
            let gap = max(0, moment.milliseconds(since: before))
            gaps[input] = gaps[input].isFinite ? gaps[input] + (min(gap, 4 * gaps[input]) - gaps[input]) / 8 : gap
        }
        heard[input] = moment
        row[input] = number
        hasSpoken[input] = true
        if begun == nil { begun = moment }
    }

    /// Begins the next row.
    mutating func clear() {
        for input in row.indices {
            rowsSilent[input] = hasSpoken[input] ? 0 : rowsSilent[input] + 1
            hasSpoken[input] = false
            row[input] = .nan
        }
        begun = nil
    }

    /// The interval of the quickest input that is waited for, in milliseconds; 0 while it is not known.
    private var interval: Double {
        var shortest = Double.infinity
        for input in gaps.indices where rowsSilent[input] < Self.rowsWaited { shortest = min(shortest, gaps[input]) }
        return shortest.isFinite ? shortest : 0
    }
}
