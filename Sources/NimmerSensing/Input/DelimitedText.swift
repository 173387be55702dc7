import NimmerWave

/// Rows of a file in which a delimiter separates the cells (CSV): cells may be quoted, a quote in one is doubled.
public struct DelimitedText: Sendable, Hashable {
    /// The byte between two cells.
    public var delimiter: UInt8

    /// Text in which one character separates the cells.
    ///
    /// - Throws: a `Refusal` when the delimiter is not one ASCII character (`\t` and `tab` mean the tabulator).
    public init(delimiter text: String) throws(Refusal) {
        if text == "\\t" || text == "tab" {
            delimiter = 9
        } else if text.utf8.count == 1, let byte = text.utf8.first, byte != 0x22, byte != 10, byte != 13, byte < 128 {
            delimiter = byte
        } else {
            throw Refusal(
                .value, field: "delimiter", "a delimiter must be one character such as , ; or tab", found: "'\(text)'")
        }
    }

    /// Text in which a byte separates the cells.
    public init(delimiter: UInt8) { self.delimiter = delimiter }

    /// The delimiter that a first line speaks for: the most frequent of `;`, tab and `,`.
    public init(guessedFrom line: ArraySlice<UInt8>) {
        self.init(guessedFrom: [line])
    }

    /// The delimiter that lines speak for: that of `,`, `;`, tab and `|` which gives most of them the same number of cells, these cells being
    /// numbers and times, with a line of names that agrees. A comma that separates decimals separates no cells.
    ///
    /// - Parameter decimal: the mark that was declared; nil: found out.
    package init(guessedFrom lines: [ArraySlice<UInt8>], decimal: DecimalMark? = nil) {
        var best: (score: Double, width: Int, delimiter: UInt8)?
        for candidate in [UInt8(ascii: ","), UInt8(ascii: ";"), 9, UInt8(ascii: "|")] {
            let text = DelimitedText(delimiter: candidate)
            let cells = lines.map { text.cells($0) }
            guard let width = Self.mostFrequent(cells.map(\.count)), width > 1 else { continue }
            if candidate == UInt8(ascii: ","), Self.areDecimals(lines, cells, decimal) { continue }
            let agreeing = cells.filter { $0.count == width }
            let score = Double(agreeing.count) * Self.weight(agreeing.prefix(40))
            if let known = best, (known.score, known.width) >= (score, width) { continue }
            best = (score, width, candidate)
        }
        delimiter = best?.delimiter ?? (lines.isEmpty ? UInt8(ascii: ",") : Self.lone(lines))
    }

    /// Weight of lines of the same width: the share of numbers and times in their cells, and whether one has names.
    private static func weight(_ lines: ArraySlice<[ArraySlice<UInt8>]>) -> Double {
        var (hasNames, rows, shares) = (false, 0, 0.0)
        for line in lines {
            let kinds = line.filter { !$0.isEmpty }.map(TableLayout.kind)
            let values = kinds.count { $0 == .value }
            if values > 0 {
                rows += 1
                shares += Double(values) / Double(kinds.count)
            } else if kinds.contains(.word) {
                hasNames = true
            }
        }
        guard rows > 0 else { return 0.5 }
        return (0.5 + shares / Double(rows)) * (hasNames ? 1.5 : 1)
    }

    /// Returns whether commas are decimal marks: they were declared as such, and none stands in quotes; lines of one number each also have none, or
    /// a word; or a nought begins what is behind them.
    private static func areDecimals(
        _ lines: [ArraySlice<UInt8>], _ cells: [[ArraySlice<UInt8>]], _ decimal: DecimalMark?
    ) -> Bool {
        if decimal == .comma, !cells.contains(where: { $0.contains { $0.contains(UInt8(ascii: ",")) } }) { return true }
        guard cells.allSatisfy({ $0.count <= 2 }) else { return false }
        var hasOther = false
        for (line, cells) in zip(lines, cells) {
            if cells.count == 1 {
                hasOther = hasOther || !cells[0].isEmpty
            } else if WrittenNumber(line) == nil {
                return false
            } else if cells[1].count > 1, cells[1].first == 48 {
                hasOther = true
            }
        }
        return hasOther
    }

