import Glibc

extension Timestamp {
    /// The moment that an RFC 3339 time names: UTC or a numeric offset, 0 to 9 digits of a second's fraction.
    ///
    /// - Throws: a ``Refusal`` when the text is no such time, names an impossible date, or a year outside 1678 to 2261.
    public init(rfc3339 text: String) throws(Refusal) {
        let bytes = Array(text.utf8)
        guard let moment = bytes.scan({ parseTimestamp($0, 0, bytes.count) }) else {
            throw Refusal(.value, "a time must be an RFC 3339 time", found: "'\(text.excerpt)'")
        }
        self = moment
    }

    /// The machine's wall clock.
    public static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: Int64(time.tv_nsec))
    }

    /// The moment as an RFC 3339 time in UTC with at least three and as many as nine digits of a second's fraction; where it
    /// lies outside ``earliest`` to ``latest``, the nearer of these, so that whatever is published can also be read.
    public var rfc3339: String {
        String(unsafeUninitializedCapacity: Self.textBytes) { write($0) }
    }

    /// Appends the moment as ``rfc3339`` has it.
    func write(into bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.textBytes) { buffer in
            bytes.append(contentsOf: buffer[..<write(buffer)])
        }
    }

    /// The bytes of ``rfc3339`` at most.
    private static let textBytes = 30

    /// Writes ``rfc3339`` to the beginning of a buffer.
    ///
    /// - Returns: how many bytes it has.
    private func write(_ buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let (day, inDay) = min(.latest, max(.earliest, self)).dayAndRest
        let date = civil(day)
        let seconds = Int(inDay / 1_000_000_000)
        var at = 0
        func write(_ value: Int, _ width: Int, _ end: UInt8) {
            var rest = value
            for place in stride(from: at + width - 1, through: at, by: -1) {
                buffer[place] = 0x30 + UInt8(rest % 10)
                rest /= 10
            }
            at += width
            buffer[at] = end
            at += 1
        }
        write(date.year, 4, UInt8(ascii: "-"))
        write(date.month, 2, UInt8(ascii: "-"))
        write(date.day, 2, UInt8(ascii: "T"))
        write(seconds / 3600, 2, UInt8(ascii: ":"))
        write(seconds / 60 % 60, 2, UInt8(ascii: ":"))
        write(seconds % 60, 2, UInt8(ascii: "."))
        write(Int(inDay % 1_000_000_000), 9, UInt8(ascii: "Z"))
        while at > 24, buffer[at - 2] == 0x30 {
            at -= 1
            buffer[at - 1] = UInt8(ascii: "Z")
        }
        return at
    }

    /// The time of day in UTC to the millisecond, such as `12:01:01.557`, for screens and logs.
    public var clockTime: String {
        let inDay = dayAndRest.rest
        let seconds = inDay / 1_000_000_000
        return "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))."
            + padded(inDay / 1_000_000 % 1000, 3)
    }
}

extension Timestamp: CustomStringConvertible {
    /// The moment as an RFC 3339 time in UTC.
    public var description: String { rfc3339 }
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

private func civil(_ daysSinceEpoch: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = Int(daysSinceEpoch) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
}

extension Timestamp {
    /// The day (UTC): `2026-02-14`.
    public var utcDay: String { String(rfc3339.prefix(10)) }
}
