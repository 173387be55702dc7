import NimmerOutput
import NimmerSensing
import NimmerWave

/// The rows of a recording as they were read, before their times are judged.
struct RecordedRows {
    /// Value of a column that a row has nothing to do with, in recordings whose rows have different columns; another NaN than that of a gap.
    static let absent = Double(nan: 1, signaling: false)

    /// Number of values of each row.
    let width: Int
    private(set) var values: [Double] = []
    private(set) var times: [Timestamp?] = []
    /// By its place the second moment that the time of a row names, in the hour that comes twice.
    private(set) var later: [Int: Timestamp] = [:]
    /// Number of what each row is about; empty where all are about the same.
    private(set) var groups: [Int32] = []
    private(set) var lines: [Int] = []
    private(set) var labels: [String] = []
    /// Number of texts of each column that were given: numbers, and what cannot be read; no gaps.
    var given: [Int] = []

    init(width: Int) { self.width = width }

    var count: Int { times.count }

    /// Adds a row.
    ///
    /// - Parameters:
    ///   - time: nil where it cannot be read.
    ///   - later: the second moment that it names; nil where it names one.
    ///   - group: number of what it is about; nil where all rows are about the same.
    mutating func add(
        _ row: [Double], at time: Timestamp?, later: Timestamp?, line: Int, label: String?, group: Int? = nil
    ) {
        values += row
        if let later { self.later[times.count] = later }
        if let group { groups.append(Int32(truncatingIfNeeded: group)) }
        times.append(time)
        lines.append(line)
        if let label { labels.append(label) }
    }

    subscript(row: Int) -> ArraySlice<Double> { values[(row * width)..<((row + 1) * width)] }

    /// Number of values of a column in rows that have a time.
    func values(of column: Int, at moments: [Timestamp?]) -> Int {
        moments.indices.count { moments[$0] != nil && !values[$0 * width + column].isNaN }
    }

    static func isAbsent(_ value: Double) -> Bool { value.bitPattern == absent.bitPattern }
}

/// Report of what could not be read of a recording, for the notes at its end.
package struct RecordingReport: Sendable, Equatable {
    /// Lines that are no rows: of another width, cut, no JSON.
    package var badLines = 0
    /// The first of them: its line, what was found and what was expected.
    package var firstBadLine: String?
    /// Rows whose time cannot be read.
    package var badTimes = 0
    /// The first of them.
    package var firstBadTime: String?
    /// Rows whose time lies far from those around it.
    package var astrayTimes = 0
    /// The first of them.
    package var firstAstrayTime: String?
    /// Rows whose time was a little before or ahead of those around it, between which they are set.
    package var placedTimes = 0
    /// The first of them.
    package var firstPlacedTime: String?
    /// Indicates whether the last line is cut.
    package var isCut = false
    /// Words for a last line that is cut.
    package static let cutLine = "the last line is cut and was left out"
    /// Notes of other kinds: what was found out, and values of columns.
    package var remarks: [String] = []

    package init() {}

    /// Notes for a person; empty when all of it was read.
    package var notes: [String] {
        var notes = remarks
        if badLines > 0 {
            let what =
                isCut && badLines == 1
                ? Self.cutLine : "\(NimmerOutput.count(badLines, "line")) left out"
            notes.append("\(what): \(firstBadLine ?? "")")
        }
        if badTimes > 0 {
            notes.append(
                "\(NimmerOutput.count(badTimes, "row")) without a readable time left out: \(firstBadTime ?? "")")
        }
        if astrayTimes > 0 {
            notes.append(
                "\(NimmerOutput.count(astrayTimes, "row")) left out, with times far from those around them: \(firstAstrayTime ?? "")"
            )
        }
        if placedTimes > 0 {
            notes.append(
                "\(NimmerOutput.count(placedTimes, "row")) set between those around them, with times a little off: \(firstPlacedTime ?? "")"
            )
        }
        return notes
    }

    /// Notes a line that is no row.
    mutating func refuse(_ place: String, found: String, expected: String) {
        badLines += 1
        if firstBadLine == nil { firstBadLine = "\(place): found \(found); expected \(expected)" }
    }

    /// Notes a row whose time cannot be read.
    mutating func refuseTime(_ place: String, found: String, expected: String) {
        badTimes += 1
        if firstBadTime == nil { firstBadTime = "\(place): found \(found); expected \(expected)" }
    }

    /// Fails where most of it was lost, whatever the mix of reasons.
    ///
    /// - Parameter rows: number of rows, those with unreadable times and times far from others included, bad lines excluded.
    func check(rows: Int) throws(Failure) {
        let lost = badLines + badTimes + astrayTimes
        guard lost * 2 > rows + badLines else { return }
        let kinds = [(badTimes, firstBadTime), (badLines, firstBadLine), (astrayTimes, firstAstrayTime)]
        guard let first = kinds.max(by: { $0.0 < $1.0 })?.1 else { return }
        let parts = [
            (badLines, "no rows"), (badTimes, "without a readable time"), (astrayTimes, "with times far from others"),
        ]
        let sum = parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
        throw Failure(
            .failed, first,
            remedy:
                "\(lost) of \(NimmerOutput.count(rows + badLines, "line")) \(rows + badLines == 1 ? "is" : "are") lost: \(sum)"
                + (badTimes * 2 > lost
                    ? "; --time-column names the column, --time-format its format: '%m/%d/%y %I:%M:%S %p' for 03/02/26 10:00:00 AM"
                    : ""))
    }
}

