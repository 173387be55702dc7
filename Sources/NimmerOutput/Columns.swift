import NimmerTerminal

/// Text in columns.
extension String {
    /// Columns the text takes on a terminal: colour sequences and combining marks take none, wide characters two.
    package var width: Int {
        var width = 0
        var escape = false
        for scalar in unicodeScalars {
            if escape {
                if scalar == "m" { escape = false }
                continue
            }
            if scalar == "\u{1b}" {
                escape = true
                continue
            }
            width += scalar.terminalColumns
        }
        return width
    }

    /// The text with spaces after it, at least `columns` wide.
    package func padded(_ columns: Int) -> String {
        self + String(repeating: " ", count: max(0, columns - width))
    }

    /// The text with spaces before it, at least `columns` wide.
    package func indented(to columns: Int) -> String {
        String(repeating: " ", count: max(0, columns - width)) + self
    }

    /// The text cut to `columns`, an ellipsis as its last when something is missing. For text without colour.
    package func cut(to columns: Int) -> String {
        guard width > columns else { return self }
        var result = ""
        var used = 0
        for character in self {
            let next = String(character).width
            if used + next > columns - 1 { break }
            result.append(character)
            used += next
        }
        return result + "…"
    }
}

/// Rows under a heading, each column as wide as its widest text.
package struct Table {
    private var rows: [[TerminalText]]
    private let heading: [TerminalText]

    package init(_ heading: [any Printable]) {
        self.heading = heading.map(\.printable)
        rows = []
    }

    package mutating func add(_ row: [any Printable]) {
        rows.append(row.map(\.printable))
    }

    /// The lines, the heading first when there is one; nothing follows the last text of a line.
    package func lines(_ paint: Paint, indent: Int = 0) -> [TerminalText] {
        let all = heading.isEmpty ? rows : [heading] + rows
        let count = all.map(\.count).max() ?? 0
        let widths = (0..<count).map { column in
            all.map { column < $0.count ? $0[column].width : 0 }.max() ?? 0
        }
        return all.enumerated().map { index, row in
            var line = TerminalText(String(repeating: " ", count: indent))
            for (column, text) in row.enumerated() {
                let last = row[(column + 1)...].allSatisfy(\.isEmpty)
                line += last ? text : text.padded(widths[column] + 2)
                if last { break }
            }
            return index == 0 && !heading.isEmpty ? paint(.quiet, line) : line
        }
    }
}
