import NimmerWave

#if canImport(Glibc)
    import Glibc
#endif

/// Times as a person reads them: in the zone of this machine.
package enum LocalTime {
    /// The time of day to the millisecond: `18:30:00.123`.
    package static func clock(_ at: Timestamp) -> String {
        let time = broken(at)
        let milliseconds = String(at.secondAndRest.rest / 1_000_000)
        return "\(two(time.tm_hour)):\(two(time.tm_min)):\(two(time.tm_sec))."
            + String(repeating: "0", count: 3 - milliseconds.count) + milliseconds
    }

    /// Date and time to the second: `2026-02-14 18:30:00`.
    package static func full(_ at: Timestamp) -> String {
        let time = broken(at)
        return "\(Int(time.tm_year) + 1900)-\(two(time.tm_mon + 1))-\(two(time.tm_mday)) "
            + "\(two(time.tm_hour)):\(two(time.tm_min)):\(two(time.tm_sec))"
    }

    /// A stretch of time in its largest fitting units: `3 s`, `12 min`, `2 h 5 min`, `4 d 3 h`.
    package static func span(milliseconds: Double) -> String {
        let bounded = min(max(0, milliseconds), 1e15)
        let seconds = Int(saturating: (bounded / 1000).rounded())
        switch seconds {
        case _ where bounded < 950: return "\(Int(saturating: bounded.rounded())) ms"
        case _ where bounded < 9_950: return "\(decimals(bounded / 1000, 1)) s"
        case ..<120: return "\(seconds) s"
        case ..<7200: return "\(seconds / 60) min"
        case ..<172_800: return "\(seconds / 3600) h \(seconds % 3600 / 60) min"
        default: return "\(seconds / 86_400) d \(seconds % 86_400 / 3600) h"
        }
    }

    /// Offset of this machine's zone ahead of UTC at a moment, in seconds.
    package static func offsetSeconds(at moment: Timestamp) -> Int {
        var clock = time_t(moment.secondAndRest.second)
        var time = tm()
        localtime_r(&clock, &time)
        return time.tm_gmtoff
    }

    private static func broken(_ at: Timestamp) -> tm {
        var clock = time_t(at.secondAndRest.second)
        var time = tm()
        localtime_r(&clock, &time)
        return time
    }

    private static func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
