/// A screen as text, for tests that compare and people who read.
extension ScreenBuffer {
    /// The rows, spaces at their ends left out, each ended by a newline.
    public var text: String {
        var text = ""
        for y in 0..<height {
            text += row(y)
            text += "\n"
        }
        return text
    }

    /// One row, spaces at its end left out; empty outside.
    public func row(_ y: Int) -> String {
        var scalars = String.UnicodeScalarView()
        for x in 0..<width {
            let cell = self[x, y]
            if !cell.isContinuation { scalars.append(cell.glyph) }
        }
        while scalars.last == " " { scalars.removeLast() }
        return String(scalars)
    }

    /// The rows, then the same rows with a letter for each cell's style (`.` for the plain one), then what the letters mean, as
    /// it is on a terminal with so many colours.
    public func styleDump(_ depth: ColorDepth = .truecolor) -> String {
        var letters: [String: Character] = ["": "."]
        var legend: [String] = []
        var unused = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&*+=@<>?^~|")
            .makeIterator()
        var styles = ""
        for y in 0..<height {
            for x in 0..<width {
                let words = self[x, y].style.words(depth)
                if letters[words] == nil {
                    let letter = unused.next() ?? "…"
                    letters[words] = letter
                    legend.append("\(letter) \(words)")
                }
                styles.append(letters[words] ?? "…")
            }
            styles += "\n"
        }
        return text + "--- styles (\(depth.rawValue))\n" + styles + legend.map { $0 + "\n" }.joined()
    }
}

extension Style {
    /// A style in words: `bold cyan on #112233`; empty for the plain one.
    func words(_ depth: ColorDepth) -> String {
        var words: [String] = []
        for (attribute, name) in [
            (Attributes.bold, "bold"), (.dim, "dim"), (.italic, "italic"), (.underline, "underline"),
            (.reverse, "reverse"),
        ] where attributes.contains(attribute) { words.append(name) }
        if let name = foreground.name(depth) { words.append(name) }
        if let name = background.name(depth) { words += ["on", name] }
        return words.joined(separator: " ")
    }
}

extension Color {
    /// Name at a depth; nil where it is the terminal's own.
    func name(_ depth: ColorDepth) -> String? {
        if isStandard { return nil }
        switch depth {
        case .truecolor:
            let digits = String(rgb, radix: 16)
            return "#" + String(repeating: "0", count: 6 - digits.count) + digits
        case .indexed: return "\(index256)"
        case .basic: return Self.names[Int(index)]
        case .none: return nil
        }
    }
}
