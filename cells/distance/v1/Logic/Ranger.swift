import NimmerWave

/// Judgement of a stream of ranges: how near, how noisy, how sure.
///
/// A value: time comes with each reading, and nothing else is kept than the last readings.
public struct Ranger: Sendable {
    /// Settings of a sensor: what it can measure, and what is near.
    public struct Settings: Sendable, Hashable {
        /// Metres for one unit of the source: 1, or 0.01 for centimetres.
        public var scale: Double
        /// Maximum range of the sensor, in metres; a range beyond it is refused.
        public var maximum: Double
        /// At or below it the closeness is 1, in metres.
        public var near: Double
        /// At or above it the closeness is 0, in metres.
        public var far: Double
        /// Noise, in metres, that halves the confidence.
        public var noise: Double
        /// A pause, in milliseconds, after which the earlier readings are dropped.
        public var forgetting: Double

        /// Settings in metres and milliseconds: 0 ≤ near < far ≤ maximum, the others above 0.
        public init(
            scale: Double = 1, maximum: Double = 5, near: Double = 0.3, far: Double = 1.5, noise: Double = 0.1,
            forgetting: Double = 1000
        ) throws(Refusal) {
            guard 0 <= near, near < far, far <= maximum, maximum.isFinite else {
                throw Refusal(
                    .value, field: "near_m", "expected 0 <= near_m < far_m <= maximum_m, in metres",
                    found: "near_m \(near), far_m \(far), maximum_m \(maximum)")
            }
            for (name, value) in [("unit", scale), ("noise_m", noise), ("forget_ms", forgetting)]
            where !(value > 0 && value.isFinite) {
                throw Refusal(.value, field: name, "\(name) must be above 0", found: "\(value)")
            }
            (self.scale, self.maximum, self.near, self.far) = (scale, maximum, near, far)
            (self.noise, self.forgetting) = (noise, forgetting)
        }
    }

    /// Reason why a reading was refused.
    public enum Fault: String, Sendable, CaseIterable {
        /// It is not a number.
        case notANumber = "not_a_number"
        /// It is below zero.
        case negative
        /// It is more than the sensor can measure.
        case beyondMaximum = "beyond_maximum"
    }

    /// Judgement of a valid reading. Positive infinity is one: nothing is in range.
    public struct Judgement: Sendable, Hashable {
        /// Confidence that something is near, 0…1: closeness × steadiness × experience.
        public var confidence: Double
        /// The median of the last three readings, in metres; infinite when nothing is in range.
        public var distance: Double
        /// 0 at `far`, 1 at `near`.
        public var closeness: Double
        /// 1 without noise, ½ at the noise of the settings.
        public var steadiness: Double
        /// The noise of the last readings, in metres; motion at a constant speed is not noise.
        public var noise: Double

        /// The wave's content.
        public func content(sector: String) -> JSON {
            func short(_ value: Double) -> JSON { .number((value * 1000).rounded() / 1000) }
            var content: JSONObject = ["sector": .string(sector)]
            if distance.isFinite { content["distance_m"] = short(distance) } else { content["clear"] = .bool(true) }
            content["closeness"] = short(closeness)
            content["steadiness"] = short(steadiness)
            content["noise_m"] = short(noise)
            return .object(content)
        }
    }

    /// Number of refused readings, by fault.
    public private(set) var refused: [Fault: Int] = [:]
    private let settings: Settings
    private var recent: [Double] = []
    private var valid: [Bool] = []
    private var last: Timestamp?
    private let depth = 8

    /// A ranger that has seen nothing.
    public init(settings: Settings) { self.settings = settings }

    /// Takes a reading in the unit of the source.
    ///
    /// - Parameters:
    ///   - raw: the range; positive infinity where nothing is in range, NaN for what is not a number.
    ///   - at: when it was measured.
    /// - Returns: what it means, or why it was refused (and counted in ``refused``).
    public mutating func read(_ raw: Double, at: Timestamp) -> Result<Judgement, Refused> {
        if let last, at.milliseconds(since: last) > settings.forgetting {
            recent.removeAll(keepingCapacity: true)
            valid.removeAll(keepingCapacity: true)
        }
        last = at
        let metres = raw * settings.scale
        let fault: Fault? =
            if raw == .infinity {
                nil
            } else if !raw.isFinite {
                .notANumber
            } else {
                raw < 0 ? .negative : metres > settings.maximum ? .beyondMaximum : nil
            }
        Self.push(fault == nil, to: &valid, depth)
        if let fault {
            refused[fault, default: 0] += 1
            return .failure(Refused(fault: fault, raw: raw, maximum: settings.maximum / settings.scale))
        }
        Self.push(metres, to: &recent, depth)
        return .success(judgement())
    }

    /// A refused reading.
    public struct Refused: Error, Sendable, Hashable, CustomStringConvertible {
        /// Fault.
        public var fault: Fault
        /// Reading, in the unit of the source.
        public var raw: Double
        /// Maximum range of the sensor, in the unit of the source.
        public var maximum: Double

        /// A one-line description.
        public var description: String { "a range must be a number between 0 and \(maximum); found \(raw)" }
    }

    private func judgement() -> Judgement {
        let distance = recent.suffix(3).sorted()[min(recent.count, 3) / 2]
        let closeness = max(0, min(1, (settings.far - distance) / (settings.far - settings.near)))
        let noise = Self.noise(recent)
        let relative = noise / settings.noise
        let steadiness = 1 / (1 + relative * relative)
        let experience = min(1, Double(recent.count) / 3) * Double(valid.count { $0 }) / Double(valid.count)
        return Judgement(
            confidence: closeness * steadiness * experience, distance: distance, closeness: closeness,
            steadiness: steadiness, noise: noise)
    }

    /// The standard deviation from second differences, in which motion at a constant speed vanishes (each is the sum of
    /// three readings with weights 1, -2, 1: six times the variance). The largest is left out: an obstacle that appears
    /// is a step and no noise; so is one that leaves the range, which takes part in none.
    private static func noise(_ values: [Double]) -> Double {
        var squares = values.indices.dropFirst(2).compactMap { index -> Double? in
            let second = values[index] - 2 * values[index - 1] + values[index - 2]
            return second.isFinite ? second * second : nil
        }
        guard squares.count >= 2 else { return 0 }
        squares.sort()
        squares.removeLast()
        return (squares.reduce(0, +) / Double(squares.count) / 6).squareRoot()
    }

    private static func push<Element>(_ element: Element, to list: inout [Element], _ depth: Int) {
        if list.count == depth { list.removeFirst() }
        list.append(element)
    }
}