    /// The delimiter of lines of one cell each: one that does not occur in a decimal number.
    private static func lone(_ lines: [ArraySlice<UInt8>]) -> UInt8 {
        lines.contains { $0.contains(UInt8(ascii: ",")) } ? UInt8(ascii: ";") : UInt8(ascii: ",")
    }

    static func mostFrequent(_ widths: [Int]) -> Int? {
        var counts: [Int: Int] = [:]
        for width in widths { counts[width, default: 0] += 1 }
        return counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key
    }

    /// The cells of a line, without their quotes and the white space around them.
    ///
    /// A quote opens a cell only where it begins one (RFC 4180): that in `5" pipe` is text.
    public func cells(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var cells: [ArraySlice<UInt8>] = []
        _ = split(line) { cells.append($0) }
        return cells
    }

    /// Place within a cell, as it is split.
    private enum Place { case start, plain, quoted, afterQuote }

    /// Splits a line.
    ///
    /// - Returns: whether the last cell is open: its quote does not end in this line.
    package func split(_ line: ArraySlice<UInt8>, _ take: (ArraySlice<UInt8>) -> Void) -> Bool {
        var start = line.startIndex
        var place = Place.start
        for index in line.indices {
            let byte = line[index]
            if byte == delimiter, place != .quoted {
                take(trimmed(line[start..<index]))
                start = index + 1
                place = .start
                continue
            }
            switch place {
            case .start:
                if byte == 0x22 { place = .quoted } else if byte > 32 { place = .plain }
            case .plain: break
            case .quoted: if byte == 0x22 { place = .afterQuote }
            case .afterQuote:
                if byte == 0x22 { place = .quoted } else if byte > 32 { place = .plain }
            }
        }
        take(trimmed(line[start...]))
        return place == .quoted
    }

    private func trimmed(_ cell: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var cell = cell
        while let first = cell.first, first == 32 || first == 9 || first == 13 { cell.removeFirst() }
        while let last = cell.last, last == 32 || last == 9 || last == 13 { cell.removeLast() }
        guard cell.count >= 2, cell.first == 0x22, cell.last == 0x22 else { return cell }
        cell = cell.dropFirst().dropLast()
        guard cell.contains(0x22) else { return cell }
        var plain: [UInt8] = []
        var previousWasQuote = false
        for byte in cell {
            if byte == 0x22, previousWasQuote { previousWasQuote = false; continue }
            previousWasQuote = byte == 0x22
            plain.append(byte)
        }
        return plain[...]
    }

    /// The names of the columns when a first line holds names, which it does when none of its cells is a number.
    public func names(_ line: ArraySlice<UInt8>) -> [String]? {
        let cells = cells(line)
        guard !cells.contains(where: { NumberText.number(in: $0) != nil }), cells.contains(where: { !$0.isEmpty })
        else { return nil }
        return cells.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The place of a column, counted from 0: by its name, or by its place counted from 1.
    ///
    /// - Throws: a `Refusal` that names the columns that there are, or a name that stands twice.
    public static func place(of column: String, names: [String]?, count: Int) throws(Refusal) -> Int {
        if let names, let place = names.firstIndex(of: column) {
            guard let again = names[(place + 1)...].firstIndex(of: column) else { return place }
            throw Refusal(
                .value, field: "column", "a column must be one of its kind, or its place",
                found: "'\(column)' in the columns \(place + 1) and \(again + 1)")
        }
        if let number = Int(column), (1...max(1, count)).contains(number) { return number - 1 }
        let known =
            names.map { "one of \($0.joined(separator: ", "))" } ?? "a place from 1 to \(count), there are no names"
        throw Refusal(.value, field: "column", "a column must be \(known)", found: "'\(column)'")
    }
}
