import NimmerOutput
import NimmerSensing
import NimmerWave

/// One thing that a recording holds.
package enum ReplayEvent: Sendable {
    /// The numbers of one moment, by the places of ``ReplayInput/columns``; NaN where there is no number, and another NaN where the row
    /// has nothing to do with the column (``isAbsent(_:)``).
    case numbers([Double], at: Timestamp)
    /// A wave as it was on the bus.
    case wave(cell: Token, isNerve: Bool, payload: [UInt8], at: Timestamp)
    /// A change event as it was on the bus.
    case change(subject: Subject, payload: [UInt8], at: Timestamp)

    /// An accepted outcome as it was on the bus.
    case outcome(subject: Subject, payload: [UInt8], at: Timestamp)

    /// Its time.
    package var at: Timestamp {
        switch self {
        case .numbers(_, let at), .wave(_, _, _, let at), .change(_, _, let at), .outcome(_, _, let at): at
        }
    }

    /// Returns whether a row has nothing to do with a column.
    package static func isAbsent(_ value: Double) -> Bool { RecordedRows.isAbsent(value) }
}

/// A recording, read whole.
///
/// CSV with or without names of its columns, NDJSON of numbers, or the waves of a nervous system as `nimmer replay --record`
/// and `nimmer wave tail --record` write them (recordings.md). Rows come in the order of their times.
package struct ReplayInput {
    /// Kind of recording.
    package enum Kind: Sendable, Equatable { case delimited, numbers, waves }

    package let file: String
    package let kind: Kind
    /// The names of the columns; of a CSV file without names their places, counted from 1; of a table in long format what its rows are about.
    package let columns: [String]
    /// Indicates whether its rows carry times.
    package let hasTimes: Bool
    /// Places of the columns that hold the time of a row.
    package let timePlaces: [Int]
    /// The size of the recording in bytes.
    package let size: Int
    /// Report of what could not be read.
    package private(set) var report = RecordingReport()
    /// The text in the label column of the last row.
    package private(set) var label = ""
    /// Places of the columns that are read.
    private let wanted: [Int]
    private var rows = RecordedRows(width: 0)
    private var messages: MessageRecording?
    private var times: RowTimes
    private var next = 0
    /// The line of the event that came last, counted from 1.
    package private(set) var line = 0
    /// Tally of the recorded messages that are no events of a replay.
    package private(set) var passedOver = MessageTally()

    /// The gates of which it holds accepted outcomes.
    package var judgedGates: Set<GateID> { messages?.judgedGates ?? [] }

    /// Progress of reading, 0…1.
    package var progress: Double { times.count == 0 ? 1 : Double(next) / Double(times.count) }

    /// Opens a recording.
    ///
    /// - Parameters:
    ///   - bytes: all of it.
    ///   - file: its name, for messages.
    ///   - format: how to read it.
    ///   - pace: rows a second where neither times nor the format define it.
    ///   - wanted: names of the columns that are read, or their places counted from 1; nil: all. Those that there are not are left out.
    ///   - units: units that may stand behind the numbers of a column, by its name or place as in `wanted`.
    /// - Throws: ``Failure`` with file, line, what was found and what was expected, where it cannot be read, or most of it cannot.
    package init(
        _ bytes: [UInt8], file: String, format: ReplayFormat, pace: Double, wanted: [String]? = nil,
        units: [String: UnitScale] = [:]
    ) throws(Failure) {
        self.file = file
        size = bytes.count
        var report = RecordingReport()
        let text = try RecordingText.decoded(bytes, file, &report)
        guard text.contains(where: { $0 > 32 }) else {
            throw Failure(.data, "\(file) is empty", remedy: "give a CSV or NDJSON recording")
        }
        let names: [String]
        let times: [Timestamp?]
        var columns: [WantedColumn] = []
        let lineOf: (Int) -> Int
        if let lines = try RecordingText.objects(text, file, &report) {
            if RecordingText.isMessage(lines) {
                guard format.labelColumn == nil else {
                    throw Failure(
                        .usage, "\(file): no column '\(format.labelColumn ?? "")': it holds waves",
                        remedy: "\(format.comparesLabels ? "--labels" : "--verify") needs a recording of numbers")
                }
                let bad = report.badLines
                let recording = MessageRecording(lines, file: file, format: format, &report)
                (kind, names, hasTimes, timePlaces) = (.waves, [], true, [])
                times = recording.times
                try report.check(rows: recording.count - (report.badLines - bad))
                messages = recording
                lineOf = { recording.number(of: $0) }
            } else {
                let recording = try ObjectRecording(lines, report, file: file, format: format)
                let known = Set(recording.columns)
                names =
                    recording.columns
                    + (format.entityColumn != nil ? [] : wanted ?? []).filter {
                        !known.contains($0) && Int($0) == nil && recording.has($0)
                    }
                (kind, hasTimes) = (.numbers, recording.hasTimes)
                timePlaces = format.entityColumn == nil ? recording.timePlaces : []
                columns = Self.columns(wanted, names, units)
                let rows = try recording.read(columns, pace: pace, isStrict: wanted != nil, &report)
                (self.rows, times) = (rows, rows.times)
                lineOf = { rows.lines[$0] }
            }
        } else {
            let recording = try TableRecording(text, file: file, format: format)
            names = recording.columns()
            (kind, hasTimes) = (.delimited, recording.hasTimes)
            // In long format the columns are what rows are about.
            timePlaces = format.entityColumn == nil ? recording.timePlaces : []
            columns = Self.columns(wanted, names, units)
            let rows = try recording.read(columns, pace: pace, isStrict: wanted != nil, &report)
            (self.rows, times) = (rows, rows.times)
            lineOf = { rows.lines[$0] }
        }
        self.columns = names
        self.wanted = columns.map(\.place)
        self.times = RowTimes(times, later: rows.later, groups: rows.groups)
        self.report = report
        noteTimes(times, lineOf)
        guard !times.isEmpty else {
            let more = self.report.notes.joined(separator: "; ")
            throw Failure(
                .failed, "\(file) holds no rows",
                remedy:
                    "give a recording with at least one row behind the names of its columns\(more.isEmpty ? "" : "; \(more)")"
            )
        }
        // Lines that are no messages are among its rows.
        try self.report.check(rows: times.count - (messages == nil ? 0 : self.report.badLines))
        if wanted != nil, messages == nil { try checkColumns() }
    }

    /// Fails where most values of a column were lost, whatever the mix of reasons: no numbers, in rows without a time, in lines that are no rows.
    private func checkColumns() throws(Failure) {
        guard rows.given.isEmpty || rows.given.contains(where: { $0 > 0 }) else {
            let names = ReplayInput.list(wanted.map { columns[$0] })
            throw Failure(
                .failed,
                "\(file) holds no number in the \(NimmerOutput.count(rows.count, "row")) of the columns that are read: \(names)",
                remedy: "--column NAME=CELL gives a cell another column")
        }
        let lines = report.badLines
        for (column, given) in rows.given.enumerated() where given > 0 {
            let good = rows.values(of: column, at: times.moments)
            // Of the lines that are no rows it had a part as of the others.
            let all = given + lines * given / max(1, rows.count)
            guard good * 2 < all else { continue }
            throw Failure(
                .failed, "\(file): \(all - good) of \(all) values of the column \(columns[wanted[column]]) are lost",
                remedy: "\(report.notes.joined(separator: "; "))")
        }
    }

    private static func columns(
        _ wanted: [String]?, _ names: [String], _ units: [String: UnitScale]
    ) -> [WantedColumn] {
        guard let wanted else { return names.enumerated().map { WantedColumn(place: $0, name: $1) } }
        var columns: [WantedColumn] = []
        for name in wanted {
            guard let place = try? DelimitedText.place(of: name, names: names, count: names.count),
                !columns.contains(where: { $0.place == place })
            else { continue }
            columns.append(WantedColumn(place: place, name: names[place], units: units[name]))
        }
        return columns
    }

    private mutating func noteTimes(_ written: [Timestamp?], _ lineOf: (Int) -> Int) {
        report.astrayTimes = times.aside.count
        if let first = times.aside.first {
            report.firstAstrayTime = "\(file):\(lineOf(first)): \(written[first]?.rfc3339 ?? "")"
        }
        report.placedTimes = times.placed.count
        if let first = times.placed.first {
            report.firstPlacedTime = "\(file):\(lineOf(first)): \(written[first]?.rfc3339 ?? "")"
        }
        if times.isMerged {
            report.remarks.append("rows of one kind stand behind those of another: merged by their times")
        }
        if times.isReversed {
            report.remarks.append("the newest row stands first: read from the last row to the first")
        }
        if times.isSorted { report.remarks.append("the rows are not in the order of their times: sorted") }
        for step in times.setBack.prefix(3) {
            let span = LocalTime.span(milliseconds: Double(step.nanoseconds) / 1_000_000)
            report.remarks.append(
                "\(file):\(lineOf(step.row)): the time goes back; from there on it counts as \(span) later (--zone reads summer time)"
            )
        }
        if times.setBack.count > 3 { report.remarks.append("the time goes back \(times.setBack.count - 3) more times") }
    }

    /// Names of columns for a person: the first ones, and the number of the rest.
    static func list(_ columns: [String]) -> String {
        let shown = columns.prefix(30).map { $0.cut(to: 60) }.joined(separator: ", ")
        return columns.count > 30 ? "\(shown) and \(columns.count - 30) more" : shown
    }

    /// The next event; nil at the end.
    package mutating func nextEvent() -> ReplayEvent? {
        while next < times.count {
            let row = times.row(at: next)
            next += 1
            guard let at = times.moments[row] else { continue }
            if let messages {
                line = messages.number(of: row)
                if let event = messages.event(row, at: at) { return event }
                passedOver.passOver(messages.subject(row), line: line)
                continue
            }
            line = rows.lines[row]
            if !rows.labels.isEmpty { label = rows.labels[row] }
            var numbers = [Double](repeating: .nan, count: columns.count)
            for (place, value) in zip(wanted, rows[row]) { numbers[place] = value }
            return .numbers(numbers, at: at)
        }
        return nil
    }
}
