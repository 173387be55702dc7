import NimmerWave

/// A count with its thousands apart: `12,345`.
func grouped(_ count: Int) -> String {
    var text = ""
    for (place, digit) in String(count.magnitude).reversed().enumerated() {
        if place > 0, place % 3 == 0 { text.append(",") }
        text.append(digit)
    }
    return (count < 0 ? "-" : "") + String(text.reversed())
}

/// The time from one moment to another, as far as a number can represent it.
func elapsed(from earlier: Int64, to later: Int64) -> Int64 {
    later.subtractingSaturated(earlier)
}

/// A stretch of time, short: `840ms`, `12.3s`, `4m05s`, `2h03m`.
func span(nanoseconds: Int64) -> String {
    let magnitude = Double(nanoseconds.magnitude)
    let sign = nanoseconds < 0 ? "-" : ""
    let seconds = Int(saturating: min(magnitude / 1e9, 1e9))
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if magnitude < 999.5e6 { return "\(sign)\(decimals(magnitude / 1e6, 0))ms" }
    if magnitude < 99.95e9 { return "\(sign)\(decimals(magnitude / 1e9, 1))s" }
    if seconds < 3600 { return "\(sign)\(seconds / 60)m\(two(seconds % 60))s" }
    if seconds < 100 * 3600 { return "\(sign)\(seconds / 3600)h\(two(seconds / 60 % 60))m" }
    return "\(sign)\(seconds / 86_400)d"
}

/// A stretch of time without what is zero at its end: `45s`, `2m`, `1m30s`, `500ms`.
func roundSpan(nanoseconds: Int64) -> String {
    let (seconds, rest) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000)
    if rest != 0 { return span(nanoseconds: nanoseconds) }
    if seconds < 60 { return "\(seconds)s" }
    if seconds % 3600 == 0 { return "\(seconds / 3600)h" }
    if seconds < 3600 { return seconds % 60 == 0 ? "\(seconds / 60)m" : "\(seconds / 60)m\(seconds % 60)s" }
    return "\(seconds / 3600)h\(seconds / 60 % 60)m"
}

/// A stretch of time, short.
func span(milliseconds: Double) -> String { span(nanoseconds: Int64(saturating: milliseconds * 1e6)) }

/// Duration of an answer: `0.4 ms`, `3.7s`.
func latency(_ milliseconds: Double) -> String {
    milliseconds < 1000 ? "\(decimals(milliseconds, 1)) ms" : span(milliseconds: milliseconds)
}

/// Text with spaces after it, to a count of characters.
func padded(_ text: String, _ count: Int) -> String {
    text + String(repeating: " ", count: max(0, count - text.count))
}

/// Text with spaces before it, to a count of characters.
func indented(_ text: String, _ count: Int) -> String {
    String(repeating: " ", count: max(0, count - text.count)) + text
}

extension ScopeSettings {
    /// The time of day on the wall: `12:01:01.557`, `12:01:01` or `12:01`, as long as asked for.
    func clock(_ moment: Int64, characters: Int = 12) -> String {
        let shifted = Timestamp(nanoseconds: moment).advanced(by: .seconds(utcOffsetSeconds))
        return String(shifted.clockTime.prefix(characters))
    }
}
