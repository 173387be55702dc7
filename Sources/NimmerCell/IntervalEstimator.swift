import Glibc
import NimmerWave

/// The interval of a cell's readings, learned from their moments (sensing: what a wave states as `interval_ms`).
///
/// The median of the last 31 differences: missing rows, jitter and a reading at the same moment move it little. What it states is short and
/// stable: it changes when the median is off by more than a quarter, and readings at another pace have taken four of the stated intervals,
/// so that a backlog that comes at once changes nothing. Readings that always come in bursts have the bursts' interval, divided by the readings in one.
///
/// A value of fixed size; a reading costs a few comparisons.
package struct IntervalEstimator: Sendable {
    /// Differences that are remembered.
    static let depth = 31
    /// Differences that it needs before it states anything.
    static let needed = 5
    /// Number of readings after which a change counts as lasting, though they took less than four of the stated intervals.
    static let lasting = 512
    /// Most readings that count as early.
    private static let mostEarly = 1000
    /// Minimum ratio of a pause between bursts to the median.
    private static let pause: Float = 50
    /// Readings from one look at the median to the next, while it is in doubt.
    private static let stride = 4

    /// The interval, in milliseconds, to three significant digits; nil until it is known.
    package private(set) var milliseconds: Double?

    /// In milliseconds.
    private var differences = InlineArray<31, Float>(repeating: 0)
    private var count = 0
    private var next = 0
    /// Differences within a quarter of what is stated.
    private var near = 0
    private var last: Timestamp?
    private var doubts = 0
    /// Readings that came early, and for which none is missing later.
    private var early = 0
    /// Sums of the differences shorter and longer than stated since the doubt began, in milliseconds.
    private var shorter = 0.0
    private var longer = 0.0

    /// An estimator that has seen nothing.
    package init() {}

    /// A reading was taken. One at the moment of the last, or before it, changes nothing.
    package mutating func take(at moment: Timestamp) {
        guard let last else { return self.last = moment }
        countEarly(at: moment)
        guard moment > last else { return }
        self.last = moment
        let difference = Float(min(moment.milliseconds(since: last), Wire.maximumInterval))
        if count < Self.depth { count += 1 } else if isNear(differences[next]) { near -= 1 }
        differences[next] = difference
        if isNear(difference) { near += 1 }
        next = next + 1 == Self.depth ? 0 : next + 1
        guard milliseconds != nil else {
            if count >= Self.needed { state(typical()) }
            return
        }
        if doubts > 0 { weigh(Double(difference)) }
        // While most differences are near it, so is the median; bursts are looked for once in a while.
        if 2 * near > count ? next == 0 : next % Self.stride == 0 { consider() }
    }

    /// Number of readings that should have come between the last and one at a moment, without those that came early; 0 while the interval is
    /// not known, and where it is shorter than a millisecond.
    package func missing(until moment: Timestamp) -> Int { max(0, gap(until: moment) - early) }

    private func gap(until moment: Timestamp) -> Int {
        guard let milliseconds, milliseconds >= 1, let last, moment > last else { return 0 }
        return max(0, Int(saturating: (moment.milliseconds(since: last) / milliseconds).rounded()) - 1)
    }

    /// Counts a reading that comes early, as in a burst or a backlog: the pause after it lacks that much less.
    private mutating func countEarly(at moment: Timestamp) {
        guard let milliseconds, let last else { return }
        if moment.milliseconds(since: last) < milliseconds / 2 {
            early = min(early + 1, Self.mostEarly)
        } else {
            early = max(0, early - gap(until: moment))
        }
    }

    @inline(__always)
    private func isNear(_ difference: Float) -> Bool {
        guard let milliseconds else { return false }
        return Self.isNear(Double(difference), milliseconds)
    }

    private static func isNear(_ value: Double, _ stated: Double) -> Bool {
        value >= stated * 0.8 && value <= stated * 1.25
    }

    private mutating func weigh(_ difference: Double) {
        guard let milliseconds, !Self.isNear(difference, milliseconds) else { return }
        if difference < milliseconds { shorter += difference } else { longer += difference }
    }

    @inline(never)
    private mutating func consider() {
        guard let stated = milliseconds else { return }
        let found = typical()
        guard !Self.isNear(found, stated) else {
            doubts = 0
            return
        }
        if doubts == 0 { (shorter, longer) = (0, 0) }
        doubts += 1
        let isLasting = (found < stated ? shorter : longer) >= 4 * stated
        if isLasting || doubts * Self.stride >= Self.lasting { state(found) }
    }

    private mutating func state(_ found: Double) {
        milliseconds = Self.short(found)
        doubts = 0
        near = 0
        for place in 0..<count where isNear(differences[place]) { near += 1 }
    }

    /// The median, or where readings come in bursts, the mean time of a reading.
    private func typical() -> Double {
        var sorted = differences
        for place in 1..<count {
            let value = sorted[place]
            var hole = place
            while hole > 0, sorted[hole - 1] > value {
                sorted[hole] = sorted[hole - 1]
                hole -= 1
            }
            sorted[hole] = value
        }
        let median = sorted[count / 2]
        var pauses = 0
        while pauses < count, sorted[count - 1 - pauses] > Self.pause * median { pauses += 1 }
        guard pauses > 1 else { return Double(median) }
        return Double(sorted[count - 1 - pauses / 2]) * Double(pauses) / Double(count)
    }

    /// Three significant digits, within what a wave can state.
    private static func short(_ value: Double) -> Double {
        let value = min(max(value, 0.001), Wire.maximumInterval)
        let step = pow(10, floor(log10(value)) - 2)
        return min((value / step).rounded() * step, Wire.maximumInterval)
    }
}
