import func Glibc.exp
import NimmerWave

/// Loudness of one vital: the louder of "unusual for this machine" and "a pressure on any machine".
public struct Pressure: Sendable {
    private let levels: Levels
    private let smoothing: Double
    private var average: Double?
    private var last: Timestamp?

    /// A judge of one vital.
    ///
    /// - Parameters:
    ///   - levels: from where on a value matters.
    ///   - smoothing: the time constant of the average that is judged, in seconds; 0 judges each value by itself.
    public init(levels: Levels, smoothing: Double) {
        self.levels = levels
        self.smoothing = smoothing
    }

    /// Judgement of the pressure.
    public struct Judgement: Sendable, Hashable {
        /// Confidence that something is the matter, 0…1.
        public var confidence: Double
        /// Reason: `quiet`, `unusual` or `pressure`.
        public var reason: Reason
        /// The value that was judged: the average over the smoothing time.
        public var average: Double
    }

    /// Reason why a vital is loud.
    public enum Reason: String, Sendable {
        /// Nothing is the matter.
        case quiet
        /// It is not what this machine usually shows.
        case unusual
        /// It is too much on any machine.
        case pressure
    }

    /// Judges a value.
    ///
    /// - Parameters:
    ///   - value: the reading, in the vital's unit.
    ///   - at: when it was taken.
    ///   - surprise: how sure a detector of the unusual is, 0…1; counts in full from the warning level on and not at all
    ///     below the notice level, so that a brief load on an idle machine raises no alarm.
    public mutating func judge(_ value: Double, at: Timestamp, surprise: Double) -> Judgement {
        let average = averaged(value, at)
        let pressure = 0.9 * Self.share(of: average, from: levels.warning, to: levels.critical)
        let unusual = surprise * min(1, Self.share(of: average, from: levels.notice, to: levels.warning))
        let confidence = min(1, max(pressure, unusual))
        let reason: Reason = confidence <= 0 ? .quiet : pressure >= unusual ? .pressure : .unusual
        return Judgement(confidence: confidence, reason: reason, average: average)
    }

    private mutating func averaged(_ value: Double, _ at: Timestamp) -> Double {
        defer { last = at }
        guard smoothing > 0, let before = average, let last else {
            average = value
            return value
        }
        let weight = 1 - exp(-max(0, at.milliseconds(since: last)) / (smoothing * 1000))
        let after = before + weight * (value - before)
        average = after
        return after
    }

    private static func share(of value: Double, from low: Double, to high: Double) -> Double {
        if value <= low { return 0 }
        return high > low ? (value - low) / (high - low) : 1
    }
}
