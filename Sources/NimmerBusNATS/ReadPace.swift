import NimmerBus
import NimmerWave

/// The pauses between reads that keep a connection to a rate (``BusSettings/maximumReadRate``).
struct ReadPace {
    /// Bytes that a message takes on the wire beside its payload, roughly.
    private static let overhead: UInt64 = 64
    /// In microseconds; a stop must not wait for longer.
    private static let longestPause = 100_000.0

    private let bytesPerSecond: Int
    /// The bus's counters at the last pause.
    private var before = BusCounters()

    init?(_ bytesPerSecond: Int?) {
        guard let bytesPerSecond else { return nil }
        self.bytesPerSecond = bytesPerSecond
    }

    /// The time, in microseconds, that reading what came since the last pause may take.
    mutating func pause(after counters: BusCounters) -> UInt32 {
        let messages = counters.messagesIn &- before.messagesIn
        let bytes = counters.bytesIn &- before.bytesIn &+ Self.overhead &* messages
        before = counters
        return UInt32(
            clamping: Int(saturating: min(Self.longestPause, Double(bytes) * 1_000_000 / Double(bytesPerSecond))))
    }
}
