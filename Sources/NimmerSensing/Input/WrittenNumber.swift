import NimmerWave

/// The mark that separates the decimals of a number.
public enum DecimalMark: Sendable, Hashable {
    /// 21.49, and 1,046.02.
    case point
    /// 21,49, and 1.046,02.
    case comma

    /// A mark by its character.
    ///
    /// - Throws: a `Refusal` when it is neither `.` nor `,`.
    public init(_ text: String) throws(Refusal) {
        switch text {
        case ".", "point": self = .point
        case ",", "comma": self = .comma
        default: throw Refusal(.value, field: "decimal", "a decimal mark must be . or ,", found: "'\(text)'")
        }
    }
}

/// A number as people and programs write it: signs, group separators, a decimal mark that may be either of two, an exponent, a unit.
///
/// Groups are separated by the mark that does not separate decimals, a blank of any width, an apostrophe or an underscore, and have
/// three digits (two in the middle, as in India). An apostrophe before it, as spreadsheets keep texts, is no part of it; so is `="…"`.
package struct WrittenNumber: Equatable {
    /// Value where the point separates decimals; nil when it then is not a number.
    package private(set) var asPoint: Double?
    /// Value where the comma does; nil when it then is not a number.
    package private(set) var asComma: Double?
    /// Text behind the number, such as `°C`; empty where there is none.
    package private(set) var unit: ArraySlice<UInt8> = []
    /// Indicates whether a point or a comma is in it.
    package private(set) var hasMark = false

    /// A number out of text; nil when it is not one with either mark.
    package init?(_ text: ArraySlice<UInt8>) {
        var rest = Self.withoutQuotes(Self.trimmed(text))
        guard !rest.isEmpty, rest.count <= 64 else { return nil }
        var sign = 1.0
        if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") {
            if rest.removeFirst() == UInt8(ascii: "-") { sign = -1 }
        } else if rest.starts(with: Self.minus) {
            rest = rest.dropFirst(3)
            sign = -1
        }
        rest = Self.trimmed(rest)
        guard let mantissa = Mantissa(&rest) else { return nil }
        hasMark = mantissa.hasMark
        let exponent = Self.exponent(&rest)
        rest = Self.trimmed(rest)
        guard Self.isUnit(rest) else { return nil }
        unit = rest
        asPoint = mantissa.value(decimal: UInt8(ascii: "."), group: UInt8(ascii: ","), exponent).map { sign * $0 }
        asComma = mantissa.value(decimal: UInt8(ascii: ","), group: UInt8(ascii: "."), exponent).map { sign * $0 }
        if asPoint == nil, asComma == nil { return nil }
    }

    /// The value with a mark.
    package func value(_ mark: DecimalMark) -> Double? { mark == .point ? asPoint : asComma }

    /// Text without the blanks at its ends, those of two and three bytes included, and without a byte order mark.
    package static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while let first = text.first {
            guard let width = blank(first, text) else { break }
            text = text.dropFirst(width)
        }
        while let last = text.last {
            if last <= 32 {
                text.removeLast()
            } else if text.count >= 2, blank(text[text.endIndex - 2], text[(text.endIndex - 2)...]) == 2 {
                text.removeLast(2)
            } else if text.count >= 3, blank(text[text.endIndex - 3], text[(text.endIndex - 3)...]) == 3 {
                text.removeLast(3)
            } else {
                break
            }
        }
        return text
    }

    private static let minus: [UInt8] = [0xe2, 0x88, 0x92]
    private static let apostrophe: [UInt8] = [0xe2, 0x80, 0x99]

    /// Width of the blank that text begins with: white space, no-break, thin and narrow blanks, a byte order mark.
    private static func blank(_ first: UInt8, _ text: ArraySlice<UInt8>) -> Int? {
        if first <= 32 { return 1 }
        if first == 0xc2, text.starts(with: [0xc2, 0xa0]) { return 2 }
        guard first == 0xe2 || first == 0xef else { return nil }
        let wide: [[UInt8]] = [[0xe2, 0x80, 0xaf], [0xe2, 0x80, 0x89], [0xe2, 0x80, 0x87], [0xef, 0xbb, 0xbf]]
        return wide.contains(where: { text.starts(with: $0) }) ? 3 : nil
    }

    private static func withoutQuotes(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        if text.starts(with: Array("=\"".utf8)), text.last == 0x22, text.count > 3 {
            text = text.dropFirst(2).dropLast()
        }
        if text.count > 2, text.first == 0x22, text.last == 0x22 { text = text.dropFirst().dropLast() }
        while true {
            if text.first == UInt8(ascii: "'") || text.first == UInt8(ascii: "`") {
                text = text.dropFirst()
            } else if text.starts(with: apostrophe) {
                text = text.dropFirst(3)
            } else {
                return trimmed(text)
            }
        }
    }

    private static func exponent(_ rest: inout ArraySlice<UInt8>) -> String {
        guard rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") else { return "" }
        var tail = rest.dropFirst()
        var text = "e"
        if tail.first == UInt8(ascii: "-") || tail.first == UInt8(ascii: "+") {
            text += tail.removeFirst() == UInt8(ascii: "-") ? "-" : ""
        }
        let digits = tail.prefix { (48...57).contains($0) }
        guard !digits.isEmpty, digits.count <= 6 else { return "" }
        rest = tail.dropFirst(digits.count)
        return text + String(decoding: digits, as: UTF8.self)
    }

    /// Returns whether text can be a unit: short, begins with no digit, and a digit follows a letter or a power only (m3, m/s2, H2O).
    private static func isUnit(_ text: ArraySlice<UInt8>) -> Bool {
        guard let first = text.first else { return true }
        guard text.count <= 24, !(48...57).contains(first), first != UInt8(ascii: "x"), first != UInt8(ascii: "X")
        else {
            return false
        }
        // A fraction such as that of 5½ is part of the number, and no unit.
        if first >= 128, let sign = String(decoding: text.prefix(4), as: UTF8.self).unicodeScalars.first,
            sign.properties.numericType != nil
        {
            return false
        }
        var before: UInt8 = 0
        for byte in text {
            let isLetter = (byte | 32 >= 97 && byte | 32 <= 122) || byte >= 128
            let isDigit = (48...57).contains(byte)
            let isSign = [37, 47, 42, 94, 32, 45, 39, 34, 40, 41, 36, 35].contains(byte)
            guard isLetter || isSign || isDigit else { return false }
            let isAfterLetter = (before | 32 >= 97 && before | 32 <= 122) || before == 94 || before >= 128
            if isDigit, !isAfterLetter, !(before == 45) { return false }
            before = byte
        }
        // A unit holds a letter or is one of the signs that stand alone: 5 %, 5", 5', 5 #, 5 $.
        return text.contains { ($0 | 32 >= 97 && $0 | 32 <= 122) || $0 >= 128 } || [37, 34, 39, 36, 35].contains(first)
    }

    /// Digits with points, commas and group separators between them.
    private struct Mantissa: Equatable {
        private var pieces: [UInt8] = []
        private(set) var hasMark = false
        private static let separator = UInt8(ascii: " ")

        init?(_ rest: inout ArraySlice<UInt8>) {
            while let byte = rest.first {
                if (48...57).contains(byte) {
                    pieces.append(byte)
                    rest.removeFirst()
                } else if byte == UInt8(ascii: ".") || byte == UInt8(ascii: ",") {
                    hasMark = true
                    pieces.append(byte)
                    rest.removeFirst()
                } else if let width = Self.separatorWidth(byte, rest), !pieces.isEmpty,
                    rest.dropFirst(width).prefix(3).allSatisfy({ (48...57).contains($0) }),
                    rest.dropFirst(width).count >= 3
                {
                    pieces.append(Self.separator)
                    rest = rest.dropFirst(width)
                } else {
                    break
                }
            }
            guard pieces.contains(where: { (48...57).contains($0) }) else { return nil }
        }

        private static func separatorWidth(_ byte: UInt8, _ rest: ArraySlice<UInt8>) -> Int? {
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "_") { return 1 }
            if rest.starts(with: WrittenNumber.apostrophe) { return 3 }
            return WrittenNumber.blank(byte, rest)
        }

        func value(decimal: UInt8, group: UInt8, _ exponent: String) -> Double? {
            var whole = pieces[...]
            var fraction: ArraySlice<UInt8> = []
            if let place = pieces.firstIndex(of: decimal) {
                whole = pieces[..<place]
                fraction = pieces[(place + 1)...]
                guard fraction.allSatisfy({ (48...57).contains($0) }) else { return nil }
            }
            var digits: [UInt8] = []
            if whole.contains(group) || whole.contains(Self.separator) {
                // Not two kinds of separators, which would be a list of numbers.
                guard !(whole.contains(group) && whole.contains(Self.separator)) else { return nil }
                let parts = whole.split(omittingEmptySubsequences: false) { $0 == group || $0 == Self.separator }
                guard let first = parts.first, let last = parts.last, (1...3).contains(first.count), last.count == 3,
                    parts.dropFirst().dropLast().allSatisfy({ $0.count == 2 || $0.count == 3 }), first.first != 48
                else { return nil }
                digits = parts.flatMap { $0 }
            } else {
                digits = Array(whole)
            }
            guard !digits.isEmpty || !fraction.isEmpty else { return nil }
            let text = String(decoding: digits.isEmpty ? [48] : digits, as: UTF8.self)
            let tail = fraction.isEmpty ? "" : "." + String(decoding: fraction, as: UTF8.self)
            guard let number = Double(text + tail + exponent), number.isFinite else { return nil }
            return number
        }
    }
}
