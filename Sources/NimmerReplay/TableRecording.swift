import NimmerOutput
import NimmerSensing
import NimmerWave

/// A recording that is a table of text (CSV), with a column for each sensor or a row for each value.
struct TableRecording {
    let file: String
    let bytes: [UInt8]
    let format: ReplayFormat
    let layout: TableLayout
    /// Names of all columns; their places, counted from 1, where the table names none.
    let names: [String]

    /// Places of the columns that hold the time of a row; none where it has no time.
    let timePlaces: [Int]
    private let labelPlace: Int?
    private let entityPlace: Int?
    private let valuePlace: Int?

    init(_ bytes: [UInt8], file: String, format: ReplayFormat) throws(Failure) {
        (self.bytes, self.file, self.format) = (bytes, file, format)
        let first = Array(RecordedLines(bytes).prefix(TableLayout.lines))
        layout = TableLayout(first, format.table)
        names = layout.names ?? (1...max(1, layout.width)).map { "\($0)" }
        labelPlace = if let wanted = format.labelColumn { try columnPlace(wanted, "label", names, file) } else { nil }
        let layout = layout
        let samples = first.dropFirst(layout.linesBefore).compactMap { layout.row($0) }.filter { !layout.isHeader($0) }
            .prefix(20)
            .map { $0.map { String(decoding: $0, as: UTF8.self) } }
        timePlaces = try TimeColumns.find(names, samples, format, file)
        if let entity = format.entityColumn {
            let place = try columnPlace(entity, "entity", names, file)
            entityPlace = place
            valuePlace = try Self.valuePlace(names, samples, [place] + timePlaces, format, file)
        } else {
            (entityPlace, valuePlace) = (nil, nil)
        }
    }

    /// Indicates whether its rows carry times.
    var hasTimes: Bool { !timePlaces.isEmpty }

    /// Entities that a table in long format is about, in the order of the first rows; else the columns.
    func columns() -> [String] {
        guard let entityPlace else { return names }
        var known: Set<[UInt8]> = []
        var entities: [String] = []
        forEachRow { cells, _ in
            guard !cells[entityPlace].isEmpty, known.insert(Array(cells[entityPlace])).inserted else { return }
            entities.append(String(decoding: cells[entityPlace], as: UTF8.self))
        } otherwise: { _, _, _ in
        }
        return entities
    }

    /// Reads the rows.
    ///
    /// - Parameters:
    ///   - wanted: the columns that are read, by their places in ``columns()``, and their names.
    ///   - pace: rows a second where the table has no times.
    ///   - isStrict: whether text that is no number counts.
    func read(_ wanted: [(place: Int, name: String)], pace: Double, isStrict: Bool, _ report: inout RecordingReport)
        throws(Failure) -> RecordedRows
    {
        var (rows, columns, found) = load(wanted, wanted.map { _ in format.table.decimal }, pace)
        if let decided = columns.marks(groupsWithCommas: layout.text.delimiter == UInt8(ascii: ",")) {
            (rows, columns, found) = load(wanted, decided, pace)
        }
        found.remarks += report.remarks
        report = found
        if layout.otherLinesBefore > 0 {
            report.remarks.append(
                "\(NimmerOutput.count(layout.otherLinesBefore, "line")) before the table passed over (--skip, --comment)"
            )
        }
        try report.check(rows: rows.count)
        if isStrict { try columns.report(file, &report) }
        return rows
    }

    private func load(
        _ wanted: [(place: Int, name: String)], _ marks: [DecimalMark?], _ pace: Double
    ) -> (RecordedRows, RecordedColumns, RecordingReport) {
        var columns = RecordedColumns(wanted.map(\.name), marks: marks)
        var rows = RecordedRows(width: wanted.count)
        var report = RecordingReport()
        var times = TimeReader(format, pace: pace)
        var numbers = [Double](repeating: .nan, count: wanted.count)
        var entities: [[UInt8]: Int] = [:]
        for (place, column) in wanted.enumerated() { entities[Array(column.name.utf8)] = place }
        var tables: [[UInt8]: Int] = [:]
        let tablePlaces = layout.isAnnotated ? names.indices.filter { ["result", "table"].contains(names[$0]) } : []
        forEachRow { cells, line in
            // A table of InfluxDB, and what a row of a long table is about, have times of their own.
            var group: Int?
            if !tablePlaces.isEmpty {
                let key = Array(tablePlaces.map { cells[$0] }.joined(separator: [0]))
                let table = tables[key] ?? tables.count
                tables[key] = table
                group = table
            }
            if let entityPlace, let valuePlace {
                guard let entity = entities[Array(cells[entityPlace])] else { return }
                for place in numbers.indices { numbers[place] = RecordedRows.absent }
                numbers[entity] = columns.number(entity, cells[valuePlace], line: line)
                group = (group ?? 0) * wanted.count + entity
            } else {
                for (place, column) in wanted.enumerated() {
                    numbers[place] = columns.number(place, cells[column.place], line: line)
                }
            }
            let at = time(cells, line, &times, &report)
            let label = labelPlace.map { String(decoding: WrittenNumber.trimmed(cells[$0]), as: UTF8.self) }
            rows.add(numbers, at: at, later: times.later, line: line, label: label, group: group)
        } otherwise: { line, number, isLast in
            report.isCut = isLast
            report.refuse(
                "\(file):\(number)", found: NimmerOutput.count(layout.text.cells(line).count, "column"),
                expected: "\(layout.width), as in the first line")
        }
        return (rows, columns, report)
    }

