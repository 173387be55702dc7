import NimmerWave

/// Reader of a table's lines, one by one: what each of them is, with its cells in the order of the first names (recordings.md, Tables).
package struct TableReader: Sendable {
    /// Meaning of a line.
    package enum Line {
        /// A row: its cells by the places of the layout, empty for columns that the names around it lack (``lacks(_:)``).
        case row([ArraySlice<UInt8>])
        /// Names of columns, from here on others than before.
        case names
        /// A blank line, a comment, the same names again.
        case aside
        /// No row: what was found instead, and what was expected.
        case misfit(found: String, expected: String)
    }

    private let layout: TableLayout
    /// Place in a line of each column of the layout, -1 for one that is not there; nil: as in the layout.
    private var order: [Int]?
    private var width: Int
    private var expectsNames = false
    private var hasRows = false
    /// Names that stand above the lines to come; those of the layout at first.
    package private(set) var names: [String]

    /// A reader of the lines behind those that the layout counts as before the table.
    package init(_ layout: TableLayout) {
        self.layout = layout
        width = layout.width
        names = layout.names ?? []
    }

    /// Returns whether the lines from here on have no such column.
    package func lacks(_ place: Int) -> Bool { order.map { $0[place] < 0 } ?? false }

    /// Takes a line, without its end.
    package mutating func take(_ line: ArraySlice<UInt8>) -> Line {
        // Files that were put one behind the other have a mark at each beginning.
        let line = line.starts(with: [0xef, 0xbb, 0xbf]) ? line.dropFirst(3) : line
        if let misfit = TextEncoding.misfit(line) { return .misfit(found: misfit, expected: "text") }
        guard line.contains(where: { $0 > 32 }) else { return .aside }
        if layout.isAside(line) {
            expectsNames = layout.isAnnotated && TableLayout.isAnnotation(line)
            return .aside
        }
        if expectsNames {
            expectsNames = false
            return rename(layout.text.cells(line))
        }
        let split = layout.split(line, width: width)
        switch layout.naming(split.cells, isBehindNames: !hasRows) {
        case .names: return rename(split.cells)
        case .units: return .aside
        case .none: break
        }
        guard split.isRow else {
            return .misfit(
                found: split.isOpen
                    ? "a quote that does not end in its line"
                    : "\(split.cells.count) \(split.cells.count == 1 ? "column" : "columns")",
                expected: "\(width)\(split.isOpen ? " columns in each line" : ", as in the first line")")
        }
        hasRows = true
        guard let order else { return .row(split.cells) }
        return .row(order.map { $0 < 0 ? [] : split.cells[$0] })
    }

    private mutating func rename(_ cells: [ArraySlice<UInt8>]) -> Line {
        hasRows = false
        let others = cells.map { String(decoding: $0, as: UTF8.self) }
        let isSame = others == names
        names = others
        width = cells.count
        guard let first = layout.names, !layout.isHeader(cells) else {
            (order, width) = (nil, layout.width)
            return isSame ? .aside : .names
        }
        // The second of two columns of one name is the second here too.
        var taken: Set<Int> = []
        order = first.map { name in
            guard let place = others.indices.first(where: { others[$0] == name && !taken.contains($0) }) else {
                return -1
            }
            taken.insert(place)
            return place
        }
        return isSame ? .aside : .names
    }
}
