import Glibc

/// A point on a time line that counts forward: what a budget or a timeout is measured on.
public protocol TimePoint: Comparable, Hashable, Sendable {
    /// The time from `earlier` to this point, in milliseconds; negative when this point is the earlier one.
    func milliseconds(since earlier: Self) -> Double
}

extension Timestamp: TimePoint {}

/// A reading of the machine's steady clock (`CLOCK_BOOTTIME`): nanoseconds since the machine started, the time that it was asleep included.
///
/// This clock cannot be set. It is not the time of day, and means nothing on another machine or after a restart: timeouts,
/// leases, batches and budgets use it; messages never carry it (decision 0015).
public struct SteadyTime: TimePoint {
    /// Nanoseconds since the machine started.
    public var nanoseconds: Int64

    /// A point by its nanoseconds since the machine started.
    @inlinable
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// A point by its milliseconds since the machine started, rounded to the nearest nanosecond.
    @inlinable
    public init(milliseconds: Double) { nanoseconds = Int64(saturating: (milliseconds * 1_000_000).rounded()) }

    /// The steady clock now.
    public static func now() -> SteadyTime {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return SteadyTime(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }

    /// The time from `earlier` to this point, in nanoseconds; negative when this point is the earlier one. Never overflows.
    @inlinable
    public func nanoseconds(since earlier: SteadyTime) -> Int64 {
        nanoseconds.subtractingSaturated(earlier.nanoseconds)
    }

    @inlinable
    public func milliseconds(since earlier: SteadyTime) -> Double { Double(nanoseconds(since: earlier)) / 1_000_000 }

    /// The time from `earlier` to this point; negative when this point is the earlier one.
    @inlinable
    public func duration(since earlier: SteadyTime) -> Duration { .nanoseconds(nanoseconds(since: earlier)) }

    /// This point moved by a number of nanoseconds; never overflows.
    @inlinable
    public func advanced(nanoseconds distance: Int64) -> SteadyTime {
        SteadyTime(nanoseconds: nanoseconds.addingSaturated(distance))
    }

    /// This point moved by a number of milliseconds, rounded to the nearest nanosecond; not moved by NaN.
    @inlinable
    public func advanced(milliseconds: Double) -> SteadyTime {
        advanced(nanoseconds: Int64(saturating: (milliseconds * 1_000_000).rounded()))
    }

    @inlinable
    public static func < (a: SteadyTime, b: SteadyTime) -> Bool { a.nanoseconds < b.nanoseconds }
}
