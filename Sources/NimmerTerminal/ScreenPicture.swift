import NimmerWave

/// A screen as a picture (SVG), for pages that show it: what a terminal with 24-bit colour and a good font shows. Dots, blocks
/// and lines are drawn as shapes, so that they meet whatever font the reader has.
extension ScreenBuffer {
    /// The picture.
    ///
    /// - Parameters:
    ///   - title: the text for readers who cannot see it.
    ///   - foreground: the terminal's own colour of text, `0xRRGGBB`.
    ///   - background: the terminal's own background.
    public func svg(title: String, foreground: UInt32 = 0xd5dde3, background: UInt32 = 0x0d1117) -> String {
        ScreenPicture(self, foreground, background).svg(title)
    }
}

private struct ScreenPicture {
    private static let cell = (width: 8, height: 18, baseline: 13)
    private let screen: ScreenBuffer
    private let standard: (foreground: UInt32, background: UInt32)
    private var body = ""

    init(_ screen: ScreenBuffer, _ foreground: UInt32, _ background: UInt32) {
        self.screen = screen
        standard = (foreground, background)
        for y in 0..<screen.height { row(y) }
    }

    func svg(_ title: String) -> String {
        let (width, height) = (screen.width * Self.cell.width + 16, screen.height * Self.cell.height + 16)
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 -8 \(width) \(height)" width="\(width)" \
            height="\(height)" role="img">
            <title>\(Self.escaped(title))</title>
            <style>text{font:13px "DejaVu Sans Mono",Menlo,Consolas,monospace;white-space:pre}\
            .b{font-weight:bold}.d{opacity:.6}.i{font-style:italic}.u{text-decoration:underline}</style>
            <rect x="-8" y="-8" width="\(width)" height="\(height)" rx="8" fill="\(Self.hex(standard.background))"/>
            \(body)</svg>

            """
    }

    // MARK: - Rows

    private mutating func row(_ y: Int) {
        var x = 0
        while x < screen.width {
            let color = background(screen[x, y].style)
            let end = (x..<screen.width).first { background(screen[$0, y].style) != color } ?? screen.width
            if color != standard.background {
                body +=
                    "<rect x=\"\(x * Self.cell.width)\" y=\"\(y * Self.cell.height)\" "
                    + "width=\"\((end - x) * Self.cell.width)\" height=\"\(Self.cell.height)\" fill=\"\(Self.hex(color))\"/>\n"
            }
            x = end
        }
        x = 0
        while x < screen.width {
            let style = screen[x, y].style
            let end = (x..<screen.width).first { screen[$0, y].style != style } ?? screen.width
            run(x..<end, y, style)
            x = end
        }
    }

    /// Cells of one style: what is drawn as shapes in one path, the rest as text.
    private mutating func run(_ columns: Range<Int>, _ y: Int, _ style: Style) {
        var dots = ""
        var lines = ""
        var blocks = ""
        var text = ""
        var textStart = columns.lowerBound
        var texts: [(Int, String)] = []
        func flush(_ x: Int) {
            if text.contains(where: { $0 != " " }) { texts.append((textStart, text)) }
            text = ""
            textStart = x
        }
        for x in columns {
            let cell = screen[x, y]
            if cell.isContinuation { continue }
            let glyph = cell.glyph.value
            if (0x2800...0x28ff).contains(glyph) {
                flush(x)
                dots += Self.dots(glyph, x, y)
            } else if let line = Self.line(glyph, x, y) {
                flush(x)
                lines += line
            } else if let block = Self.block(glyph, x, y) {
                flush(x)
                blocks += block
            } else {
                text.unicodeScalars.append(cell.glyph)
                continue
            }
            textStart = x + 1
        }
        flush(columns.upperBound)
        let color = Self.hex(foreground(style))
        let faint = style.dim ? " class=\"d\"" : ""
        if !dots.isEmpty {
            body += "<path\(faint) d=\"\(dots)\" stroke=\"\(color)\" stroke-width=\"2.2\" stroke-linecap=\"round\"/>\n"
        }
        if !lines.isEmpty { body += "<path\(faint) d=\"\(lines)\" stroke=\"\(color)\" fill=\"none\"/>\n" }
        if !blocks.isEmpty { body += "<path\(faint) d=\"\(blocks)\" fill=\"\(color)\"/>\n" }
        for (x, text) in texts { write(text, x, style, y, color) }
    }

    /// Writes text, in pieces where it has gaps, so that each piece begins in its column whatever the font.
    private mutating func write(_ text: String, _ x: Int, _ style: Style, _ y: Int, _ color: String) {
        let kinds = [(style.bold, "b"), (style.dim, "d"), (style.italic, "i"), (style.underline, "u")]
        let names = kinds.filter(\.0).map(\.1).joined(separator: " ")
        let kind = names.isEmpty ? "" : " class=\"\(names)\""
        var column = x
        var rest = text.unicodeScalars[...]
        while let start = rest.firstIndex(where: { $0 != " " }) {
            column += rest[..<start].count
            rest = rest[start...]
            var end = rest.startIndex
            while let space = rest[end...].firstIndex(of: " ") {
                end = rest.index(after: space)
                if end == rest.endIndex || rest[end] == " " {
                    end = space
                    break
                }
            }
            if rest[end...].firstIndex(of: " ") == nil { end = rest.endIndex }
            let piece = String(rest[..<end])
            let width = piece.terminalColumns
            body +=
                "<text x=\"\(column * Self.cell.width)\" y=\"\(y * Self.cell.height + Self.cell.baseline)\" "
                + "textLength=\"\(width * Self.cell.width)\" fill=\"\(color)\"\(kind)>\(Self.escaped(piece))</text>\n"
            column += width
            rest = rest[end...]
        }
    }

    // MARK: - Glyphs as shapes

    private static func dots(_ glyph: UInt32, _ x: Int, _ y: Int) -> String {
        var path = ""
        for (bit, column, row) in [
            (0, 0, 0), (1, 0, 1), (2, 0, 2), (6, 0, 3), (3, 1, 0), (4, 1, 1), (5, 1, 2), (7, 1, 3),
        ] where glyph >> UInt32(bit) & 1 == 1 {
            path += "M\(x * cell.width + 2 + 4 * column) \(tenths(y * cell.height * 10 + 23 + 45 * row))h0"
        }
        return path
    }

    private static func line(_ glyph: UInt32, _ x: Int, _ y: Int) -> String? {
        let (left, top) = (x * cell.width, y * cell.height)
        let (right, bottom, middle, centre) = (left + cell.width, top + cell.height, top + 9, left + 4)
        switch glyph {
        case 0x2500: return "M\(left) \(middle)H\(right)"
        case 0x2502: return "M\(centre) \(top)V\(bottom)"
        case 0x256d: return "M\(centre) \(bottom)V\(middle + 4)Q\(centre) \(middle) \(right) \(middle)"
        case 0x256e: return "M\(left) \(middle)Q\(centre) \(middle) \(centre) \(middle + 4)V\(bottom)"
        case 0x2570: return "M\(centre) \(top)V\(middle - 4)Q\(centre) \(middle) \(right) \(middle)"
        case 0x256f: return "M\(left) \(middle)Q\(centre) \(middle) \(centre) \(middle - 4)V\(top)"
        case 0x2524: return "M\(left) \(middle)H\(centre)M\(centre) \(top)V\(bottom)"
        case 0x251c: return "M\(centre) \(middle)H\(right)M\(centre) \(top)V\(bottom)"
        case 0x250a:
            return "M\(centre) \(top + 1)v3M\(centre) \(top + 6)v3M\(centre) \(top + 11)v3M\(centre) \(top + 16)v2"
        // Signs that the monospaced fonts of many readers do not have.
        case 0x223f: return "M\(left + 1) \(middle)q1.5 -7 3 0t3 0"
        case 0x223e: return "M\(left + 1) \(middle)q1.5 7 3 0t3 0"
        case 0x25af: return "M\(left + 2) \(top + 4)h4v10h-4z"
        default: return nil
        }
    }

    private static func block(_ glyph: UInt32, _ x: Int, _ y: Int) -> String? {
        let (left, top) = (x * cell.width, y * cell.height)
        switch glyph {
        case 0x2580: return "M\(left) \(top)h\(cell.width)v9h-\(cell.width)z"
        case 0x2581...0x2588:
            let height = Int(glyph - 0x2580) * cell.height * 10 / 8
            let start = tenths((top + cell.height) * 10 - height)
            return "M\(left) \(start)h\(cell.width)v\(tenths(height))h-\(cell.width)z"
        case 0x2594: return "M\(left) \(top)h\(cell.width)v2h-\(cell.width)z"
        case 0x2595: return "M\(left + cell.width - 1) \(top)h1v\(cell.height)h-1z"
        case 0x2589...0x258f:
            let width = Int(0x2590 - glyph) * cell.width / 8
            return "M\(left) \(top)h\(width)v\(cell.height)h-\(width)z"
        default: return nil
        }
    }

    private static func tenths(_ value: Int) -> String {
        value % 10 == 0 ? "\(value / 10)" : "\(value / 10).\(value % 10)"
    }

    // MARK: - Colours

    private func foreground(_ style: Style) -> UInt32 {
        style.reverse ? solid(style.background, standard.background) : solid(style.foreground, standard.foreground)
    }

    private func background(_ style: Style) -> UInt32 {
        style.reverse ? solid(style.foreground, standard.foreground) : solid(style.background, standard.background)
    }

    private func solid(_ color: Color, _ standard: UInt32) -> UInt32 { color.isStandard ? standard : color.rgb }

    private static func hex(_ rgb: UInt32) -> String { Color(rgb, index: 0).name(.truecolor) ?? "" }

    private static func escaped(_ text: String) -> String { text.escapedForXML }
}
