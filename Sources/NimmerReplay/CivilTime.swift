import NimmerWave

/// A date and a time of day as a recording writes them, and their distance from UTC where it is written.
package struct CivilTime: Equatable, Sendable {
    package var year = 1970
    package var month = 1
    package var day = 1
    package var hour = 0
    package var minute = 0
    package var second = 0
    /// Nanoseconds of the second.
    package var fraction = 0
    /// Seconds east of UTC; nil where none are written.
    package var offset: Int?

    package init() {}

    /// The time as if it were UTC, in nanoseconds since 1970; nil for a date or a time of day that does not exist, and beyond what
    /// a ``Timestamp`` covers.
    package var nanosecondsAsUTC: Int64? {
        let lengths = [31, isLeapYear ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1678...2261).contains(year), (1...12).contains(month), (1...lengths[month - 1]).contains(day) else {
            return nil
        }
        // A leap second is the first of the next minute, midnight at the end of a day the first of the next day.
        guard (0...23).contains(hour) || (hour == 24 && minute == 0 && second == 0 && fraction == 0),
            (0...59).contains(minute),
            (0...60).contains(second), (0..<1_000_000_000).contains(fraction)
        else { return nil }
        let seconds = Self.days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second
        return Int64(seconds) * 1_000_000_000 + Int64(fraction)
    }

    /// The moment, where a distance from UTC is written.
    package var moment: Timestamp? {
        guard let offset, let local = nanosecondsAsUTC else { return nil }
        return Timestamp(nanoseconds: local.subtractingSaturated(Int64(offset) * 1_000_000_000))
    }

    private var isLeapYear: Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    /// Days from 1970-01-01 in the Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil).
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}

/// Meaning of the text of a time.
package enum RecordedTime: Equatable, Sendable {
    /// A moment.
    case moment(Timestamp)
    /// A time of some zone, as if it were UTC, in nanoseconds since 1970.
    case local(Int64)

    init?(_ civil: CivilTime) {
        guard let local = civil.nanosecondsAsUTC else { return nil }
        self = civil.moment.map(RecordedTime.moment) ?? .local(local)
    }
}

/// A reader of parts of a time.
struct TimeScanner {
    var rest: ArraySlice<UInt8>

    /// A whole number of at most so many digits; nil where there are fewer than `least`.
    mutating func number(_ most: Int, least: Int = 1) -> Int? {
        let digits = rest.prefix(most).prefix { (48...57).contains($0) }
        guard digits.count >= least else { return nil }
        rest = rest.dropFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    }

    /// A fraction of a second in nanoseconds: digits, of which nine count.
    mutating func fraction() -> Int? {
        let digits = rest.prefix { (48...57).contains($0) }
        guard !digits.isEmpty else { return nil }
        rest = rest.dropFirst(digits.count)
        let nine = digits.prefix(9)
        return (nine.count..<9).reduce(nine.reduce(0) { $0 * 10 + Int($1 - 48) }) { value, _ in value * 10 }
    }

    /// A byte, if it comes next.
    mutating func take(_ byte: Character) -> Bool {
        guard rest.first == byte.asciiValue else { return false }
        rest.removeFirst()
        return true
    }

    mutating func skipBlanks() { while rest.first == 32 || rest.first == 9 { rest.removeFirst() } }

    /// A distance from UTC in seconds: Z, UTC, GMT, +02, +0200, +02:00, +02:00:30, UTC+2.
    mutating func offset() -> Int? {
        let named = word(of: ["utc", "gmt", "z"])
        guard let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else {
            return named ? 0 : nil
        }
        rest.removeFirst()
        guard let hours = number(2) else { return nil }
        var seconds = hours * 3600
        let hasColon = take(":")
        if hasColon || rest.first.map({ (48...57).contains($0) }) == true {
            guard let minutes = number(2, least: 2), minutes < 60 else { return nil }
            seconds += minutes * 60
            if hasColon, take(":") {
                guard let more = number(2, least: 2), more < 60 else { return nil }
                seconds += more
            }
        }
        guard seconds < 86_400 else { return nil }
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }

    /// Takes one of some words, in letters of any case.
    mutating func word(of words: [String]) -> Bool { word(words) != nil }

    /// The place of the word that comes next; the first that fits.
    mutating func word(_ words: [String]) -> Int? {
        for (place, word) in words.enumerated() where rest.count >= word.utf8.count {
            let found = rest.prefix(word.utf8.count)
            if zip(found, word.utf8).allSatisfy({ $0 | 32 == $1 || $0 == $1 }) {
                rest = rest.dropFirst(word.utf8.count)
                return place
            }
        }
        return nil
    }
}
