import NimmerProcess
import NimmerWave

/// Some columns of the rows of a CSV file, with or without names of its columns (recordings.md, Tables).
package struct TableRows: Sendable {
    /// Names of the columns as the file has them; what was asked for where it has none.
    package let names: [String]
    /// Numbers of these columns, with what the first rows show of how they are written.
    package let numbers: TableNumbers

    /// Remark for a person where the file leaves open how it is read; nil where it does not.
    package let remark: String?

    private let file: FileLines
    private let layout: TableLayout
    private let places: [Int]

    /// Finds the columns.
    ///
    /// - Parameters:
    ///   - file: the file.
    ///   - columns: the columns, each by its name or its place counted from 1.
    ///   - options: what is known of the table; the rest is found out from the first lines.
    /// - Throws: a `ProcessFailure` when the file cannot be read, is no text or has no such column.
    package init(_ file: FileLines, columns: [String], options: TableOptions) throws {
        var lines = try file.first(TableLayout.lines)
        if lines.first?.starts(with: [0xef, 0xbb, 0xbf]) == true { lines[0].removeFirst(3) }
        let layout = TableLayout(lines.map { $0[...] }, options)
        var places: [Int] = []
        do throws(Refusal) {
            for column in columns {
                places.append(try DelimitedText.place(of: column, names: layout.names, count: layout.width))
            }
        } catch { throw ProcessFailure(.configuration, "\(file.path): \(error)") }
        self.places = places
        self.file = file
        self.layout = layout
        remark = layout.remark.map { "\(file.path): \($0)" }
        var reader = TableReader(layout)
        let rows = lines.dropFirst(layout.linesBefore).compactMap { line -> [ArraySlice<UInt8>]? in
            if case .row(let cells) = reader.take(line[...]) { cells } else { nil }
        }
        let names = layout.names.map { names in places.map { names[$0] } } ?? columns
        numbers = TableNumbers(
            of: rows.map { row in places.map { row[$0] } }, names: names, decimal: options.decimal,
            groupsWithCommas: layout.text.delimiter == UInt8(ascii: ","))
        self.names = names
    }

    /// Gives the columns of each row, empty where the names above it lack one. Lines that are no rows are left out, as in a recording.
    ///
    /// - Parameters:
    ///   - milliseconds: the pause between two rows.
    ///   - follows: whether to read what is appended from now on, until the task is cancelled, instead of what there is.
    ///   - fromStart: whether to read what a file that is followed holds already.
    ///   - notice: news of a file that is followed, and the first line that was left out.
    ///   - take: called with the cells, in the order of the columns, and the number of their line as words (`line 7, `); empty of a file that is
    ///     followed, whose lines before are not known.
    /// - Throws: a `ProcessFailure` when the file cannot be read; `CancellationError`.
    package func read(
        every milliseconds: Int, follows: Bool, fromStart: Bool = false,
        notice: (FileLines.Notice) -> Void = { _ in }, _ take: ([ArraySlice<UInt8>], _ place: String) throws -> Void
    ) async throws {
        var before = follows && !fromStart ? 0 : layout.linesBefore
        var reader = TableReader(layout)
        var (number, hasNoticed) = (0, false)
        func row(_ line: [UInt8]) throws {
            number += 1
            guard before == 0 else {
                before -= 1
                return
            }
            let place = follows ? "" : "line \(number)"
            switch reader.take(line[...]) {
            case .aside: return
            case .names:
                let lacking = places.filter { reader.lacks($0) }
                guard !lacking.isEmpty else { return }
                notice(
                    .leftOut("found the names \(reader.names.joined(separator: ", ")); expected those at the beginning")
                )
            case .misfit(let found, let expected):
                guard !hasNoticed else { return }
                hasNoticed = true
                notice(.leftOut("\(place)\(place.isEmpty ? "" : ": ")found \(found); expected \(expected)"))
            case .row(let cells):
                if places.allSatisfy({ reader.lacks($0) }) { return }
                try take(places.map { cells[$0] }, place.isEmpty ? "" : "\(place), ")
            }
        }
        if follows { return try await file.follow(fromStart: fromStart, notice: notice, row) }
        try await file.read(every: milliseconds, row)
    }
}

/// The numbers of some columns, read as the columns are written.
package struct TableNumbers: Sendable {
    /// Columns, with what their texts turned out to be.
    package private(set) var columns: [NumberColumn]
    private let names: [String]
    private var firstUnreadable: (text: String, place: String)?

    /// Columns of which some rows are known.
    init(of rows: [[ArraySlice<UInt8>]], names: [String], decimal: DecimalMark?, groupsWithCommas: Bool) {
        self.names = names
        var known = [NumberColumn](repeating: NumberColumn(decimal: decimal), count: names.count)
        for row in rows { for (place, text) in row.enumerated() { _ = known[place].read(text) } }
        let surroundings = NumberColumn.mark(of: known)
        self.columns = known.map {
            NumberColumn(decimal: $0.mark(besides: surroundings, groupsWithCommas: groupsWithCommas))
        }
    }

    /// The numbers of a row; NaN where nothing was measured and where a text is no number.
    ///
    /// - Parameter place: place of the row as words (`line 7, `), for the report.
    package mutating func row(_ cells: [ArraySlice<UInt8>], at place: String = "") -> [Double] {
        cells.enumerated().map { column, text in
            switch columns[column].read(text) {
            case .number(let number) where number.isFinite: return number
            case .unreadable:
                let text = columns[column].firstUnreadable?.text ?? ""
                firstUnreadable = firstUnreadable ?? (text, "\(place)column \(names[column])")
                return .nan
            case .number, .gap: return .nan
            }
        }
    }

    /// Report of what could not be read; nil when all could.
    package var report: String? {
        let unreadable = columns.reduce(0) { $0 + $1.unreadable }
        guard unreadable > 0, let first = firstUnreadable else { return nil }
        return
            "\(unreadable == 1 ? "1 value is no number" : "\(unreadable) values are no numbers"), the first: '\(first.text)', \(first.place)"
    }
}

extension NumberColumn {
    /// The mark that most of some columns show; nil when they show none, or as many each.
    package static func mark(of columns: [NumberColumn]) -> DecimalMark? {
        let points = columns.reduce(0) { $0 + $1.evidence(for: .point) }
        let commas = columns.reduce(0) { $0 + $1.evidence(for: .comma) }
        return points == commas ? nil : points > commas ? .point : .comma
    }
}
