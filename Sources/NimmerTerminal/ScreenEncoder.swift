/// Turns screens into the bytes that make a terminal show them: only cells that changed, in one piece that is meant for one
/// `write()`, within a synchronized update (mode 2026), which a terminal that does not know it ignores
/// (oscilloscope.md, How to build it).
public struct ScreenEncoder: Sendable {
    /// Number of colours of the terminal.
    public let depth: ColorDepth
    /// Screen as the terminal shows it; nil when that is not known.
    private var shown: ScreenBuffer?
    private var bytes: [UInt8] = []
    /// Style that the terminal writes with now.
    private var style = Style.plain
    /// Position at which the terminal writes next; nil when that is not certain, as behind a wide glyph.
    private var cursor: (x: Int, y: Int)?

    /// An encoder for a terminal of which nothing is known.
    public init(depth: ColorDepth) {
        self.depth = depth
    }

    /// Forgets what the terminal shows: after it was suspended or changed its size. The next frame draws everything.
    public mutating func forget() { shown = nil }

    /// The bytes that turn what the terminal shows into a screen; none when it shows it already.
    ///
    /// A screen of another size than the last one is drawn wholly.
    public mutating func frame(_ next: ScreenBuffer) -> [UInt8] {
        bytes.removeAll(keepingCapacity: true)
        cursor = nil
        style = .plain
        let isKnown = shown.map { $0.width == next.width && $0.height == next.height } ?? false
        if let shown, isKnown, shown == next { return [] }
        put("\u{1b}[?2026h\u{1b}[0m")
        let previous = isKnown ? shown : nil
        if previous == nil { put("\u{1b}[2J") }
        let blank = Array(repeating: ScreenCell.blank, count: previous == nil ? next.width : 0)
        next.cells.withUnsafeBufferPointer { cells in
            (previous?.cells ?? []).withUnsafeBufferPointer { old in
                for y in 0..<next.height {
                    let row = UnsafeBufferPointer(rebasing: cells[y * next.width..<(y + 1) * next.width])
                    if previous == nil {
                        blank.withUnsafeBufferPointer { self.row(y, row, over: $0) }
                    } else {
                        self.row(
                            y, row, over: UnsafeBufferPointer(rebasing: old[y * next.width..<(y + 1) * next.width]))
                    }
                }
            }
        }
        put("\u{1b}[0m\u{1b}[?2026l")
        shown = next
        return bytes
    }

    /// So many ASCII cells that did not change cost no more to write again than to jump over.
    private static let shortGap = 4
    /// Fewer blank cells than this at a row's end cost no more to write than to erase.
    private static let shortTail = 4

    private mutating func row(
        _ y: Int, _ next: UnsafeBufferPointer<ScreenCell>, over old: UnsafeBufferPointer<ScreenCell>
    ) {
        var x = 0
        var end = -1
        let width = next.count
        while x < width {
            if next[x] == old[x] {
                x += 1
                continue
            }
            if next[x].isContinuation { x -= 1 }
            if let from = cursor, from.y == y, x > from.x, x - from.x <= Self.shortGap,
                (from.x..<x).allSatisfy({ isLetter(next[$0]) && sends(next[$0]) == style })
            {
                x = from.x
            }
            if end < 0 { end = next.lastIndex { $0 != .blank }.map { $0 + 1 } ?? 0 }
            if x >= end, width - x > Self.shortTail {
                move(x, y)
                turn(.plain)
                put("\u{1b}[K")
                return
            }
            move(x, y)
            turn(sends(next[x]))
            put(glyph: next[x].glyph)
            let isWide = x + 1 < width && next[x + 1].isContinuation
            x += isWide ? 2 : 1
            // Where the cursor stands behind the last column, and behind glyphs whose width terminals disagree on, is theirs.
            let isCertain = !isWide && x < width && next[x - 1].glyph.value < 0x3000
            cursor = isCertain ? (x, y) : nil
        }
    }

    private func isLetter(_ cell: ScreenCell) -> Bool { 0x20..<0x7f ~= cell.glyph.value }

    /// The style to write a cell with: of a space only what can be seen counts, and colours only as far as there are some.
    private func sends(_ cell: ScreenCell) -> Style {
        var wanted = cell.style
        if depth == .none {
            wanted.foreground = .standard
            wanted.background = .standard
        }
        if cell.glyph == " ", wanted.attributes.isDisjoint(with: [.underline, .reverse]),
            style.attributes.isDisjoint(with: [.underline, .reverse])
        {
            wanted.foreground = style.foreground
            wanted.attributes = style.attributes
        }
        return wanted
    }

    private mutating func move(_ x: Int, _ y: Int) {
        if let cursor, cursor.y == y {
            if cursor.x == x { return }
            if x > cursor.x {
                put("\u{1b}[")
                if x - cursor.x > 1 { put(number: x - cursor.x) }
                put("C")
                self.cursor = (x, y)
                return
            }
        }
        put("\u{1b}[")
        put(number: y + 1)
        if x > 0 {
            put(";")
            put(number: x + 1)
        }
        put("H")
        cursor = (x, y)
    }

    /// Makes the terminal write with a style.
    private mutating func turn(_ wanted: Style) {
        if wanted == style { return }
        put("\u{1b}[")
        var isFirst = true
        if !style.attributes.isSubset(of: wanted.attributes) || (wanted == .plain) {
            put(wanted == .plain ? "" : "0")
            isFirst = false
            style = .plain
        }
        for (attribute, code) in Self.codes
        where wanted.attributes.contains(attribute) && !style.attributes.contains(attribute) {
            separate(&isFirst)
            put(number: code)
        }
        if wanted.foreground != style.foreground {
            separate(&isFirst)
            put(color: wanted.foreground, offset: 0)
        }
        if wanted.background != style.background {
            separate(&isFirst)
            put(color: wanted.background, offset: 10)
        }
        put("m")
        style = wanted
    }

    private static let codes: [(Style.Attributes, Int)] = [
        (.bold, 1), (.dim, 2), (.italic, 3), (.underline, 4), (.reverse, 7),
    ]

    private mutating func separate(_ isFirst: inout Bool) {
        if !isFirst { put(";") }
        isFirst = false
    }

    private mutating func put(color: Color, offset: Int) {
        if color.isStandard {
            put(number: 39 + offset)
            return
        }
        switch depth {
        case .truecolor:
            put(number: 38 + offset)
            put(";2;")
            put(number: Int(color.red))
            put(";")
            put(number: Int(color.green))
            put(";")
            put(number: Int(color.blue))
        case .indexed:
            put(number: 38 + offset)
            put(";5;")
            put(number: Int(color.index256))
        case .basic, .none:
            let index = Int(color.index)
            put(number: (index < 8 ? 30 : 82) + index + offset)
        }
    }

    private mutating func put(_ text: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func put(glyph scalar: Unicode.Scalar) {
        if scalar.isASCII {
            bytes.append(UInt8(scalar.value))
        } else {
            bytes.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)
        }
    }

    private mutating func put(number: Int) {
        if number >= 10 { put(number: number / 10) }
        bytes.append(UInt8(0x30 + number % 10))
    }
}
