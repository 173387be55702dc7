/// The rule that decides as of which moment a wave counts: its own time where its sender's clock is plausible, else its arrival
/// (decision 0003; gates.md, Live time). The thalamus and nerves follow it; replay has no arrival and takes the recorded time.
public struct ClockTolerance: Hashable, Sendable {
    /// The default, in milliseconds.
    public static let standardMilliseconds = 60_000.0
    /// Values that a system file may set, in milliseconds.
    public static let range = 0.0...86_400_000

    @usableFromInline let nanoseconds: UInt64

    /// A rule.
    ///
    /// - Parameter milliseconds: how far a wave's time may lie before its arrival; ``range``.
    public init(milliseconds: Double = standardMilliseconds) {
        nanoseconds = UInt64(Int64(saturating: max(0, milliseconds) * 1_000_000))
    }

    /// The moment as of which a wave counts.
    ///
    /// - Parameters:
    ///   - sent: the wave's own time.
    ///   - arrival: when it came in.
    /// - Returns: the wave's time where it lies at most the tolerance before the arrival; else the arrival. `isSkewed` for a time that lies
    ///   further before it.
    @inlinable
    public func time(sent: Timestamp, arrival: Timestamp) -> (at: Timestamp, isSkewed: Bool) {
        if sent > arrival { return (arrival, false) }
        // Ordered, so that the difference of any two moments fits into 64 bits without a sign.
        let behind = UInt64(bitPattern: arrival.nanoseconds &- sent.nanoseconds)
        return behind > nanoseconds ? (arrival, true) : (sent, false)
    }
}
