import NimmerWave

/// A time as a pattern describes it, read as UTC: `%Y %m %d %H %M %S`, `%y` (20yy), `%f` (a fraction of the second),
/// `%F` (`%Y-%m-%d`), `%T` (`%H:%M:%S`), `%b` (an English month's first three letters), `%%`; a blank stands for any
/// white space, everything else for itself.
package struct TimePattern {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    private var rest: ArraySlice<UInt8>
    private var year = 1970
    private var month = 1
    private var day = 1
    private var hour = 0
    private var minute = 0
    private var second = 0
    private var fraction = ""

    /// The moment that a text names; nil when it does not follow the pattern or names no moment.
    package static func moment(_ text: String, _ pattern: String) -> Timestamp? {
        var reader = TimePattern(rest: Array(text.utf8)[...])
        guard reader.read(Array(pattern.utf8)), reader.rest.isEmpty else { return nil }
        return reader.moment
    }

    private init(rest: ArraySlice<UInt8>) { self.rest = rest }

    private var moment: Timestamp? {
        func digits(_ value: Int, _ width: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        let tail = fraction.isEmpty ? "" : "." + fraction
        return try? Timestamp(
            rfc3339: "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))T"
                + "\(digits(hour, 2)):\(digits(minute, 2)):\(digits(second, 2))\(tail)Z")
    }

    private mutating func read(_ pattern: [UInt8]) -> Bool {
        var index = 0
        while index < pattern.count {
            let byte = pattern[index]
            index += 1
            if byte == UInt8(ascii: " ") {
                guard rest.first == 32 || rest.first == 9 else { return false }
                while rest.first == 32 || rest.first == 9 { rest.removeFirst() }
            } else if byte == UInt8(ascii: "%"), index < pattern.count {
                guard field(pattern[index]) else { return false }
                index += 1
            } else {
                guard rest.popFirst() == byte else { return false }
            }
        }
        return true
    }

    private mutating func field(_ letter: UInt8) -> Bool {
        switch Character(Unicode.Scalar(letter)) {
        case "Y": return set(\.year, number(4))
        case "y": return set(\.year, number(2).map { $0 + 2000 })
        case "m": return set(\.month, number(2))
        case "d": return set(\.day, number(2))
        case "H": return set(\.hour, number(2))
        case "M": return set(\.minute, number(2))
        case "S": return set(\.second, number(2))
        case "F": return read(Array("%Y-%m-%d".utf8))
        case "T": return read(Array("%H:%M:%S".utf8))
        case "f":
            let digits = rest.prefix { (48...57).contains($0) }
            fraction = String(decoding: digits.prefix(9), as: UTF8.self)
            rest = rest.dropFirst(digits.count)
            return !digits.isEmpty
        case "b":
            let name = String(decoding: rest.prefix(3), as: UTF8.self).lowercased()
            guard let index = Self.months.firstIndex(of: name) else { return false }
            month = index + 1
            rest = rest.dropFirst(3)
            return true
        case "%": return rest.popFirst() == letter
        default: return false
        }
    }

    private mutating func set(_ part: WritableKeyPath<TimePattern, Int>, _ value: Int?) -> Bool {
        guard let value else { return false }
        self[keyPath: part] = value
        return true
    }

    private mutating func number(_ width: Int) -> Int? {
        let digits = rest.prefix(width).prefix { (48...57).contains($0) }
        rest = rest.dropFirst(digits.count)
        return Int(String(decoding: digits, as: UTF8.self))
    }
}
