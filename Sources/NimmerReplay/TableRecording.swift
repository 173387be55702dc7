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
    /// Remarks on what was found out about the layout.
    private let remarks: [String]

    init(_ bytes: [UInt8], file: String, format: ReplayFormat) throws(Failure) {
        (self.bytes, self.file, self.format) = (bytes, file, format)
        let first = Array(RecordedLines(bytes).prefix(TableLayout.lines + format.table.skip))
        guard format.table.skip < max(1, first.count) else {
            throw Failure(
                .usage,
                "\(file) has \(NimmerOutput.count(first.count, "line")): --skip \(format.table.skip) passes over all of them"
            )
        }
        layout = TableLayout(first, format.table)
        names = layout.names ?? (1...max(1, layout.width)).map { "\($0)" }
        labelPlace = if let wanted = format.labelColumn { try columnPlace(wanted, "label", names, file) } else { nil }
        let layout = layout
        let samples = first.dropFirst(layout.linesBefore).compactMap { layout.row($0) }.filter { !layout.isHeader($0) }
            .prefix(20)
            .map { $0.map { String(decoding: $0, as: UTF8.self) } }
        var remarks: [String] = []
        timePlaces = try TimeColumns.find(names, Array(samples), format, file, &remarks)
        if let remark = layout.remark { remarks.append("\(file): \(remark)") }
        self.remarks = remarks
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
        forEachLine { line, _, _, _ in
            guard case .row(let cells) = line, !cells[entityPlace].isEmpty,
                known.insert(Array(cells[entityPlace])).inserted
            else { return }
            entities.append(String(decoding: cells[entityPlace], as: UTF8.self))
        }
        return entities
    }

    /// Reads the rows.
    ///
    /// - Parameters:
    ///   - wanted: the columns that are read, by their places in ``columns()``, and their names.
    ///   - pace: rows a second where the table has no times.
    ///   - isStrict: whether text that is no number counts.
    func read(_ wanted: [WantedColumn], pace: Double, isStrict: Bool, _ report: inout RecordingReport)
        throws(Failure) -> RecordedRows
    {
        var (rows, columns, found) = load(wanted, wanted.map { _ in format.table.decimal }, pace)
        if let decided = columns.marks(groupsWithCommas: layout.text.delimiter == UInt8(ascii: ",")) {
            (rows, columns, found) = load(wanted, decided, pace)
        }
        found.remarks = report.remarks + remarks + found.remarks
        report = found
        if layout.otherLinesBefore > 0 {
            report.remarks.append(
                "\(NimmerOutput.count(layout.otherLinesBefore, "line")) before the table passed over (--skip, --comment)"
            )
        }
        try report.check(rows: rows.count)
        if isStrict { try columns.report(file, &report) }
        rows.given = columns.given
        return rows
    }

    private func load(
        _ wanted: [WantedColumn], _ marks: [DecimalMark?], _ pace: Double
    ) -> (RecordedRows, RecordedColumns, RecordingReport) {
        var columns = RecordedColumns(wanted, marks: marks)
        var rows = RecordedRows(width: wanted.count)
        var report = RecordingReport()
        var times = TimeReader(format, pace: pace)
        var numbers = [Double](repeating: .nan, count: wanted.count)
        var entities: [[UInt8]: Int] = [:]
        for (place, column) in wanted.enumerated() { entities[Array(column.name.utf8)] = place }
        var tables: [[UInt8]: Int] = [:]
        let hasTables = layout.isAnnotated || names.contains("result") && names.contains("table")
        let tablePlaces = hasTables ? names.indices.filter { ["result", "table"].contains(names[$0]) } : []
        let keys = timePlaces + [entityPlace, valuePlace].compactMap { $0 }
        var above: (names: [String], line: Int)?
        forEachLine { line, reader, number, isLast in
            switch line {
            case .aside: return
            case .misfit(let found, let expected):
                report.isCut = isLast
                report.refuse("\(file):\(number)", found: found, expected: expected)
            case .names:
                above = (reader.names, number)
                let lacking = (keys + (entityPlace == nil ? wanted.map(\.place) : [])).filter { reader.lacks($0) }
                if !lacking.isEmpty {
                    report.remarks.append(
                        "\(file):\(number): found other names, without \(ReplayInput.list(lacking.map { names[$0] }))")
                }
            case .row(let cells):
                let lacksAll = entityPlace == nil && !wanted.isEmpty && wanted.allSatisfy { reader.lacks($0.place) }
                if lacksAll || keys.contains(where: { reader.lacks($0) }) {
                    return report.refuse(
                        "\(file):\(number)",
                        found:
                            "a row under the names \(ReplayInput.list(above?.names ?? [])) of line \(above?.line ?? 0)",
                        expected: "columns with the names \(ReplayInput.list(names)), as at the beginning")
                }
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
                    numbers[entity] = columns.number(entity, cells[valuePlace], line: number)
                    group = (group ?? 0) * wanted.count + entity
                } else {
                    for (place, column) in wanted.enumerated() {
                        numbers[place] =
                            reader.lacks(column.place)
                            ? RecordedRows.absent : columns.number(place, cells[column.place], line: number)
                    }
                }
                let at = time(cells, number, &times, &report)
                let label = labelPlace.map { String(decoding: WrittenNumber.trimmed(cells[$0]), as: UTF8.self) }
                rows.add(numbers, at: at, later: times.later, line: number, label: label, group: group)
            }
        }
        return (rows, columns, report)
    }

    private func time(
        _ cells: [ArraySlice<UInt8>], _ line: Int, _ times: inout TimeReader, _ report: inout RecordingReport
    ) -> Timestamp? {
        guard !timePlaces.isEmpty else { return times.paced() }
        let text = TimeColumns.text(timePlaces.map { String(decoding: cells[$0], as: UTF8.self) })
        if let moment = times.moment(text) { return moment }
        report.refuseTime(
            "\(file):\(line)", found: "the time '\(text.cut(to: 60))'", expected: format.timeFormat.expectation)
        return nil
    }

    /// Passes over all lines of the table.
    private func forEachLine(
        _ take: (_ line: TableReader.Line, _ reader: TableReader, _ number: Int, _ isLast: Bool) -> Void
    ) {
        var lines = RecordedLines(bytes)
        var reader = TableReader(layout)
        while let line = lines.next() {
            guard lines.number > layout.linesBefore else { continue }
            take(reader.take(line), reader, lines.number, lines.isUnfinished)
        }
    }

    static func valuePlace(
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
