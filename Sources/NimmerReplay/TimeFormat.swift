import NimmerOutput
import NimmerWave

/// Format of the times of a recording.
package enum TimeFormat: Equatable, Sendable {
    /// RFC 3339, `2020-03-09 10:14:33`, or (when the text is a number) seconds or milliseconds since 1970 by its size.
    case automatic
    /// Seconds since 1970.
    case seconds
    /// Milliseconds since 1970.
    case milliseconds
    /// A pattern such as `%d.%m.%Y %H:%M:%S`, read as UTC; see ``TimePattern``.
    case pattern(String)

    /// A format as the flag names it.
    ///
    /// - Throws: ``Failure`` when it is not one.
    package init(_ text: String) throws(Failure) {
        switch text {
        case "auto": self = .automatic
        case "seconds", "s", "unix": self = .seconds
        case "milliseconds", "ms": self = .milliseconds
        default:
            guard text.contains("%") else {
                throw Failure(
                    .usage, "unknown time format: \(text)",
                    remedy: "auto, seconds, milliseconds, or a pattern such as '%d.%m.%Y %H:%M:%S'")
            }
            self = .pattern(text)
        }
    }

    /// Expectation of the format, for a message.
    package var expectation: String {
        switch self {
        case .automatic: "a time such as 2020-03-09 10:14:33 or 2020-03-09T10:14:33Z, or seconds since 1970"
        case .seconds: "seconds since 1970"
        case .milliseconds: "milliseconds since 1970"
        case .pattern(let pattern): "a time written as '\(pattern)'"
        }
    }

    /// The moment that a text names; nil when it names none.
    package func moment(_ text: String) -> Timestamp? {
        switch self {
        case .automatic:
            if let number = Double(text) { return Self.moment(number * (abs(number) > 1e11 ? 1 : 1000)) }
            return Self.written(text)
        case .seconds: return Double(text).flatMap { Self.moment($0 * 1000) }
        case .milliseconds: return Double(text).flatMap { Self.moment($0) }
        case .pattern(let pattern): return TimePattern.moment(text, pattern)
        }
    }

    private static func moment(_ milliseconds: Double) -> Timestamp? {
        guard milliseconds.isFinite, abs(milliseconds) < 9e12 else { return nil }
        return Timestamp(milliseconds: milliseconds)
    }

    /// RFC 3339, also with a blank for the T and without a zone, which then is UTC.
    private static func written(_ text: String) -> Timestamp? {
        var bytes = Array(text.utf8)
        guard bytes.count >= 19 else { return nil }
        if bytes[10] == UInt8(ascii: " ") { bytes[10] = UInt8(ascii: "T") }
        let hasZone =
            bytes.last == UInt8(ascii: "Z")
            || bytes[19...].contains { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") }
        return try? Timestamp(rfc3339: String(decoding: bytes, as: UTF8.self) + (hasZone ? "" : "Z"))
    }
}
