import NimmerWave

/// Wishes about how a table is read; what is not set is found out.
package struct TableOptions: Sendable, Hashable {
    /// Separator of the columns.
    package var delimiter: DelimitedText?
    /// Number of lines before the table that are passed over.
    package var skip = 0
    /// Beginning of lines that are comments.
    package var comment = "#"
    /// The mark that separates decimals.
    package var decimal: DecimalMark?

    package init(delimiter: DelimitedText? = nil, decimal: DecimalMark? = nil) {
        self.delimiter = delimiter
        self.decimal = decimal
    }

    /// Returns whether a line is a comment.
    package func isComment(_ line: ArraySlice<UInt8>) -> Bool {
        !comment.isEmpty && line.drop { $0 <= 32 }.starts(with: comment.utf8)
    }
}

/// Layout of a table of text: what separates its columns, their names, and where its rows begin (recordings.md, Tables).
///
/// It is found out from the first lines: `sep=;` names the separator; comments, and lines of other widths than the rows, stand before the
/// names; the names are words where the rows have numbers and times.
package struct TableLayout: Sendable {
    /// Number of lines that are looked at.
    package static let lines = 200

    /// Separator of the columns.
    package let text: DelimitedText
    /// The names of the columns; nil where no line names them.
    package let names: [String]?
    /// Number of columns.
    package let width: Int
    /// Number of lines before the first row.
    package let linesBefore: Int
    /// Number of these that are neither names, comments nor a separator: what a device writes about itself.
    package let otherLinesBefore: Int
    /// Indicates whether comments of InfluxDB describe the table; then others may begin further tables with other columns.
    package let isAnnotated: Bool

    /// Remark for a person where the lines leave open what separates the columns; nil where they do not.
    package let remark: String?
    /// Names that columns of times usually have, in small letters, the most usual first.
    package static let timeNames = [
        "datetime", "timestamp", "time", "at", "date", "ts", "_time", "date_time", "date time", "last_changed",
        "last_updated", "created_at", "utc", "zeit", "zeitstempel", "datum",
    ]

    private let header: [ArraySlice<UInt8>]
    private let options: TableOptions
    /// Places where most of the first rows have a number or a time, the last first.
    private let valuePlaces: [Int]

    /// A layout out of the first lines of a table, without their ends.
    package init(_ lines: [ArraySlice<UInt8>], _ options: TableOptions = TableOptions()) {
        self.options = options
        var first = min(options.skip, lines.count)
        var separator = options.delimiter
        if first < lines.count, let named = Self.separator(lines[first]) {
            separator = separator ?? named
            first += 1
        }
        let places = lines.indices.dropFirst(first).filter { place in
            !lines[place].allSatisfy { $0 <= 32 } && !options.isComment(lines[place])
        }
        let text = separator ?? DelimitedText(guessedFrom: places.map { lines[$0] }, decimal: options.decimal)
        self.text = text
        isAnnotated = lines.contains { Self.isAnnotation($0) }
        let cells = places.map { text.cells(lines[$0]) }
        let width = Self.width(of: cells)
        self.width = width
        // The first line of the table, or the one before it when that has names for all columns that hold anything.
        let start = cells.firstIndex { $0.count == width } ?? 0
        let used = cells.dropFirst(start).filter { $0.count == width }.map(Self.used).max() ?? width
        let candidate =
            start > 0 && Self.used(cells[start - 1]) == used && Self.isWords(cells[start - 1]) ? start - 1 : start
        let rows = cells.dropFirst(candidate + 1).filter { row in
            row.count == width && !zip(row, cells[candidate]).allSatisfy { $0.elementsEqual($1) }
        }.prefix(20)
        if candidate < cells.count, Self.isHeader(cells[candidate], Array(rows)) {
            header = cells[candidate]
            names = Self.names(cells[candidate], width)
            linesBefore = places[candidate] + 1
            otherLinesBefore = candidate
        } else {
            let end = cells.isEmpty ? lines.count : places[start]
            let comment = lines[first..<end].last { options.isComment($0) && !Self.isAnnotation($0) }
            header = comment.flatMap { Self.header(in: $0, text, width, options) } ?? []
            names = header.isEmpty ? nil : Self.names(header, width)
            linesBefore = end
            otherLinesBefore = start
        }
        let kinds = rows.map { row in row.map(Self.kind) }
        valuePlaces = (0..<width).reversed().filter { place in
            let values = kinds.count { $0[place] == .value }
            return values > 0 && values > kinds.count { $0[place] == .word }
        }
        let isGuessed = separator == nil && options.decimal == nil && names == nil
        remark = isGuessed ? Self.openComma(cells.filter { $0.count == width }, text) : nil
    }

    /// Remark on lines in which a comma may separate two columns, or the decimals of one; nil where it may not.
    private static func openComma(_ rows: [[ArraySlice<UInt8>]], _ text: DelimitedText) -> String? {
        guard text.delimiter == UInt8(ascii: ","), let first = rows.first, (2...3).contains(first.count) else {
            return nil
        }
        let isOpen = rows.allSatisfy { row in
            row.suffix(2).allSatisfy { cell in
                !cell.isEmpty && cell.drop { $0 == UInt8(ascii: "-") }.allSatisfy { (48...57).contains($0) }
            } && (row.count == 2 || kind(row[0]) == .value)
        }
        guard isOpen, !areEpochs(rows.map { $0[$0.endIndex - 2] }) else { return nil }
        let shown = first.suffix(2).map { String(decoding: $0, as: UTF8.self) }.joined(separator: ",")
        return
            "'\(shown)' was read as two columns, \(first.count - 1) and \(first.count): --decimal , reads it as one number"
    }

    /// Returns whether whole numbers are times since 1970 in their order, from 2001 to 2060, in seconds to nanoseconds: a column of its own.
    private static func areEpochs(_ cells: [ArraySlice<UInt8>]) -> Bool {
        guard let first = cells.first, let last = cells.last, [10, 13, 16, 19].contains(first.count),
            cells.allSatisfy({ $0.count == first.count }), !first.elementsEqual(last)
        else { return false }
        let seconds = cells.compactMap { Int(String(decoding: $0.prefix(10), as: UTF8.self)) }
        guard seconds.count == cells.count, seconds.allSatisfy({ (978_307_200...2_840_140_800).contains($0) }) else {
            return false
        }
        let steps = zip(cells, cells.dropFirst())
        return steps.allSatisfy { !$1.lexicographicallyPrecedes($0) }
            || steps.allSatisfy { !$0.lexicographicallyPrecedes($1) }
    }

    /// Cells of a line of a table that has so many columns.
    ///
    /// Empty cells behind the last column count as none. A lone quote, as that of inches, opens a cell that never ends: then it is no row.
    package func split(_ line: ArraySlice<UInt8>, width: Int) -> (cells: [ArraySlice<UInt8>], isRow: Bool, isOpen: Bool)
    {
        var cells: [ArraySlice<UInt8>] = []
        cells.reserveCapacity(width)
        let isOpen = text.split(line) { cells.append($0) }
        if !isOpen, cells.count > width, cells[width...].allSatisfy(\.isEmpty) { cells = Array(cells[..<width]) }
        return (cells, cells.count == width && !isOpen, isOpen)
    }

    /// The cells of a row, as many as there are columns; nil where a line has another number of them, or a quote that does not end.
    ///
    /// Empty cells behind the last column count as none.
    package func row(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        let split = split(line, width: width)
        return split.isRow ? split.cells : nil
    }

    /// Returns whether a line repeats the names, as where recordings were put one behind the other.
    package func isHeader(_ cells: [ArraySlice<UInt8>]) -> Bool {
        !header.isEmpty && cells.count == header.count && zip(cells, header).allSatisfy { $0.elementsEqual($1) }
    }

    /// Meaning of a line of words among rows.
    package enum Naming { case names, units, none }

    /// Meaning of a line among rows: names of columns, the same or others, which have words where rows have numbers and times, and of which
    /// most are known or one is that of a time; units, which stand right behind names; or neither.
    package func naming(_ cells: [ArraySlice<UInt8>], isBehindNames: Bool) -> Naming {
        guard !header.isEmpty else { return .none }
        if isHeader(cells) { return .names }
        guard cells.count > 1, !valuePlaces.isEmpty else { return .none }
        // Most rows show at their last value that they are no names.
        for place in valuePlaces where place < cells.count && !cells[place].isEmpty {
            if Self.kind(cells[place]) == .value { return .none }
            break
        }
        let used = cells.filter { !$0.isEmpty }
        guard used.count > 1, used.allSatisfy({ Self.kind($0) != .value }) else { return .none }
        let texts = used.map { String(decoding: $0, as: UTF8.self) }
        guard Set(texts).count == texts.count, let names else { return .none }
        let known = texts.count { names.contains($0) }
        if known * 2 > texts.count { return .names }
        let hasTime = texts.contains { Self.timeNames.contains($0.lowercased()) }
        let isWords = cells.count == width && valuePlaces.allSatisfy { Self.kind(cells[$0]) == .word }
        if hasTime, known > 0 || isWords && valuePlaces.count > 1 { return .names }
        return isBehindNames && isWords && valuePlaces.count > 1 ? .units : .none
    }

    /// Returns whether a line is a comment, an annotation or a separator, and no row.
    package func isAside(_ line: ArraySlice<UInt8>) -> Bool { options.isComment(line) || Self.separator(line) != nil }

    /// Returns whether a line is an annotation of InfluxDB, behind which names stand.
    package static func isAnnotation(_ line: ArraySlice<UInt8>) -> Bool {
        ["#datatype", "#group", "#default"].contains { line.starts(with: $0.utf8) }
    }

    /// The separator that a line `sep=;` names, as spreadsheets write it.
    private static func separator(_ line: ArraySlice<UInt8>) -> DelimitedText? {
        var line = WrittenNumber.trimmed(line)
        if line.count == 7, line.first == 0x22, line.last == 0x22 { line = line.dropFirst().dropLast() }
        guard line.count == 5 || line == Array("sep=".utf8)[...],
            String(decoding: line.prefix(4), as: UTF8.self).lowercased() == "sep="
        else { return nil }
        return DelimitedText(delimiter: line.count == 5 ? line[line.endIndex - 1] : 9)
    }

    /// The number of columns of most lines; the greater of two that as many have.
    private static func width(of cells: [[ArraySlice<UInt8>]]) -> Int {
        DelimitedText.mostFrequent(cells.map(\.count)) ?? 1
    }

    /// Number of cells up to the last that holds anything.
    private static func used(_ cells: [ArraySlice<UInt8>]) -> Int { (cells.lastIndex { !$0.isEmpty } ?? -1) + 1 }

    private static func names(_ cells: [ArraySlice<UInt8>], _ width: Int) -> [String] {
        let names = cells.prefix(width).map { String(decoding: $0, as: UTF8.self) }
        return names + Array(repeating: "", count: max(0, width - names.count))
    }

    private static func header(
        in comment: ArraySlice<UInt8>, _ text: DelimitedText, _ width: Int, _ options: TableOptions
    ) -> [ArraySlice<UInt8>]? {
        let cells = text.cells(comment.drop { $0 <= 32 }.dropFirst(options.comment.utf8.count))
        return cells.count == width && width > 1 && isWords(cells) ? cells : nil
    }

    /// Returns whether no cell holds a number or a time, and one of them anything.
    private static func isWords(_ cells: [ArraySlice<UInt8>]) -> Bool {
        cells.allSatisfy { kind($0) == .word || $0.isEmpty } && cells.contains { !$0.isEmpty }
    }

    /// Returns whether cells name columns: one of them is a word where most rows have a number or a time. Where no row shows it, they do when
    /// all of them are words.
    private static func isHeader(_ cells: [ArraySlice<UInt8>], _ rows: [[ArraySlice<UInt8>]]) -> Bool {
        for place in cells.indices where kind(cells[place]) == .word {
            let values = rows.count { kind($0[place]) == .value }
            let words = rows.count { kind($0[place]) == .word }
            if values > words { return true }
        }
        guard isWords(cells) else { return false }
        return rows.isEmpty || !rows.contains { row in row.contains { kind($0) == .value } }
    }

    /// Kind of what a cell holds.
    enum Kind { case word, value, nothing }

    /// The kind of a cell: a number or a time, a word, or a gap.
    static func kind(_ cell: ArraySlice<UInt8>) -> Kind {
        var column = NumberColumn(decimal: nil)
        return switch column.read(cell) {
        case .gap: .nothing
        case .number: .value
        case .unreadable: isTime(cell) ? .value : .word
        }
    }

    /// Returns whether text looks like a time: it begins with a digit, and holds colons, or strokes or points between digits.
    private static func isTime(_ cell: ArraySlice<UInt8>) -> Bool {
        guard let first = cell.first, (48...57).contains(first), (5...40).contains(cell.count) else { return false }
        let digits = cell.count { (48...57).contains($0) }
        let marks = cell.count { [45, 46, 47, 58].contains($0) }
        // Other separators than its own are in no time, and a comma in its fraction alone.
        guard !cell.contains(where: { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: "|") || $0 == 9 }),
            cell.drop(while: { $0 != UInt8(ascii: ",") }).dropFirst().allSatisfy({
                (48...58).contains($0) || $0 == 45 || $0 == 43 || $0 == UInt8(ascii: "Z")
            })
        else { return false }
        return digits >= 3 && (cell.contains(58) || marks >= 2)
    }
}
