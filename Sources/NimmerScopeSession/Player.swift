import NimmerOutput
import NimmerReplay
import NimmerScope
import NimmerWave

/// Plays a recording: which messages are due, and what time it is in the recording. Elapsed time is an argument, so that it
/// plays the same in a test.
package struct Player {
    private var reader: RecordingReader
    private let patterns: [SubjectPattern]
    private let ignored: [SubjectPattern]
    private var upcoming: RecordedMessage?
    package private(set) var speed: Double
    /// The moment of the recording that is played now.
    package private(set) var now: Timestamp
    /// The moment up to which all is played at once, to stop there.
    private var goal: Timestamp?
    private var isStopped = false

    /// Begins just before the first message.
    ///
    /// - Parameters:
    ///   - goal: all until then is played at once, and there it stops; nil plays from the start.
    ///   - patterns: which subjects are played; none: all, of whatever environment the recording is.
    ///   - ignored: which of these are not.
    /// - Throws: ``Failure`` without one.
    package init(
        _ reader: RecordingReader, speed: Double, until goal: Timestamp? = nil, patterns: [SubjectPattern] = [],
        ignoring ignored: [SubjectPattern] = []
    ) throws(Failure) {
        self.reader = reader
        self.patterns = patterns
        self.ignored = ignored
        self.speed = speed
        self.goal = goal
        now = Timestamp(nanoseconds: 0)
        upcoming = try next()
        now = upcoming?.at ?? now
    }

    /// The next message that is played.
    private mutating func next() throws(Failure) -> RecordedMessage? {
        while let message = try reader.next() {
            if ignored.contains(where: { $0.matches(message.subject) }) { continue }
            if patterns.isEmpty || patterns.contains(where: { $0.matches(message.subject) }) { return message }
        }
        return nil
    }

    /// Notes about the recording as far as it was read.
    package var notes: [String] { reader.notes }

    /// Indicates whether it moves.
    package var motion: ScopePlayback { upcoming == nil ? .ended : isStopped ? .stopped : .playing }

    /// Plays on, so many times as fast as it was recorded.
    package mutating func play(speed: Double) {
        self.speed = speed
        isStopped = false
    }

    /// Stands still until it is played on.
    package mutating func stop() {
        goal = nil
        isStopped = true
    }

    /// Lets so much time pass and returns the messages that come in it, at most `limit`; when there are more, less time passes.
    ///
    /// - Throws: ``Failure`` for a line that is not a message.
    package mutating func advance(milliseconds: Double, limit: Int = 20_000) throws(Failure) -> [RecordedMessage] {
        // A century is enough for any speed, and leaves room in a timestamp.
        let end = goal ?? now.advanced(milliseconds: min(3e12, max(0, milliseconds) * speed))
        var due: [RecordedMessage] = []
        while let message = upcoming, message.at <= end, !isStopped {
            if due.count == limit {
                now = max(now, due[limit - 1].at)
                return due
            }
            due.append(message)
            upcoming = try next()
        }
        // At the end the clock stands where the recording stopped.
        if upcoming == nil, let last = due.last { now = last.at } else if motion == .playing { now = max(now, end) }
        if goal != nil { stop() }
        return due
    }

    /// After how many milliseconds a moment of the recording comes; nil for never.
    package func milliseconds(until moment: Timestamp) -> Double? {
        if motion != .playing { return nil }
        return goal == nil ? max(0, moment.milliseconds(since: now) / speed) : 0
    }

    /// After how many milliseconds the next message comes; nil for never.
    package var millisecondsUntilNext: Double? { upcoming.flatMap { milliseconds(until: $0.at) } }
}
