import NimmerWave

/// Values of a source that stand for no reading: what a device publishes where it has none, such as 0 for no echo, 65535, or 85 °C.
///
/// Each of them is seen once: ``take(_:)`` marks a new one, so that a cell logs it once.
public struct Sentinels: Sendable, Hashable {
    /// A value that is no reading.
    public struct Match: Sendable, Hashable, CustomStringConvertible {
        /// The value as it came.
        public var value: Double
        /// Reason why it is no reading, with the setting's name: `which the setting ignore lists`.
        public var reason: String
        /// Indicates whether it is the first of its kind.
        public var isNew: Bool

        /// A one-line description.
        public var description: String { "\(JSON.number(value).text), \(reason)" }
    }

    private enum Kind: Hashable {
        case below
        case above
        case listed(Double)
    }

    private let minimum: Double?
    private let maximum: Double?
    private let listed: [Double]
    private var known: Set<Kind> = []

    /// Values that are no readings, from a cell's settings, in the unit of the source.
    ///
    /// - Parameters:
    ///   - minimum: a value below it is no reading; nil: no bound.
    ///   - maximum: a value above it is no reading; nil: no bound.
    ///   - ignore: single values that are no readings, as texts.
    /// - Throws: a `Refusal` that names the setting, what was found and what was expected.
    public init(minimum: Double?, maximum: Double?, ignore: [String]) throws(Refusal) {
        if let minimum, let maximum, minimum > maximum {
            throw Refusal(
                .value, field: "minimum", "minimum must not be above maximum",
                found: "minimum \(JSON.number(minimum).text), maximum \(JSON.number(maximum).text)")
        }
        var listed: [Double] = []
        for text in ignore {
            guard let number = Double(text), number.isFinite else {
                throw Refusal(
                    .value, field: "ignore", "ignore must be a list of finite numbers such as [0, 65535]",
                    found: "'\(text)'")
            }
            listed.append(number)
        }
        (self.minimum, self.maximum, self.listed) = (minimum, maximum, listed)
    }

    /// The match of a value that stands for no reading; nil for a reading. What is not finite is never one.
    public mutating func take(_ number: Double) -> Match? {
        guard number.isFinite else { return nil }
        let kind: Kind
        let reason: String
        if listed.contains(number) {
            (kind, reason) = (.listed(number), "which the setting ignore lists")
        } else if let minimum, number < minimum {
            (kind, reason) = (.below, "below the minimum of \(JSON.number(minimum).text)")
        } else if let maximum, number > maximum {
            (kind, reason) = (.above, "above the maximum of \(JSON.number(maximum).text)")
        } else {
            return nil
        }
        return Match(value: number, reason: reason, isNew: known.insert(kind).inserted)
    }
}
