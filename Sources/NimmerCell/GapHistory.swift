import NimmerWave

/// History of the pauses between a cell's readings, and the silence that is longer than any of them (sensing.md, Stale).
///
/// A histogram of pauses by their length, each weighted with its time, so that a burst of a hundred readings counts as little as it lasts.
/// A value of fixed size; a reading costs a few additions.
struct GapHistory: Sendable {
    /// The shortest silence that counts, in milliseconds.
    static let shortest = 5_000.0
    /// Silence that counts while too little is known of an input, in milliseconds: six hours.
    static let unknown = 21_600_000.0
    /// Longest silence that an irregular input is allowed only because it is irregular, in milliseconds: an hour.
    private static let irregularSilence = 3_600_000.0
    /// Ratio of a long pause to the middle one above which an input is irregular.
    private static let irregular = 2.5
    /// Pauses and milliseconds after which the earlier ones count half.
    private static let generation = (pauses: 512, milliseconds: 86_400_000.0)
    /// Upper limit of the first class, in milliseconds; each doubling has four classes.
    private static let finest = 128.0
    private static let classes = 120

    /// Milliseconds in pauses of each class.
    private var times = InlineArray<120, Double>(repeating: 0)
    /// Sums of the pauses, and of their squares.
    private var sum = 0.0
    private var squares = 0.0
    private var pauses = 0
    private var elapsed = 0.0
    private var longest = 0.0
    /// The last two silences, in milliseconds.
    private var silences = (0.0, 0.0)

    /// Silence, in milliseconds, after which the input counts as stopped, unless its interval is longer than a fifth of that.
    private(set) var limit = unknown

    /// Takes the pause before a reading.
    ///
    /// - Parameters:
    ///   - milliseconds: how long it was.
    ///   - isSilence: whether the input counted as stopped: an outage is not how it usually is. Two in a row are: no shorter silence
    ///     counts from then on.
    mutating func take(_ milliseconds: Double, isSilence: Bool) {
        guard milliseconds > 0 else { return }
        guard !isSilence else {
            silences = (silences.1, milliseconds)
            return limit = allowed
        }
        times[Self.number(of: milliseconds)] += milliseconds
        sum += milliseconds
        squares += milliseconds * milliseconds
        longest = max(longest, milliseconds)
        pauses += 1
        elapsed += milliseconds
        if pauses >= Self.generation.pauses, elapsed >= Self.generation.milliseconds { age() }
        if pauses < 64 || pauses % 64 == 0 { limit = allowed }
    }

    private mutating func age() {
        for number in 0..<Self.classes { times[number] /= 2 }
        (sum, squares, pauses, elapsed) = (sum / 2, squares / 2, 0, 0)
        silences = (0.9 * silences.0, 0.9 * silences.1)
    }

    private var allowed: Double { max(weighed(), 1.5 * min(silences.0, silences.1)) }

    private func weighed() -> Double {
        guard squares > 0 else { return Self.unknown }
        // Pauses of one length that would show as much.
        let evidence = sum * sum / squares
        let (middle, long) = (pause(of: 0.5), pause(of: 0.95))
        let ratio = long / middle
        guard sum >= Self.shortest, evidence >= (ratio > Self.irregular ? 16 : 5) else {
            return max(Self.unknown, 10 * longest)
        }
        guard ratio > Self.irregular else { return max(Self.shortest, 5 * long * ratio * (1 + 20 / evidence)) }
        return max(Self.shortest, 5 * long, min(Self.irregularSilence, 100 * long))
    }

    /// Length of pause in which, and in shorter ones, a part of the time was spent, in milliseconds.
    private func pause(of part: Double) -> Double {
        var left = part * sum
        for number in 0..<Self.classes {
            left -= times[number]
            if left <= 0 { return Self.middle(of: number) }
        }
        return longest
    }

    private static func number(of milliseconds: Double) -> Int {
        let bits = (milliseconds / finest).bitPattern
        guard milliseconds >= finest else { return 0 }
        let quarters = Int(bits >> 50) - (1023 << 2)
        return min(classes - 1, quarters + 1)
    }

    /// Middle of a class, in milliseconds.
    private static func middle(of number: Int) -> Double {
        guard number > 0 else { return finest / 2 }
        let (octave, quarter) = (number - 1).quotientAndRemainder(dividingBy: 4)
        return finest * Double(1 << octave) * (1 + (Double(quarter) + 0.5) / 4)
    }
}
