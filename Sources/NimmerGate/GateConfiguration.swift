import NimmerWave

/// Configuration of a gate (gates.md, Configuration). The defaults are the normative ones.
public struct GateConfiguration: Hashable, Sendable {
    /// Time for which a wave can be a witness, in milliseconds. Setting it fixes it; else it follows the members' intervals, and this is the
    /// least that it is.
    public var windowMilliseconds = 1500.0 { didSet { windowIsFixed = true } }
    /// The time in which the potential halves in silence, in milliseconds. Setting it fixes it; else it follows the members' intervals,
    /// and this is the least that it is.
    public var halfLifeMilliseconds = 2000.0 { didSet { halfLifeIsFixed = true } }
    /// STABLE → OPEN at or above; above 0, at most 1.
    public var openThreshold = 0.5
    /// STABLE → CLOSED at or below; below 0, at least -1.
    public var closeThreshold = -0.5
    /// Back to STABLE at this fraction of the threshold that was crossed; above 0, at most 1.
    public var releaseFraction = 0.5
    /// Trust of the gate where it is declared; where it is earned, that in an origin before its first outcome; 0…1.
    public var weight = 0.1
    /// Trust above which, where it is earned from which, one voice is enough; at least 0, at most 0.99.
    public var reflexWeight = 0.8
    /// Source of trust.
    public var trust = TrustSource.declared
    /// Number of outcomes that ``weight`` is worth; 0.25…1000.
    public var priorOutcomes = 1.0
    /// Number of confirmations that one failure cancels; 0.25…10.
    public var failedWeight = 1.0
    /// An origin is known by about its last so many outcomes; 2…1000.
    public var trustMemory = 8.0
    /// Time for which an unproven voice must last to be heard once, in milliseconds; 0: never; nil: half the window; of more than 100 windows,
    /// 100 count.
    public var hearingMilliseconds: Double?
    /// Number of asserting origins in the window that an opening needs, whatever they earned; at least 1.
    public var quorum = 1
    /// Waves below this confidence are seen and traced, but do not resonate; 0…1.
    public var floor = 0.2
    /// Bound on remembered witnesses; at least 1.
    public var maximumOrigins = 64

    /// Indicates whether the window is what was set, whatever members state.
    public private(set) var windowIsFixed = false
    /// Indicates whether the half-life is what was set, whatever members state.
    public private(set) var halfLifeIsFixed = false

    /// The normative defaults.
    public init() {}

    /// The slowest interval that counts, in milliseconds: 31 days (gates.md, Window and half-life).
    public static let slowestInterval = 2_678_400_000.0

    /// Indicates whether window or half-life follow the intervals that members state.
    public var followsInterval: Bool { !(windowIsFixed && halfLifeIsFixed) }

    /// The window while the slowest member senses at an interval: 30 of it, where it is not fixed; in milliseconds.
    ///
    /// - Parameter interval: in milliseconds; 0 where none is known.
    public func window(of interval: Double) -> Double {
        windowIsFixed ? windowMilliseconds : max(windowMilliseconds, 30 * min(interval, Self.slowestInterval))
    }

    /// The half-life while the slowest member senses at an interval: 15 of it, where it is not fixed; in milliseconds.
    ///
    /// - Parameter interval: in milliseconds; 0 where none is known.
    public func halfLife(of interval: Double) -> Double {
        halfLifeIsFixed ? halfLifeMilliseconds : max(halfLifeMilliseconds, 15 * min(interval, Self.slowestInterval))
    }

    /// Indicates whether, under earned trust, an origin that nothing is known of could open the gate alone without being declared a reflex
    /// (trust.md, Limits around it).
    public var opensUntried: Bool {
        weight <= reflexWeight && (reflexWeight == 0 || weight / reflexWeight >= openThreshold)
    }

    /// Records of origins that a gate holds at most (trust.md, State).
    package var maximumRecords: Int { min(4 * maximumOrigins, OriginTrust.maximumRecords) }

    /// Ranges of the settings, for messages and the reference.
    public static let ranges: [(key: String, range: String)] = [
        ("window_ms", "above 0"), ("half_life_ms", "above 0"), ("open_threshold", "above 0, at most 1"),
        ("close_threshold", "at least -1, below 0"), ("release_fraction", "above 0, at most 1"), ("weight", "0 to 1"),
        ("reflex_weight", "0 to 0.99"), ("floor", "0 to 1"), ("max_origins", "1 to 4096"),
        ("prior_outcomes", "0.25 to 1000"), ("failed_weight", "0.25 to 10"), ("trust_memory", "2 to 1000"),
        ("hearing_ms", "0 to 100 windows"), ("quorum", "1 to 64"),
    ]

    /// Windows that an unproven voice must last at most (trust.md, Configuration).
    package static let maximumHearingWindows = 100.0

    /// Indicates whether the time to a hearing is more than the window allows; a window that follows its members bounds it as it is.
    package var hearingIsTooLong: Bool {
        guard let hearingMilliseconds, windowIsFixed else { return false }
        return hearingMilliseconds > windowMilliseconds * Self.maximumHearingWindows
    }

    /// Sets one of the settings by its name in gates.md.
    ///
    /// - Throws: a ``GateError`` when the name is unknown or the value is outside its range.
    public mutating func set(_ key: String, _ value: Double) throws(GateError) {
        let fits =
            switch key {
            case "window_ms", "half_life_ms": value > 0 && value <= 1e12
            case "open_threshold": value > 0 && value <= 1
            case "close_threshold": value >= -1 && value < 0
            case "release_fraction": value > 0 && value <= 1
            case "weight", "floor": value >= 0 && value <= 1
            case "reflex_weight": value >= 0 && value <= 0.99
            case "max_origins": value >= 1 && value <= 4096 && value == value.rounded()
            case "prior_outcomes": value >= 0.25 && value <= 1000
            case "failed_weight": value >= 0.25 && value <= 10
            case "trust_memory": value >= 2 && value <= 1000
            case "hearing_ms": value >= 0 && value <= 1e14
            case "quorum": value >= 1 && value <= 64 && value == value.rounded()
            default:
                throw GateError(
                    key: key,
                    message: "\(key) is no setting of a gate; expected one of "
                        + Self.ranges.map(\.key).joined(separator: ", "))
            }
        guard fits else {
            let range = Self.ranges.first { $0.key == key }?.range ?? ""
            throw GateError(key: key, message: "\(key) must be \(range); found \(value)")
        }
        switch key {
        case "window_ms": windowMilliseconds = value
        case "half_life_ms": halfLifeMilliseconds = value
        case "open_threshold": openThreshold = value
        case "close_threshold": closeThreshold = value
        case "release_fraction": releaseFraction = value
        case "weight": weight = value
        case "reflex_weight": reflexWeight = value
        case "floor": floor = value
        case "prior_outcomes": priorOutcomes = value
        case "failed_weight": failedWeight = value
        case "trust_memory": trustMemory = value
        case "hearing_ms": hearingMilliseconds = value
        case "quorum": quorum = Int(saturating: value)
        default: maximumOrigins = Int(saturating: value)
        }
    }
}

/// A setting or a case that no gate can have.
public struct GateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The setting or the field at fault.
    public let key: String
    /// Description of what was expected and what was found.
    public let message: String

    /// An error about a setting or a field.
    public init(key: String, message: String) {
        self.key = key
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
