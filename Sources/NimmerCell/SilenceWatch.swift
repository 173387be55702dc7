import NimmerWave

/// Watch over the readings of a cell: whether its input has stopped, so that the cell is STALE (sensing.md, Stale).
///
/// A value: moments come with each call.
struct SilenceWatch: Sendable {
    /// A cell that begins or ends to be STALE.
    struct Change: Sendable, Hashable {
        /// Silence so far, in milliseconds.
        var silence: Double
        /// The silence that was allowed, in milliseconds.
        var limit: Double
        /// Indicates whether there was a reading before it.
        var hadReading: Bool
    }

    /// Silence after the start that counts where there was no reading yet, in milliseconds: ten minutes.
    static let first = 600_000.0

    /// The setting: milliseconds, 0 for never; nil: as learned.
    private let setting: Int?
    /// Indicates whether it lives on readings, so that one is missing from its start on.
    private let expectsReadings: Bool
    private var gaps = GapHistory()
    private var interval: Double?
    private var isWatching = false
    private var hasEnded = false
    /// Factor of the silence that is allowed, of a cell that has lowered its rate.
    var slowness = 1.0

    /// Start of the present silence: the last reading, or the start.
    private(set) var since: Timestamp?
    /// Readings since the start.
    private(set) var readings = 0
    /// Indicates whether the input has stopped.
    private(set) var isStale = false

    /// - Parameters:
    ///   - setting: the setting `stale_after_ms`.
    ///   - expectsReadings: whether the cell lives on readings.
    init(setting: Int?, expectsReadings: Bool) {
        (self.setting, self.expectsReadings) = (setting, expectsReadings)
    }

    /// Silence, in milliseconds, that makes the cell STALE; nil: none does.
    var limit: Double? {
        guard isWatching, !hasEnded, setting != 0, expectsReadings || readings > 0 else { return nil }
        if let setting { return Double(setting) * slowness }
        guard readings > 0 else { return Self.first }
        return max(gaps.limit, 5 * (interval ?? 0)) * slowness
    }

    /// Time at which the cell becomes STALE unless there is a reading; nil: never.
    var deadline: Timestamp? {
        guard !isStale, let since, let limit else { return nil }
        return since.advanced(milliseconds: limit)
    }

    /// Watches from now on.
    mutating func begin(at moment: Timestamp) {
        isWatching = true
        since = since ?? moment
    }

    /// Watches no more.
    mutating func rest() { isWatching = false }

    /// No reading is expected any more: the source has come to its end.
    mutating func end() { hasEnded = true }

    /// A reading came.
    ///
    /// - Parameter interval: the usual interval of readings, in milliseconds.
    /// - Returns: the silence that it ends, where the cell was STALE.
    mutating func take(at moment: Timestamp, interval: Double?) -> Change? {
        let silence = since.map { max(0, moment.milliseconds(since: $0)) } ?? 0
        let ended = isStale ? Change(silence: silence, limit: limit ?? 0, hadReading: readings > 0) : nil
        if readings > 0 { gaps.take(silence, isSilence: silence > max(gaps.limit, 5 * (self.interval ?? 0))) }
        self.interval = interval
        readings += 1
        since = max(since ?? moment, moment)
        isStale = false
        hasEnded = false
        return ended
    }

    /// Time passes.
    ///
    /// - Returns: the silence that makes the cell STALE now, if one does.
    mutating func advance(to moment: Timestamp) -> Change? {
        guard let deadline, let since, let limit, deadline <= moment else { return nil }
        isStale = true
        return Change(silence: moment.milliseconds(since: since), limit: limit, hadReading: readings > 0)
    }
}
