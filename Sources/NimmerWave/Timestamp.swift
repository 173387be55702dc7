/// A moment in time: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Every clock in the system counts in this unit, so that replay, live running and tests agree to the nanosecond
/// (protocol.md, Envelope: fractions of a second have 0 to 9 digits).
///
/// Messages may name any moment of nearly six centuries, and two of them can lie farther apart than 64 bits of nanoseconds
/// report. All arithmetic with moments is therefore done by the members of this type, none of which can overflow: a result
/// beyond what can be represented is the nearest that can.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Nanoseconds since the Unix epoch; covers the years 1678 to 2262.
    public var nanoseconds: Int64

    /// The first moment that a message can name: 1678-01-01T00:00:00Z.
    public static let earliest = Timestamp(nanoseconds: -9_214_560_000_000_000_000)
    /// The last moment that a message can name: the last nanosecond of the year 2261.
    public static let latest = Timestamp(nanoseconds: 9_214_646_399_999_999_999)

    /// A moment by its nanoseconds since the Unix epoch.
    @inlinable
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// A moment by its seconds since the Unix epoch, and nanoseconds after them.
    @inlinable
    public init(seconds: Int64, nanoseconds: Int64 = 0) {
        let (whole, isBeyond) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let start = isBeyond ? (seconds < 0 ? .min : .max) : whole
        self.nanoseconds = start.addingSaturated(nanoseconds)
    }

    /// A moment by its milliseconds since the Unix epoch, rounded to the nearest nanosecond; 1970 for what is not a number.
    @inlinable
    public init(milliseconds: Double) {
        let whole = milliseconds.rounded(.down)
        guard abs(whole) < 9e12 else {
            nanoseconds = Int64(saturating: milliseconds * 1_000_000)
            return
        }
        nanoseconds =
            Int64(saturating: whole) &* 1_000_000 &+ Int64(saturating: ((milliseconds - whole) * 1_000_000).rounded())
    }

    /// Milliseconds since the Unix epoch.
    @inlinable
    public var milliseconds: Double { Double(nanoseconds) / 1_000_000 }

    /// The time from `earlier` to this moment, in nanoseconds; negative when this moment is the earlier one.
    @inlinable
    public func nanoseconds(since earlier: Timestamp) -> Int64 {
        nanoseconds.subtractingSaturated(earlier.nanoseconds)
    }

    /// The time from `earlier` to this moment, in milliseconds; negative when this moment is the earlier one.
    @inlinable
    public func milliseconds(since earlier: Timestamp) -> Double {
        Double(nanoseconds(since: earlier)) / 1_000_000
    }

    /// The time from `earlier` to this moment; negative when this moment is the earlier one.
    @inlinable
    public func duration(since earlier: Timestamp) -> Duration { .nanoseconds(nanoseconds(since: earlier)) }

    /// This moment moved by a number of nanoseconds.
    @inlinable
    public func advanced(nanoseconds distance: Int64) -> Timestamp {
        Timestamp(nanoseconds: nanoseconds.addingSaturated(distance))
    }

    /// Number of whole spans of a length since the Unix epoch, rounded down.
    ///
    /// - Parameter length: in nanoseconds, above 0.
    package func spans(of length: Int64) -> Int64 {
        let (number, rest) = nanoseconds.quotientAndRemainder(dividingBy: length)
        return rest < 0 ? number - 1 : number
    }

    /// Begin of the span that follows the one of this moment.
    ///
    /// - Parameter length: in nanoseconds, above 0.
    package func nextSpan(of length: Int64) -> Timestamp {
        let (next, isOver) = (spans(of: length) + 1).multipliedReportingOverflow(by: length)
        return Timestamp(nanoseconds: isOver ? .max : next)
    }

    /// This moment moved by a number of milliseconds, rounded to the nearest nanosecond; not moved by what is not a number.
    @inlinable
    public func advanced(milliseconds: Double) -> Timestamp {
        advanced(nanoseconds: Int64(saturating: (milliseconds * 1_000_000).rounded()))
    }

    /// This moment moved by a duration.
    @inlinable
    public func advanced(by duration: Duration) -> Timestamp { advanced(nanoseconds: duration.nanoseconds) }

    /// The whole seconds since the Unix epoch, rounded down, and the nanoseconds after them: 0 to 999,999,999.
    @inlinable
    public var secondAndRest: (second: Int64, rest: Int64) { Self.floor(nanoseconds, 1_000_000_000) }

    /// The whole days since the Unix epoch, rounded down, and the nanoseconds after midnight (UTC).
    @inlinable
    public var dayAndRest: (day: Int64, rest: Int64) { Self.floor(nanoseconds, 86_400_000_000_000) }

    @inlinable
    static func floor(_ value: Int64, _ unit: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: unit)
        return remainder < 0 ? (quotient - 1, remainder + unit) : (quotient, remainder)
    }

    @inlinable
    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds < b.nanoseconds }
}
