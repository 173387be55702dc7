import NimmerTerminal

/// A terminal as far as ``ScreenEncoder`` uses one: it does what the bytes say, and knows nothing else.
struct ModelTerminal {
    struct Cell: Equatable {
        /// 0 is the right half of a wide glyph.
        var glyph: UInt32 = 32
        /// The parameters of the last `m` that count, by what they set.
        var foreground = ""
        var background = ""
        var attributes: Set<Int> = []
    }

    private(set) var width: Int
    private(set) var height: Int
    private(set) var cells: [Cell]
    private var pen = Cell()
    private var x = 0
    private var y = 0
    /// What it was sent and does not know.
    private(set) var unknown: [String] = []
    private(set) var isSynchronized = false

    init(width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        cells = Array(repeating: Cell(), count: width * height)
    }

    /// What terminals do with their cells at a new size differs: here they become rubbish.
    mutating func resize(width: Int, height: Int) {
        (self.width, self.height) = (width, height)
        cells = Array(repeating: Cell(glyph: 0x23, foreground: "rubbish", attributes: [7]), count: width * height)
        (x, y) = (min(x, width - 1), min(y, height - 1))
    }

    mutating func feed(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            unknown.append("invalid UTF-8")
            return
        }
        var scalars = Array(text.unicodeScalars)[...]
        while let scalar = scalars.popFirst() {
            if scalar != "\u{1b}" {
                print(scalar)
                continue
            }
            guard scalars.popFirst() == "[" else {
                unknown.append("an escape that is no CSI")
                continue
            }
            var parameters = ""
            var final: Unicode.Scalar = "?"
            while let next = scalars.popFirst() {
                if 0x40...0x7e ~= next.value {
                    final = next
                    break
                }
                parameters.unicodeScalars.append(next)
            }
            control(parameters, final)
        }
    }

    private mutating func control(_ parameters: String, _ final: Unicode.Scalar) {
        let numbers = parameters.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) }
        func number(_ place: Int, _ usual: Int) -> Int { place < numbers.count ? numbers[place] ?? usual : usual }
        switch final {
        case "H":
            y = max(0, min(height - 1, number(0, 1) - 1))
            x = max(0, min(width - 1, number(1, 1) - 1))
        case "C": x = min(width - 1, x + number(0, 1))
        case "J" where parameters == "2": cells = Array(repeating: erased, count: width * height)
        case "K" where parameters == "":
            for column in x..<width { put(erased, column) }
        case "m": graphics(parameters.split(separator: ";").compactMap { Int($0) })
        case "h" where parameters == "?2026": isSynchronized = true
        case "l" where parameters == "?2026": isSynchronized = false
        default: unknown.append("\(parameters)\(final)")
        }
    }

    private var erased: Cell { Cell(background: pen.background) }

    private mutating func graphics(_ numbers: [Int]) {
        if numbers.isEmpty { pen = Cell() }
        var rest = numbers[...]
        while let code = rest.popFirst() {
            switch code {
            case 0: pen = Cell()
            case 1, 2, 3, 4, 7: pen.attributes.insert(code)
            case 30...37, 90...97: pen.foreground = "\(code)"
            case 40...47, 100...107: pen.background = "\(code - 10)"
            case 39: pen.foreground = ""
            case 49: pen.background = ""
            case 38, 48:
                let count = rest.first == 2 ? 4 : 2
                let color = rest.prefix(count).map { "\($0)" }.joined(separator: ";")
                rest = rest.dropFirst(count)
                if code == 38 { pen.foreground = color } else { pen.background = color }
            default: unknown.append("\(code)m")
            }
        }
    }

    /// Writes a glyph; at the right edge the cursor stays, as it does without wrapping.
    private mutating func print(_ scalar: Unicode.Scalar) {
        let columns = scalar.terminalColumns
        guard scalar.value >= 32, columns > 0, x + columns <= width, y < height else {
            unknown.append("U+\(String(scalar.value, radix: 16)) at \(x),\(y)")
            return
        }
        var cell = pen
        cell.glyph = scalar.value
        put(cell, x)
        if columns == 2 {
            cell.glyph = 0
            let place = y * width + x + 1
            if x + 2 < width, cells[place + 1].glyph == 0 { cells[place + 1].glyph = 32 }
            cells[place] = cell
        }
        x = min(width - 1, x + columns)
    }

    private mutating func put(_ cell: Cell, _ column: Int) {
        let place = y * width + column
        if cells[place].glyph == 0, column > 0 { cells[place - 1].glyph = 32 }
        if column + 1 < width, cells[place + 1].glyph == 0 { cells[place + 1].glyph = 32 }
        cells[place] = cell
    }

    /// What a screen looks like on this terminal, cell for cell; of spaces only what can be seen.
    static func picture(of buffer: ScreenBuffer, depth: ColorDepth) -> [Cell] {
        var cells: [Cell] = []
        for y in 0..<buffer.height {
            for x in 0..<buffer.width {
                let cell = buffer[x, y]
                var seen = Cell(glyph: cell.glyph.value)
                seen.foreground = color(cell.style.foreground, depth)
                seen.background = color(cell.style.background, depth)
                for (is_, code) in [
                    (cell.style.bold, 1), (cell.style.dim, 2), (cell.style.italic, 3), (cell.style.underline, 4),
                    (cell.style.reverse, 7),
                ] where is_ { seen.attributes.insert(code) }
                cells.append(visible(seen))
            }
        }
        return cells
    }

    var picture: [Cell] { cells.map(Self.visible) }

    private static func visible(_ cell: Cell) -> Cell {
        guard cell.glyph == 32, cell.attributes.isDisjoint(with: [4, 7]) else { return cell }
        return Cell(background: cell.background)
    }

    private static func color(_ color: Color, _ depth: ColorDepth) -> String {
        if color.isStandard { return "" }
        switch depth {
        case .truecolor: return "2;\(color.red);\(color.green);\(color.blue)"
        case .indexed: return "5;\(color.index256)"
        case .basic: return "\(color.index < 8 ? 30 + color.index : 82 + color.index)"
        case .none: return ""
        }
    }
}
