import NimmerBus
import NimmerWave

/// The bytes that a stream reserves. A server reserves them of its `max_file_store` when the stream is made, and refuses what it has
/// not; a small server gets streams of a sixteenth.
enum StreamRoom {
    private static let part: Int64 = 16
    private static let least: Int64 = 1 << 20

    /// The bound of a stream that is there already; nil: as its configuration says.
    ///
    /// - Parameters:
    ///   - present: its `max_bytes`: -1 where it has none. A bound that somebody chose, or that the server had room for, stays.
    ///   - bytes: how much it holds: nothing of it is given up for a bound that comes later.
    static func bound(of present: JSON?, holding bytes: UInt64, _ configuration: StreamConfiguration) -> Int64? {
        guard let wanted = configuration.maximumBytes else { return nil }
        if let present = present?.int, present > 0 { return Int64(present) }
        return max(wanted, Int64(clamping: bytes).addingSaturated(wanted / part))
    }

    /// The next smaller bound to ask for; nil where there is none.
    static func smaller(_ bound: JSON?) -> Int64? {
        guard let bound = bound?.int, Int64(bound) / part >= least else { return nil }
        return Int64(bound) / part
    }
}