/// A column of a recording that is read.
struct WantedColumn {
    /// Place among the columns.
    var place: Int
    var name: String
    /// Units that may stand behind its numbers, where the cell that reads it has a unit.
    var units: UnitScale?
}

/// The columns of a recording that are read, and what their texts turned out to be.
struct RecordedColumns {
    /// Names of those that are read.
    let names: [String]
    private(set) var columns: [NumberColumn]

    init(_ wanted: [WantedColumn], marks: [DecimalMark?]) {
        names = wanted.map(\.name)
        columns = zip(wanted, marks).map { NumberColumn(decimal: $1, units: $0.units) }
    }

    /// The number in a text, NaN for a gap and for text that is no number.
    mutating func number(_ place: Int, _ text: ArraySlice<UInt8>, line: Int) -> Double {
        if case .number(let number) = columns[place].read(text, line: line) { number } else { .nan }
    }

    mutating func number(_ place: Int, _ json: JSON, line: Int) -> Double {
        if case .number(let number) = columns[place].read(json, line: line) { number } else { .nan }
    }

    /// The decimal marks that each column, and then the others, speak for; nil where all was read with them.
    func marks(groupsWithCommas: Bool) -> [DecimalMark]? {
        let surroundings = NumberColumn.mark(of: columns)
        let marks = columns.map { $0.mark(besides: surroundings, groupsWithCommas: groupsWithCommas) }
        return zip(columns, marks).contains { $0.wasRead(otherwiseThan: $1) } ? marks : nil
    }

    /// Number of texts of each column that are no gaps.
    var given: [Int] { columns.map { $0.numbers + $0.unreadable } }

    /// Adds what was not a number to a report.
    ///
    /// - Throws: ``Failure`` where most of a column cannot be read: it names the column, the first line and the text.
    func report(_ file: String, _ report: inout RecordingReport) throws(Failure) {
        for (name, column) in zip(names, columns) {
            guard let first = column.firstUnreadable else { continue }
            let unit = column.units == nil ? column.unit : nil
            let note = unit.map { " (its unit is \(String(decoding: $0, as: UTF8.self)))" } ?? ""
            let found = "\(file):\(first.line): found '\(first.text.cut(to: 60))' in the column \(name)\(note)"
            if column.isMostlyUnreadable {
                throw Failure(
                    .failed, "\(found); \(column.units == nil ? "expected a number" : column.expectation())",
                    remedy: "\(column.unreadable) of its \(column.unreadable + column.numbers) values are no numbers; "
                        + "--decimal and --column choose how it is read, and which")
            }
            report.remarks.append(
                "\(NimmerOutput.count(column.unreadable, "value")) of \(column.unreadable + column.numbers) in the column \(name) "
                    + "left out; the first: \(found)")
        }
    }
}
