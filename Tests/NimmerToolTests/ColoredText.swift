/// The lines of a terminal with the sequences that colour them (SGR), written in one way only: two screens that look the same
/// are the same text. Of a blank only what can be seen counts.
enum ColoredText {
    private struct Style: Equatable {
        var attributes: Set<Int> = []
        var foreground = ""
        var background = ""

        var isBlankInvisible: Bool { attributes.isDisjoint(with: [4, 7]) }

        var sequence: String {
            let codes =
                ["0"] + attributes.sorted().map(String.init) + [foreground, background].filter { !$0.isEmpty }
            return "\u{1b}[" + codes.joined(separator: ";") + "m"
        }

        /// Changes as a sequence says.
        mutating func take(_ text: Substring) {
            var codes = text.split(separator: ";", omittingEmptySubsequences: false).map { Int($0) ?? 0 }[...]
            while let code = codes.popFirst() {
                switch code {
                case 0: self = Style()
                case 1...9: attributes.insert(code)
                case 22: attributes.subtract([1, 2])
                case 23...29: attributes.remove(code - 20)
                case 38, 48:
                    let count = codes.first == 2 ? 4 : 2
                    let color = "\(code);" + codes.prefix(count).map(String.init).joined(separator: ";")
                    codes = codes.dropFirst(count)
                    if code == 38 { foreground = color } else { background = color }
                case 30...37, 90...97: foreground = "\(code)"
                case 39: foreground = ""
                case 40...47, 100...107: background = "\(code)"
                case 49: background = ""
                default: break
                }
            }
        }
    }

    /// The lines as they are always written, each by itself; as they come, one goes on in the style of the last.
    static func canonical(_ lines: [String]) -> [String] {
        var style = Style()
        return lines.map { canonical($0, &style) }
    }

    private static func canonical(_ line: String, _ style: inout Style) -> String {
        var written = Style()
        var result = ""
        var rest = line[...]
        while let character = rest.popFirst() {
            if character == "\u{1b}", rest.first == "[", let end = rest.firstIndex(of: "m") {
                style.take(rest[rest.index(after: rest.startIndex)..<end])
                rest = rest[rest.index(after: end)...]
                continue
            }
            var wanted = style
            if character == " ", style.isBlankInvisible, written.isBlankInvisible {
                wanted = written
                wanted.background = style.background
            }
            if wanted != written { result += wanted.sequence }
            written = wanted
            result.append(character)
        }
        return written == Style() ? result : result + "\u{1b}[0m"
    }
}
