/// Text from outside on its way to a person: nothing in it may move a cursor, change colours, write to a clipboard, turn the
/// direction of what follows, or not be seen at all.
///
/// One rule for terminals, log lines, screens and drawings (docs/reference/output.md). What a person cannot see is written as
/// Swift would write it, `\u{1b}`, `\n` and `\t`; it is never left out. The replacement is plain ASCII, so that text which went
/// through twice reads as if it had gone once.
extension StringProtocol {
    /// The text on one line, with what cannot be seen written out.
    ///
    /// - Parameter limit: so many characters (Unicode scalars) are kept; the number of the others is appended.
    package func visible(limit: Int = .max) -> String {
        if limit >= utf8.count, utf8.allSatisfy({ 0x20..<0x7f ~= $0 }) { return String(self) }
        var filter = HiddenCharacters()
        var result = ""
        var count = 0
        for scalar in unicodeScalars {
            if count == limit { return result + "… (\(unicodeScalars.count - count) more characters)" }
            count += 1
            if filter.hides(scalar) { result += scalar.written } else { result.unicodeScalars.append(scalar) }
        }
        return result
    }

    /// The text with what XML gives a meaning written as entities; see ``visible(limit:)`` for what XML forbids.
    package var escapedForXML: String {
        var escaped = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// The same for text of several lines: their ends stay.
    package var visibleLines: String {
        unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            .map { String(String.UnicodeScalarView($0)).visible() }.joined(separator: "\n")
    }

    /// A JSON text with the same meaning in visible characters only: within strings `\u202e` is the same as the character itself,
    /// and between values any space is as good as another.
    ///
    /// - Parameter lines: whether the ends of its lines stay; otherwise it becomes one line.
    package func visibleJSON(lines: Bool = false) -> String {
        if utf8.allSatisfy({ 0x20..<0x7f ~= $0 || (lines && $0 == 0x0a) }) { return String(self) }
        var filter = HiddenCharacters()
        var result = ""
        var (isString, isEscape) = (false, false)
        for scalar in unicodeScalars {
            let isHidden = filter.hides(scalar)
            if isHidden, isString {
                for unit in String(scalar).utf16 { result += "\\u" + hexadecimal(UInt32(unit), digits: 4) }
            } else if isHidden {
                result += lines && scalar == "\n" ? "\n" : " "
            } else {
                result.unicodeScalars.append(scalar)
            }
            if scalar == "\"", !isEscape { isString.toggle() }
            isEscape = isString && scalar == "\\" && !isEscape
        }
        return result
    }
}

/// Goes through a text and finds the characters that a reader would not see, or not where they are.
struct HiddenCharacters {
    /// More marks on one letter than a script of the living has would run into the lines above and below.
    private static let maximumMarks = 4

    /// Number of marks that may still follow: none where there is nothing that could carry them.
    private var marks = 0
    /// Indicates whether the last character has a form as text and one as a picture.
    private var hasVariants = false

    mutating func hides(_ scalar: Unicode.Scalar) -> Bool {
        if 0x20..<0x7f ~= scalar.value {
            marks = scalar == " " ? 0 : Self.maximumMarks
            hasVariants = false
            return false
        }
        if scalar.isVariation, hasVariants {
            hasVariants = false
            return false
        }
        hasVariants = false
        if scalar.isHidden {
            marks = 0
            return true
        }
        if scalar.isMark {
            guard marks > 0 else { return true }
            marks -= 1
            return false
        }
        marks = scalar.properties.isWhitespace ? 0 : Self.maximumMarks
        hasVariants = scalar.properties.isEmoji
        return false
    }
}

extension Unicode.Scalar {
    /// Indicates whether a terminal acts on it or shows nothing: control characters, ends of lines and paragraphs, marks of direction, joiners
    /// and spaces without width, tags, fillers, and what no text may have.
    package var isHidden: Bool {
        switch value {
        case 0x20..<0x7f: return false
        case ..<0xa0: return true
        case 0xa1..<0xad, 0xae..<0x300, 0x2190..<0x2a00: return false
        default: break
        }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse: return true
        default: return properties.isDefaultIgnorableCodePoint || properties.isNoncharacterCodePoint
        }
    }

    /// Indicates whether it is drawn on the character before it.
    package var isMark: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark: true
        default: (0x1160...0x11ff).contains(value) || (0x1f3fb...0x1f3ff).contains(value)
        }
    }

    /// Indicates whether it only chooses between the forms of the character before it.
    package var isVariation: Bool { value == 0xfe0e || value == 0xfe0f }

    /// Printed form: `\n`, `\t`, `\r`, or its number, `\u{202e}`.
    fileprivate var written: String {
        switch self {
        case "\n": "\\n"
        case "\t": "\\t"
        case "\r": "\\r"
        default: "\\u{\(hexadecimal(value, digits: 2))}"
        }
    }
}

private func hexadecimal(_ number: UInt32, digits: Int) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.count)) + text
}