    private func time(
        _ cells: [ArraySlice<UInt8>], _ line: Int, _ times: inout TimeReader, _ report: inout RecordingReport
    ) -> Timestamp? {
        guard !timePlaces.isEmpty else { return times.paced() }
        let text = timePlaces.map { String(decoding: cells[$0], as: UTF8.self) }.joined(separator: " ")
        if let moment = times.moment(text) { return moment }
        report.refuseTime(
            "\(file):\(line)", found: "the time '\(text.cut(to: 60))'", expected: format.timeFormat.expectation)
        return nil
    }

    /// Passes over all rows; `otherwise` gets the other lines.
    private func forEachRow(
        _ take: (_ cells: [ArraySlice<UInt8>], _ line: Int) -> Void,
        otherwise: (_ line: ArraySlice<UInt8>, _ number: Int, _ isLast: Bool) -> Void
    ) {
        var lines = RecordedLines(bytes)
        var order: [Int]?
        var expectsNames = false
        while let line = lines.next() {
            guard lines.number > layout.linesBefore, line.contains(where: { $0 > 32 }) else { continue }
            if layout.isAside(line) {
                expectsNames = layout.isAnnotated && TableLayout.isAnnotation(line)
                continue
            }
            if expectsNames {
                // A further table of InfluxDB may have its columns in another order.
                let other = layout.text.cells(line).map { String(decoding: $0, as: UTF8.self) }
                order = other == names ? nil : names.map { name in other.firstIndex(of: name) ?? -1 }
                expectsNames = false
                continue
            }
            if let order {
                let cells = layout.text.cells(line)
                take(order.map { cells.indices.contains($0) ? cells[$0] : [] }, lines.number)
            } else if let cells = layout.row(line) {
                if !layout.isHeader(cells) { take(cells, lines.number) }
            } else {
                otherwise(line, lines.number, lines.isUnfinished)
            }
        }
    }

    private static func valuePlace(
        _ names: [String], _ samples: [[String]], _ taken: [Int], _ format: ReplayFormat, _ file: String
    ) throws(Failure) -> Int {
        if let wanted = format.valueColumn { return try columnPlace(wanted, "value", names, file) }
        for usual in ["value", "_value", "state", "reading", "val"] {
            if let place = names.firstIndex(where: { $0.lowercased() == usual }), !taken.contains(place) {
                return place
            }
        }
        let numeric = names.indices.filter { place in
            !taken.contains(place) && samples.contains { NumberText.number(in: Array($0[place].utf8)[...]) != nil }
        }
        guard numeric.count == 1, let place = numeric.first else {
            throw Failure(
                .usage, "\(file): \(numeric.count) of its columns could hold the values",
                remedy: "--value-column names one of \(ReplayInput.list(names))")
        }
        return place
    }
}

/// The place of a column that a person named.
func columnPlace(_ wanted: String, _ what: String, _ columns: [String], _ file: String) throws(Failure) -> Int {
    do throws(Refusal) {
        return try DelimitedText.place(of: wanted, names: columns, count: columns.count)
    } catch {
        throw Failure(
            .usage, "\(file): no \(what) column '\(wanted)'",
            remedy: "its columns are \(ReplayInput.list(columns))")
    }
}

/// Columns that hold the time of a row.
enum TimeColumns {
    private static let usual = [
        "datetime", "timestamp", "time", "at", "date", "ts", "_time", "date_time", "date time", "last_changed",
        "last_updated", "created_at",
        "utc", "zeit", "zeitstempel", "datum",
    ]
    private static let dates = ["date", "datum", "day", "tag"]

    /// Finds them: those that were named; else by their usual names, and then by their values. A date and a time of day may have a column
    /// each.
    static func find(_ names: [String], _ samples: [[String]], _ format: ReplayFormat, _ file: String) throws(Failure)
        -> [Int]
    {
        if !format.timeColumns.isEmpty {
            var places: [Int] = []
            for wanted in format.timeColumns { places.append(try columnPlace(wanted, "time", names, file)) }
            return places
        }
        guard format.rate == nil else { return [] }
        let lowered = names.map { $0.lowercased() }
        let found = usual.lazy.compactMap { name in lowered.firstIndex(of: name) }.first
        guard let found else { return byValues(names, samples, format).map { [$0] } ?? [] }
        guard isReadable([found], samples, format, wantsClock: true) else {
            // A date beside a time of day.
            let partners =
                dates.compactMap { lowered.firstIndex(of: $0) } + usual.compactMap { lowered.firstIndex(of: $0) }
            for partner in partners where partner != found {
                for pair in [[partner, found], [found, partner]]
                where isReadable(pair, samples, format, wantsClock: true) { return pair }
            }
            return [found]
        }
        return [found]
    }

    private static func byValues(_ names: [String], _ samples: [[String]], _ format: ReplayFormat) -> Int? {
        names.indices.first { place in
            samples.contains { Double($0[place]) == nil } && isReadable([place], samples, format, wantsClock: false)
        }
    }

    private static func isReadable(_ places: [Int], _ samples: [[String]], _ format: ReplayFormat, wantsClock: Bool)
        -> Bool
    {
        let texts = samples.map { row in places.map { row[$0] }.joined(separator: " ") }
        let readable = texts.filter { format.timeFormat.time($0) != nil }
        guard !texts.isEmpty, readable.count * 2 > texts.count else { return false }
        return !wantsClock || readable.contains { $0.contains(":") || Double($0) != nil || $0.contains("T") }
            || places.count > 1
    }
}
