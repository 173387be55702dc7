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
        let counts = [UInt8(ascii: ","), UInt8(ascii: ";"), 9].map { byte in (byte, line.count { $0 == byte }) }
        delimiter = counts.max { $0.1 < $1.1 }.flatMap { $0.1 > 0 ? $0.0 : nil } ?? UInt8(ascii: ",")
    }

    /// The cells of a line, without their quotes and the white space around them.
    public func cells(_ line: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        var cells: [ArraySlice<UInt8>] = []
        var start = line.startIndex
        var isQuoted = false
        for index in line.indices {
            if line[index] == 0x22 { isQuoted.toggle() }
            if line[index] == delimiter, !isQuoted {
                cells.append(trimmed(line[start..<index]))
                start = index + 1
            }
        }
        cells.append(trimmed(line[start...]))
        return cells
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
    /// - Throws: a `Refusal` that names the columns that there are.
    public static func place(of column: String, names: [String]?, count: Int) throws(Refusal) -> Int {
        if let names, let place = names.firstIndex(of: column) { return place }
        if let number = Int(column), (1...max(1, count)).contains(number) { return number - 1 }
        let known =
            names.map { "one of \($0.joined(separator: ", "))" } ?? "a place from 1 to \(count), there are no names"
        throw Refusal(.value, field: "column", "a column must be \(known)", found: "'\(column)'")
    }
}
