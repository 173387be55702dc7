import NimmerWave

/// Plays a recording: which messages are due, and what time it is in the recording. Told how much time passes, so that it
/// plays the same in a test.
struct Player {
    private var reader: RecordingReader
    private var upcoming: RecordedMessage?
    private(set) var speed: Double
    /// The moment of the recording that is played now.
    private(set) var now: Timestamp

    /// Begins just before the first message.
    ///
    /// - Throws: ``Failure`` when there is none.
    init(_ reader: RecordingReader, speed: Double) throws(Failure) {
        self.reader = reader
        self.speed = speed
        upcoming = try self.reader.next()
        now = upcoming?.at ?? Timestamp(nanoseconds: 0)
    }

    var hasEnded: Bool { upcoming == nil }

    /// Plays on at another speed; 0 stands still.
    mutating func play(speed: Double) { self.speed = max(0, speed) }

    /// Lets so much time pass and returns the messages that come in it, at most `limit`; when there are more, less time passes.
    ///
    /// - Throws: ``Failure`` for a line that is no message.
    mutating func advance(milliseconds: Double, limit: Int = 20_000) throws(Failure) -> [RecordedMessage] {
        // A century is enough for any speed, and leaves room in a timestamp.
        let end = now.advanced(milliseconds: min(3e12, max(0, milliseconds) * speed))
        var due: [RecordedMessage] = []
        while let message = upcoming, message.at <= end, speed > 0 {
            if due.count == limit {
                now = max(now, due[limit - 1].at)
                return due
            }
            due.append(message)
            upcoming = try reader.next()
        }
        // At the end the clock stands where the recording stopped.
        if upcoming == nil, let last = due.last { now = last.at } else if upcoming != nil { now = end }
        return due
    }

    /// After how many milliseconds a moment of the recording comes; nil for never.
    func milliseconds(until moment: Timestamp) -> Double? {
        speed > 0 && upcoming != nil ? max(0, moment.milliseconds(since: now) / speed) : nil
    }

    /// After how many milliseconds the next message comes; nil for never.
    var millisecondsUntilNext: Double? { upcoming.flatMap { milliseconds(until: $0.at) } }
}
