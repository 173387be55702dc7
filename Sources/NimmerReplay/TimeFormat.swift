import NimmerOutput
import NimmerWave

/// Format of the times of a recording.
package enum TimeFormat: Equatable, Sendable {
    /// A date and a time of day as ISO 8601 and RFC 3339 have them, with or without a zone, also with a blank for the T, and German ones
    /// (`02.03.2026 10:00`); or (when the text is a number) seconds, milliseconds, microseconds or nanoseconds since 1970 by its size.
    case automatic
    /// Seconds since 1970.
    case seconds
    /// Milliseconds since 1970.
    case milliseconds
    /// Microseconds since 1970.
    case microseconds
    /// Nanoseconds since 1970.
    case nanoseconds
    /// A pattern such as `%d.%m.%Y %H:%M:%S`; see ``TimePattern``.
    case pattern(TimePattern)

    /// A format as the flag names it.
    ///
    /// - Throws: ``Failure`` when it is not one.
    package init(_ text: String) throws(Failure) {
        switch text {
        case "auto": self = .automatic
        case "seconds", "s", "unix": self = .seconds
        case "milliseconds", "ms": self = .milliseconds
        case "microseconds", "us", "µs": self = .microseconds
        case "nanoseconds", "ns": self = .nanoseconds
        default:
            guard text.contains("%") else {
                throw Failure(
                    .usage, "unknown time format: \(text)",
                    remedy:
                        "auto, seconds, milliseconds, microseconds, nanoseconds, or a pattern such as '%d.%m.%Y %H:%M:%S'"
                )
            }
            self = .pattern(try TimePattern(text))
        }
    }

    /// Expectation of the format, for a message.
    package var expectation: String {
        switch self {
        case .automatic: "a time such as 2020-03-09 10:14:33 or 2020-03-09T10:14:33Z, or seconds since 1970"
        case .seconds: "seconds since 1970"
        case .milliseconds: "milliseconds since 1970"
        case .microseconds: "microseconds since 1970"
        case .nanoseconds: "nanoseconds since 1970"
        case .pattern(let pattern):
            "a time written as '\(pattern.text)'"
                + (pattern.text.split(separator: "%Z", omittingEmptySubsequences: false).count > 1
                    ? "; %Z reads UTC, GMT and Z alone: write other abbreviations into the pattern, and name the zone with --zone"
                    : "")
        }
    }

    /// The time that a text names; nil when it names no time.
    package func time(_ text: String) -> RecordedTime? {
        switch self {
        case .automatic: Self.sinceEpoch(text, nil).map(RecordedTime.moment) ?? Self.written(text)
        case .seconds: Self.sinceEpoch(text, 1_000_000_000).map(RecordedTime.moment)
        case .milliseconds: Self.sinceEpoch(text, 1_000_000).map(RecordedTime.moment)
        case .microseconds: Self.sinceEpoch(text, 1000).map(RecordedTime.moment)
        case .nanoseconds: Self.sinceEpoch(text, 1).map(RecordedTime.moment)
        case .pattern(let pattern): pattern.time(text)
        }
    }

    /// The moment that a text names, where a time without a zone is UTC; nil when it names none.
    package func moment(_ text: String) -> Timestamp? {
        switch time(text) {
        case .moment(let moment): moment
        case .local(let nanoseconds): Timestamp(nanoseconds: nanoseconds)
        case nil: nil
        }
    }

    /// A number of units since 1970; the unit by the size of the number where none is given.
    private static func sinceEpoch(_ text: String, _ unit: Int64?) -> Timestamp? {
        guard let first = text.utf8.first, (48...57).contains(first) || first == 45 || first == 43 || first == 46 else {
            return nil
        }
        if let whole = Int64(text) {
            let size = whole.magnitude
            let unit =
                unit
                ?? (size < 100_000_000_000
                    ? 1_000_000_000
                    : size < 100_000_000_000_000 ? 1_000_000 : size < 100_000_000_000_000_000 ? 1000 : 1)
            let (nanoseconds, isBeyond) = whole.multipliedReportingOverflow(by: unit)
            return isBeyond ? nil : covered(Timestamp(nanoseconds: nanoseconds))
        }
        guard let number = Double(text), number.isFinite else { return nil }
        let size = abs(number)
        let scale = unit.map(Double.init) ?? (size < 1e11 ? 1e9 : size < 1e14 ? 1e6 : size < 1e17 ? 1e3 : 1)
        guard size * scale < 9.2e18 else { return nil }
        return covered(Timestamp(milliseconds: number * (scale / 1_000_000)))
    }

    private static func covered(_ moment: Timestamp) -> Timestamp? {
        moment >= .earliest && moment <= .latest ? moment : nil
    }

    /// A date, and a time of day unless it is midnight.
    private static func written(_ text: String) -> RecordedTime? {
        var scanner = TimeScanner(rest: Array(text.utf8)[...])
        var civil = CivilTime()
        scanner.skipBlanks()
        guard date(&scanner, &civil) else { return nil }
        let hasMark = scanner.take("T") || scanner.take("t") || scanner.take("_")
        if !hasMark { scanner.skipBlanks() }
        if !scanner.rest.isEmpty {
            guard clock(&scanner, &civil) else { return nil }
            scanner.skipBlanks()
            if !scanner.rest.isEmpty {
                civil.offset = scanner.offset()
                guard civil.offset != nil else { return nil }
                scanner.skipBlanks()
                // Go writes the name of the zone behind its distance.
                scanner.rest = scanner.rest.drop { ($0 | 32 >= 97 && $0 | 32 <= 122) }
                guard scanner.rest.isEmpty else { return nil }
            }
        } else if hasMark {
            return nil
        }
        return RecordedTime(civil)
    }

    private static func date(_ scanner: inout TimeScanner, _ civil: inout CivilTime) -> Bool {
        let start = scanner
        if let year = scanner.number(4, least: 4) {
            for mark: Character in ["-", "/", "."] where scanner.take(mark) {
                guard let month = scanner.number(2), scanner.take(mark), let day = scanner.number(2) else {
                    return false
                }
                (civil.year, civil.month, civil.day) = (year, month, day)
                return true
            }
            guard let month = scanner.number(2, least: 2), let day = scanner.number(2, least: 2), !scanner.rest.isEmpty
            else { return false }
            (civil.year, civil.month, civil.day) = (year, month, day)
            return true
        }
        // Points separate the day from the month in this order only; strokes do in two.
        scanner = start
        guard let day = scanner.number(2), scanner.take("."), let month = scanner.number(2), scanner.take("."),
            let year = scanner.number(4, least: 4)
        else { return false }
        (civil.year, civil.month, civil.day) = (year, month, day)
        return true
    }

    private static func clock(_ scanner: inout TimeScanner, _ civil: inout CivilTime) -> Bool {
        guard let hour = scanner.number(2) else { return false }
        civil.hour = hour
        let hasColon = scanner.take(":")
        guard let minute = scanner.number(2, least: 2) else { return false }
        civil.minute = minute
        guard hasColon ? scanner.take(":") : scanner.rest.first.map({ (48...57).contains($0) }) == true else {
            return true
        }
        guard let second = scanner.number(2, least: 2) else { return false }
        civil.second = second
        guard scanner.take(".") || scanner.take(",") else { return true }
        guard let fraction = scanner.fraction() else { return false }
        civil.fraction = fraction
        return true
    }
}
