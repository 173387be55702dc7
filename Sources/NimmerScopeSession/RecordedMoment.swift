import NimmerOutput
import NimmerWave

/// A moment of a recording as `--at` takes it: `90s` after its start (`10m`, `2h`, `1d`), the time of day `12:01:06` (or
/// `12:01`, `12:01:06.5`) that comes first in it, or the moment itself.
package enum RecordedMoment {
    /// The moment that a text names.
    ///
    /// - Throws: ``Failure`` when it names none, or one before the recording's start.
    package static func moment(_ text: String, of recording: RecordingReader) throws(Failure) -> Timestamp {
        let start = try recording.start()
        guard
            let moment = (try? Timestamp(rfc3339: text)) ?? SinceOption.milliseconds(text).map({
                start.advanced(milliseconds: $0)
            })
                ?? timeOfDay(text, after: start)
        else {
            throw Failure(
                .usage, "--at \(text) is not a time",
                remedy: "for example 90s, 10m, 12:01:06 or \(start.rfc3339)")
        }
        guard moment >= start else {
            throw Failure(
                .usage, "--at \(text) is before the recording, which begins at \(LocalTime.full(start))",
                remedy: "--at 1s is a second after its start")
        }
        return moment
    }

    /// The first moment at which clocks on the wall show this; a recording that begins within it counts as showing it.
    private static func timeOfDay(_ text: String, after start: Timestamp) -> Timestamp? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), parts.allSatisfy({ $0.first?.isNumber == true }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), let second = parts.count == 3 ? Double(parts[2]) : 0,
            (0..<24).contains(hour), (0..<60).contains(minute), (0..<60).contains(second)
        else { return nil }
        let day = 86_400_000.0
        let wanted = Double(hour * 3600 + minute * 60) * 1000 + (second * 1000).rounded()
        let wall = start.advanced(milliseconds: Double(LocalTime.offsetSeconds(at: start)) * 1000)
        let shown = Double(wall.dayAndRest.rest) / 1_000_000
        let length = parts.count == 2 ? 60_000.0 : text.contains(".") ? 1 : 1000
        let ahead = wanted + length <= shown ? wanted + day - shown : wanted - shown
        return start.advanced(milliseconds: max(0, ahead))
    }
}
