/// A moment in time: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
///
/// Every clock in the house counts in this unit, so that replay, live running and tests agree to the nanosecond
/// (protocol.md, Envelope: fractions of a second have 0 to 9 digits).
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Nanoseconds since the Unix epoch; covers the years 1678 to 2262.
    public var nanoseconds: Int64

    /// A moment by its nanoseconds since the Unix epoch.
    @inlinable
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// A moment by its milliseconds since the Unix epoch, rounded to the nearest nanosecond.
    @inlinable
    public init(milliseconds: Double) {
        let whole = milliseconds.rounded(.down)
        nanoseconds = Int64(whole) * 1_000_000 + Int64(((milliseconds - whole) * 1_000_000).rounded())
    }

    /// Milliseconds since the Unix epoch.
    @inlinable
    public var milliseconds: Double { Double(nanoseconds) / 1_000_000 }

    /// The time from `earlier` to this moment, in milliseconds; negative when this moment is the earlier one.
    @inlinable
    public func milliseconds(since earlier: Timestamp) -> Double {
        Double(nanoseconds - earlier.nanoseconds) / 1_000_000
    }

    /// This moment moved by a number of milliseconds, rounded to the nearest nanosecond.
    @inlinable
    public func advanced(milliseconds: Double) -> Timestamp {
        Timestamp(nanoseconds: nanoseconds + Int64((milliseconds * 1_000_000).rounded()))
    }

    @inlinable
    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds < b.nanoseconds }
}
