import NimmerSensing
import NimmerWave

/// Format of a recording.
package struct ReplayFormat: Sendable {
    /// Wishes about tables: separator, lines before it, comments, decimal mark.
    package var table = TableOptions()
    /// The columns of the time, by name or counted from 1, joined by a blank; none: found out from names and values.
    package var timeColumns: [String] = []
    /// Format of its times.
    package var timeFormat = TimeFormat.automatic
    /// The zone of times that name none; nil: UTC.
    package var zone: ZoneRules?
    /// The column that names what a row is about, in a table with a row for each value (long format); nil: a column for each.
    package var entityColumn: String?
    /// The column of the values of such a table; nil: found out.
    package var valueColumn: String?
    /// The column of labels, by name or counted from 1; nil: none.
    package var labelColumn: String?
    /// Indicates whether the labels are compared with the states of nerves.
    package var comparesLabels = true
    /// Rows a second of a recording without times.
    package var rate: Double?
    /// Indicates whether change events are wanted: those of the system's own cells, and those that a recording of messages holds.
    package var readsChanges = false
    /// The time of the first row of a recording without times.
    package var start = Timestamp(nanoseconds: 0)

    package init() {}
}

/// Reader of a recording's times, row by row.
struct TimeReader {
    private let format: TimeFormat
    private let zone: ZoneRules?
    private let start: Timestamp
    private let step: Double
    /// The second moment that the last text names, in the hour that comes twice; nil where it names one.
    private(set) var later: Timestamp?
    private var rows = 0

    /// - Parameter pace: rows a second where neither times nor the format define it.
    init(_ format: ReplayFormat, pace: Double) {
        self.format = format.timeFormat
        zone = format.zone
        start = format.start
        step = 1000 / (format.rate ?? pace)
    }

    /// The moment of a row without a time: at the recording's pace.
    mutating func paced() -> Timestamp {
        defer { rows += 1 }
        return start.advanced(milliseconds: (Double(rows) * step).rounded())
    }

    /// The moment that the text of a row names, of two the earlier (``later`` is the other); nil when it names none.
    mutating func moment(_ text: String) -> Timestamp? {
        later = nil
        guard let time = format.time(text) else { return nil }
        switch time {
        case .moment(let named): return named
        case .local(let local):
            guard let zone else { return Timestamp(nanoseconds: local) }
            let (second, rest) = local.dividedDown(by: 1_000_000_000)
            let named = zone.seconds(local: second).map { ($0 &* 1_000_000_000).addingSaturated(rest) }
            if named.count > 1 { later = Timestamp(nanoseconds: named[named.count - 1]) }
            return Timestamp(nanoseconds: named[0])
        }
    }
}

extension Int64 {
    /// Quotient and remainder, the remainder never below 0.
    fileprivate func dividedDown(by divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
