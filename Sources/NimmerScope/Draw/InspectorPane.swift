import NimmerTerminal

extension ScopeState {
    /// Draws what is inspected: a message, a gate, a decision.
    func drawInspector(_ pen: inout Pen, _ area: Area) {
        let inspection = inspection()
        var title = InkLine("inspect", .strong)
        if !inspection.title.isEmpty { title.add("  \(inspection.title)") }
        let inner = pen.pane(
            area, .inspector, title, hasKeys: hasKeys(.inspector),
            right: isMessageInspected ? InkLine(view.isRaw ? "raw" : "pretty", .quiet).and(" r", .accent) : InkLine())
        let lines = inspection.lines.flatMap { Self.wrapped($0, inner.width - 2) }
        let first = max(0, min(view.inspectorScroll, lines.count - inner.height))
        for (row, line) in lines.dropFirst(first).prefix(inner.height).enumerated() {
            pen.write(line, x: inner.x + 1, y: inner.y + row, maxWidth: inner.width - 2)
        }
        if lines.count - first > inner.height {
            pen.writeBack(
                " \(lines.count - first - inner.height) more ↓ ", .quiet, end: area.right - 2, y: area.bottom - 1)
        }
    }

    /// Number of lines of the inspector at its current width.
    var inspectorLineCount: Int {
        let width = (layout.inspector ?? layout.overlay).width - 4
        return inspection().lines.reduce(0) { $0 + Self.wrapped($1, width).count }
    }

    /// A line cut to a width, what is left indented under it.
    static func wrapped(_ line: InkLine, _ width: Int, indent: Int = 2) -> [InkLine] {
        guard width > 8, line.text.terminalColumns > width else { return [line] }
        var lines: [InkLine] = []
        var current = InkLine()
        var used = 0
        for run in line.runs {
            var piece = ""
            for word in words(run.text) {
                let columns = word.terminalColumns
                if used + columns > width, used > indent, columns <= width - indent {
                    current.add(piece, run.ink)
                    lines.append(current)
                    (current, piece, used) = (InkLine(indented("", indent)), "", indent)
                }
                if used + columns <= width {
                    piece += word
                    used += columns
                    continue
                }
                for character in word {
                    let columns = String(character).terminalColumns
                    if used + columns > width {
                        current.add(piece, run.ink)
                        lines.append(current)
                        (current, piece, used) = (InkLine(indented("", indent)), "", indent)
                    }
                    piece.append(character)
                    used += columns
                }
            }
            current.add(piece, run.ink)
        }
        lines.append(current)
        return lines
    }

    /// A text in pieces that are best kept whole, each with the spaces after it.
    private static func words(_ text: String) -> [Substring] {
        var words: [Substring] = []
        var start = text.startIndex
        var place = start
        while place < text.endIndex {
            let next = text.index(after: place)
            if text[place] == " ", next == text.endIndex || text[next] != " " {
                words.append(text[start..<next])
                start = next
            }
            place = next
        }
        words.append(text[start...])
        return words
    }
}
