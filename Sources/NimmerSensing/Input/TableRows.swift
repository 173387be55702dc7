import NimmerProcess
import NimmerWave

/// Some columns of the rows of a CSV file, with or without names in its first line.
package struct TableRows: Sendable {
    /// Names of the columns as the first line has them; what was asked for where it has none.
    package let names: [String]

    private let file: FileLines
    private let first: [UInt8]
    private let isNamed: Bool
    private let text: DelimitedText
    private let places: [Int]

    /// Finds the columns.
    ///
    /// - Parameters:
    ///   - file: the file.
    ///   - columns: the columns, each by its name or its place counted from 1.
    ///   - delimiter: what separates them; found out from the first line unless given.
    /// - Throws: a `ProcessFailure` when the file cannot be read or has no such column.
    package init(_ file: FileLines, columns: [String], delimiter: DelimitedText?) throws {
        let first = try file.first() ?? []
        let text = delimiter ?? DelimitedText(guessedFrom: first[...])
        let header = text.names(first[...])
        var places: [Int] = []
        do throws(Refusal) {
            for column in columns {
                places.append(
                    try DelimitedText.place(of: column, names: header, count: text.cells(first[...]).count))
            }
        } catch { throw ProcessFailure(.configuration, "\(file.path): \(error)") }
        self.places = places
        self.file = file
        self.first = first
        self.text = text
        isNamed = header != nil
        names = header.map { [places] header in places.map { header[$0] } } ?? columns
    }

    /// Gives the columns of each row, empty where a row is too short.
    ///
    /// - Parameters:
    ///   - milliseconds: the pause between two rows.
    ///   - follows: whether to read what is appended from now on, until the task is cancelled, instead of what there is.
    ///   - take: called with the cells, in the order of the columns.
    /// - Throws: a `ProcessFailure` when the file cannot be read; `CancellationError`.
    package func read(every milliseconds: Int, follows: Bool, _ take: ([ArraySlice<UInt8>]) throws -> Void) async throws
    {
        var isFirst = isNamed && !follows
        let row = { (line: [UInt8]) in
            defer { isFirst = false }
            guard !isFirst, line != first || !isNamed else { return }
            let cells = text.cells(line[...])
            try take(places.map { cells.indices.contains($0) ? cells[$0] : [] })
        }
        if follows { return try await file.follow(row) }
        try await file.read(every: milliseconds, row)
    }
}
