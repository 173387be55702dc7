/// Summary of one column of time: where a trace came in, where it left, and its extremes, in 1/32767.
///
/// Peak-detect (oscilloscope.md, Must): a column draws from its lowest to its highest, so that a spike is never lost by
/// zooming out.
struct TraceColumn: Sendable, Hashable {
    /// The column's number: its time divided by the duration of a column.
    var index: Int64
    var first: Int16
    var last: Int16
    var low: Int16
    var high: Int16
    /// Number of values that it holds.
    var count: UInt32 = 1
    /// Indicates whether a line comes to it from the column before: it came no later than such waves come.
    var isJoined = false

    /// A column with one value.
    init(_ index: Int64, _ value: Float) {
        self.index = index
        first = Self.scaled(value)
        last = first
        low = first
        high = first
    }

    /// Takes in one more value.
    mutating func add(_ value: Float) {
        last = Self.scaled(value)
        low = min(low, last)
        high = max(high, last)
        count += 1
    }

    static func scaled(_ value: Float) -> Int16 { Int16((max(-1, min(1, value)) * 32767).rounded()) }
    static func value(_ scaled: Int16) -> Double { Double(scaled) / 32767 }
}

/// The line that one origin draws in one lane.
struct Trace: Sendable {
    /// The lane's number.
    let lane: Int
    /// Origin that makes the witness independent.
    let origin: String
    /// Indicates whether it speaks of the virtual garden; such a line is dotted.
    let isVirtual: Bool
    /// The columns in which something was shown, in their order.
    var columns = Ring<TraceColumn>()
    /// Interval of its waves, as a running mean in nanoseconds; 0 before the second.
    private var interval = 0.0
    /// Interval that its waves state, in nanoseconds; 0 where they state none.
    private(set) var stated = 0.0
    private var lastShown = Int64.min

    /// No line goes over a longer silence, in nanoseconds, or over one that is so many times longer than the silences before. One of a slow
    /// sensor goes over as many of its intervals.
    static let longestGap = 1e10
    static let longestRatio = 5.0

    init(lane: Int, origin: String, isVirtual: Bool) {
        self.lane = lane
        self.origin = origin
        self.isVirtual = isVirtual
    }

    /// Takes note of the interval that a wave states, in milliseconds; 0 where it states none, which changes nothing.
    mutating func state(_ milliseconds: Double) {
        if milliseconds > 0 { stated = milliseconds * 1_000_000 }
    }

    /// Takes in a value that is shown.
    ///
    /// - Parameter duration: of a column, in nanoseconds.
    mutating func add(_ value: Float, at: Int64, duration: Int64) {
        let gap = lastShown == .min ? 0 : Double(at - lastShown)
        let newest = columns.end - 1
        if newest >= columns.first, columns[newest].index >= at / duration {
            columns[newest].add(value)
        } else {
            var column = TraceColumn(at / duration, value)
            column.isJoined =
                lastShown != .min
                && gap
                    <= min(
                        max(Self.longestGap, stated * Self.longestRatio), interval * Self.longestRatio)
            columns.append(column)
        }
        if lastShown != .min { interval = interval == 0 ? gap : interval + (gap - interval) / 8 }
        lastShown = at
    }

    /// Forgets what was shown.
    mutating func removeAll() {
        columns.removeAll()
        interval = 0
        lastShown = .min
    }

    /// Lets the oldest value go; its column goes with the last one that it holds.
    mutating func forgetOldest() {
        guard !columns.isEmpty else { return }
        if columns[columns.first].count > 1 { columns[columns.first].count -= 1 } else { columns.removeFirst() }
    }
}

/// A line of the scope: a region with the traces of its witnesses, or an organ or mind with what it was asked.
struct Lane: Sendable {
    /// The region, organ or mind.
    let name: String
    /// Its world.
    let domain: SubjectDomain
    /// Time of its first message.
    let since: Int64
    /// The numbers of its traces.
    var traces: [Int] = []
    /// Number of its entries that are shown.
    var shown = 0
    /// Number of waves in the buffer that deny; while there are any, the lane goes from -1 to 1.
    var denials = 0
    /// Time of the first of them.
    var deniedSince = Int64.max
    /// Events besides waves.
    var marks = Ring<Mark>()
    /// Requests to it, and their answers.
    var exchanges = Ring<Exchange>()
    /// Waves a second.
    var rate = RateMeter()
}

/// Something in a lane that is not a wave.
struct Mark: Sendable {
    /// Time of arrival.
    let at: Int64
    /// The entry's number.
    let number: Int
    let kind: EntryKind
    let flags: EntryFlags
    let value: Float
}

/// Recent rate: counts of quarters of a second.
struct RateMeter: Sendable {
    private static let slot: Int64 = 250_000_000
    private static let slots = 16
    private var counts = [UInt32](repeating: 0, count: slots)
    private var current = Int64.min

    /// Counts one.
    mutating func count(_ at: Int64) {
        turn(to: at / Self.slot)
        counts[Int(current.magnitude % UInt64(Self.slots))] += 1
    }

    private mutating func turn(to slot: Int64) {
        guard slot > current else { return }
        let missed = current == .min ? Self.slots : Int(min(Int64(Self.slots), slot - current))
        for step in 0..<missed { counts[Int((slot - Int64(step)).magnitude % UInt64(Self.slots))] = 0 }
        current = slot
    }

    /// Returns the rate a second, over the last three seconds that are complete.
    func perSecond(at now: Int64) -> Double {
        guard current != .min else { return 0 }
        let newest = now / Self.slot
        var sum = 0
        for step in 1...12 {
            let slot = newest - Int64(step)
            guard slot <= current, slot > current - Int64(Self.slots) else { continue }
            sum += Int(counts[Int(slot.magnitude % UInt64(Self.slots))])
        }
        return Double(sum) / 3
    }
}
